"""The audit trail. Entries name what changed, never content or secrets."""

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import models

from apps.accounts.models import User
from apps.workspaces.models import AuditEntry, Workspace


def record(
    actor: User | AnonymousUser | None,
    action: str,
    target: models.Model,
    *,
    workspace: Workspace | None = None,
    **changes: Any,
) -> None:
    """Add an entry; `action` is `kind.verb_in_past_tense`, for instance `dataset.renamed`."""
    AuditEntry.objects.create(
        workspace=workspace or getattr(target, "workspace", None),
        actor=actor if actor is not None and actor.is_authenticated else None,
        action=action,
        object_type=target._meta.model_name or "",
        object_id=str(target.pk),
        object_label=str(target)[:200],
        changes=changes,
    )
