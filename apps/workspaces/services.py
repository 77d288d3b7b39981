"""Making workspaces, members and keys, and the numbers of what is in a workspace."""

import hashlib
import secrets
from datetime import timedelta
from functools import partial

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.core.errors import UserError
from apps.workspaces import access, audit, members, usage
from apps.workspaces.access import Action
from apps.workspaces.models import ApiKey, Counter, InWorkspace, Membership, Role, UsageKind, Workspace
from apps.workspaces.signals import api_key_revoked

KEY_PREFIX = "mq-"
DAYS, MOST_DAYS = 90, 3650
"""How long a key is live unless its maker says otherwise, and at most; None is for good."""


@transaction.atomic
def create_workspace(*, actor: User, name: str) -> Workspace:
    """Raises PermissionDenied where only administrators make workspaces."""
    access.require_creation(actor)
    workspace = Workspace.objects.create(name=name.strip() or _("My workspace"))
    Membership.objects.create(workspace=workspace, user=actor, role=Role.OWNER)
    audit.record(actor, "workspace.created", workspace, workspace=workspace)
    return workspace


@transaction.atomic
def add_member(*, actor: User, workspace: Workspace, user: User, role: str) -> Membership:
    """Raises PermissionDenied below admin and for a role, given or replaced, above one's own; OverQuota when full.

    For a member the role is changed instead, as by `members.set_role`.
    """
    access.require_roles(actor, workspace, role)
    usage.lock_workspace(workspace.pk)
    known = Membership.objects.filter(workspace=workspace, user=user).first()
    if known is not None:
        members.set_role(actor=actor, membership=known, role=role)
        return Membership.objects.get(pk=known.pk)
    usage.require_one_more(workspace, UsageKind.MEMBERS)
    membership = Membership.objects.create(workspace=workspace, user=user, role=role)
    audit.record(actor, "membership.set", membership, role=role)
    return membership


def next_number(workspace: Workspace, kind: str) -> int:
    """The next small number for `kind`; call inside the transaction that uses it, so that none is lost or given twice."""
    Counter.objects.get_or_create(workspace=workspace, kind=kind)
    Counter.objects.filter(workspace=workspace, kind=kind).update(value=F("value") + 1)
    return Counter.objects.get(workspace=workspace, kind=kind).value


@transaction.atomic
def create_api_key(
    *,
    actor: User,
    workspace: Workspace,
    name: str,
    app: InWorkspace | None = None,
    can_write: bool = True,
    days: int | None = DAYS,
) -> tuple[ApiKey, str]:
    """Return the key's row and its secret, which is shown now and never again. It opens `app` alone, where one is
    given, and expires after `days`, if any.

    One that is made with a key ends no later than that key and is revoked with it. Raises UserError (fields name, days).
    """
    access.require(actor, workspace, Action.EDIT)
    if not name.strip():
        raise UserError(_("Give the key a name, so that you know later what uses it."), field="name")
    if days is not None and not 1 <= days <= MOST_DAYS:
        raise UserError(_("Choose between 1 and %(most)d days.") % {"most": MOST_DAYS}, field="days")
    ends = [timezone.now() + timedelta(days=days)] if days else []
    own_key: ApiKey | None = getattr(actor, "api_key", None)
    if own_key is not None and own_key.expires_at:
        ends.append(own_key.expires_at)
    secret = KEY_PREFIX + secrets.token_urlsafe(32)
    key = ApiKey.objects.create(
        workspace=workspace,
        created_by=actor,
        name=name.strip(),
        prefix=secret[:8],
        hash=hashlib.sha256(secret.encode()).hexdigest(),
        app_id=app.pk if app else None,
        can_write=can_write,
        made_with=own_key,
        expires_at=min(ends) if ends else None,
    )
    audit.record(actor, "api_key.created", key, app=str(app or ""), can_write=can_write, days=days)
    return key, secret


@transaction.atomic
def revoke_api_key(*, actor: User, key: ApiKey) -> list[ApiKey]:
    """Revoke a key and those that were made with it: a leaked key must not go on in keys of its own. Return the latter.

    The person who made a key may revoke it, regardless of their role; so may an admin.
    """
    access.require(actor, key.workspace, Action.VIEW if key.created_by_id == actor.pk else Action.MANAGE)
    made = list(key.made_keys.filter(revoked_at=None).select_for_update())
    for each in (key, *made):
        if ApiKey.objects.filter(pk=each.pk, revoked_at=None).update(revoked_at=timezone.now()):
            audit.record(actor, "api_key.revoked", each)
            transaction.on_commit(partial(api_key_revoked.send, sender=ApiKey, key=each))
    return made
