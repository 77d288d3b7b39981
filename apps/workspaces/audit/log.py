"""The audit trail. Entries name what changed, never content or secrets."""

import csv
import json
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.utils import timezone
from django.utils.translation import override

from apps.accounts.models import User
from apps.core.models import fitting
from apps.core.spreadsheets import inert
from apps.workspaces.audit.append_only import expire
from apps.workspaces.audit.origin import current_address
from apps.workspaces.models import AuditEntry, Workspace

_CHUNK = 500
COLUMNS = ("at", "actor", "action", "object_type", "object_id", "object", "address", "changes")


def record(
    actor: User | AnonymousUser | None,
    action: str,
    target: models.Model,
    *,
    workspace: Workspace | None = None,
    **changes: Any,
) -> None:
    """Add an entry; `action` is `kind.verb_in_past_tense`, for instance `dataset.renamed`.

    The address is that of the request that is being answered; an API key that it came with is named.
    """
    if key := getattr(actor, "api_key", None):
        changes["key"] = str(key)
    with override("en"):  # pages translate what is the studio's own (apps.workspaces.audit.words)
        label = fitting(AuditEntry, "object_label", str(getattr(target, "audit_label", target)))
    AuditEntry.objects.create(
        workspace=workspace or getattr(target, "workspace", None),
        actor=actor if actor is not None and actor.is_authenticated else None,
        action=action,
        object_type=target._meta.model_name or "",
        object_id=str(target.pk),
        object_label=label,
        changes=changes,
        address=current_address(),
    )


def expire_entries() -> int:
    """Remove entries older than AUDIT_DAYS (0: none); return how many."""
    if not settings.AUDIT_DAYS:
        return 0
    return expire(timezone.now() - timedelta(days=settings.AUDIT_DAYS))


def as_plain(entry: AuditEntry) -> dict[str, Any]:
    """One entry for an export, with the columns of COLUMNS."""
    return {
        "at": entry.at.isoformat(),
        "actor": entry.actor.email if entry.actor else "",
        "action": entry.action,
        "object_type": entry.object_type,
        "object_id": entry.object_id,
        "object": entry.object_label,
        "address": entry.address,
        "changes": entry.changes,
    }


def export(entries: "models.QuerySet[AuditEntry]", kind: str) -> Iterator[bytes]:
    """`entries`, newest first, as csv (with a header line) or jsonl; each piece is one query."""
    if kind == "csv":
        yield _line(COLUMNS).encode()
    line = _as_csv if kind == "csv" else _as_json
    rest = entries.select_related("actor").order_by("-pk")
    while page := list(rest[:_CHUNK]):
        yield "".join(line(as_plain(entry)) for entry in page).encode()
        rest = rest.filter(pk__lt=page[-1].pk)


def _as_json(plain: dict[str, Any]) -> str:
    return json.dumps(plain, ensure_ascii=False) + "\n"


def _as_csv(plain: dict[str, Any]) -> str:
    """Cells that a spreadsheet would compute are kept from it by an apostrophe."""
    changes = json.dumps(plain.pop("changes"), ensure_ascii=False)
    return _line([*(inert(str(value)) for value in plain.values()), changes])


class _Echo:
    """What csv writes to: hands each line back."""

    def write(self, line: str) -> str:
        return line


def _line(cells: Iterable[str]) -> str:
    line: str = csv.writer(_Echo()).writerow(cells)
    return line
