"""The secrets of a workspace: set, replaced and removed by its admins, read by jobs alone."""

import re

from django.db import transaction
from django.dispatch import receiver
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.core.encryption import Unreadable, reseal, seal, secrets_rotating, unseal
from apps.core.errors import UserError
from apps.workspaces import access, audit
from apps.workspaces.access import Action
from apps.workspaces.models import Workspace, WorkspaceSecret

_PURPOSE = "workspace secrets"
_TOKEN = re.compile(r"[A-Za-z0-9_.-]{16,500}")
"""What a token is made of is written the same in JSON, logs and addresses, so that it is found and cut out of what a
child says; a shorter one might stand in there by chance, and its last characters would tell too much."""
_HINT = 4


@transaction.atomic
def set_secret(*, actor: User, workspace: Workspace, kind: str, value: str) -> WorkspaceSecret:
    """Raises UserError (field value) for what cannot be a token."""
    access.require(actor, workspace, Action.MANAGE)
    value = value.strip()
    if not _TOKEN.fullmatch(value):
        raise UserError(
            _("Paste the whole token as the Hub shows it: at least 16 letters and digits, without spaces."),
            field="value",
        )
    secret, is_new = WorkspaceSecret.objects.update_or_create(
        workspace=workspace,
        kind=WorkspaceSecret.Kind(kind),
        defaults={"value": seal(value, _PURPOSE), "hint": value[-_HINT:], "created_by": actor},
    )
    audit.record(actor, "secret.set" if is_new else "secret.replaced", secret, kind=secret.kind)
    return secret


@transaction.atomic
def remove_secret(*, actor: User, secret: WorkspaceSecret) -> None:
    access.require(actor, secret.workspace, Action.MANAGE)
    audit.record(actor, "secret.removed", secret, kind=secret.kind)
    secret.delete()


def hub_token(workspace: Workspace) -> str:
    """For services that start a job that reads from the Hub; empty without one, or when no key opens it any more."""
    found = WorkspaceSecret.objects.filter(workspace=workspace, kind=WorkspaceSecret.Kind.HUB_TOKEN).first()
    if found is None:
        return ""
    try:
        return unseal(found.value, _PURPOSE)
    except Unreadable:
        return ""


@receiver(secrets_rotating)
def rotate(**_: object) -> int:
    """Raises Unreadable, naming the secret."""
    kept = list(WorkspaceSecret.objects.select_for_update())
    for secret in kept:
        try:
            secret.value = reseal(secret.value, _PURPOSE)
        except Unreadable as error:
            raise Unreadable(f"The {secret.kind} of workspace {secret.workspace_id}") from error
        secret.save(update_fields=["value"])
    return len(kept)
