"""Members of a workspace: their roles, leaving, and handing it over. There always is an owner.

Every write takes the lock of the workspace first, so that of two owners who leave at the same moment one stays.
"""

from collections.abc import Iterable

from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.core.errors import NotVisible, UserError
from apps.workspaces import access, audit, usage
from apps.workspaces.access import Action
from apps.workspaces.models import Membership, Role, UsageKind, Workspace
from apps.workspaces.signals import membership_narrowed
from apps.workspaces.usage import lock_workspace


@transaction.atomic
def add_member(*, actor: User, workspace: Workspace, user: User, role: str) -> Membership:
    """Raises PermissionDenied below admin and for a role, given or replaced, above one's own; OverQuota when full.

    For a member the role is changed instead, as by `set_role`.
    """
    access.require_roles(actor, workspace, role)
    usage.lock_workspace(workspace.pk)
    known = Membership.objects.filter(workspace=workspace, user=user).first()
    if known is not None:
        set_role(actor=actor, membership=known, role=role)
        return Membership.objects.get(pk=known.pk)
    usage.require_one_more(workspace, UsageKind.MEMBERS)
    membership = Membership.objects.create(workspace=workspace, user=user, role=role)
    audit.record(actor, "membership.set", membership, role=role)
    return membership


@transaction.atomic
def set_role(*, actor: User, membership: Membership, role: str) -> None:
    """Give a member another role. A member gives no role above their own, and changes no member above them.

    Raises PermissionDenied for those, UserError for an unknown role and for the last owner.
    """
    if role not in Role.values:
        raise UserError(_("Choose a role."), field="role")
    current = _locked(membership)
    access.require_roles(actor, current.workspace, role, current.role)
    if role == current.role:
        return
    _require_another_owner(current)
    before, current.role = current.role, role
    current.save(update_fields=["role"])
    audit.record(actor, "membership.changed", current, before=before, role=role)
    if list(Role).index(Role(role)) < list(Role).index(Role(before)):
        _tell(current)


@transaction.atomic
def remove_member(*, actor: User, membership: Membership) -> None:
    """Take a person out. Raises PermissionDenied for who stands above the actor, UserError for the last owner."""
    current = _locked(membership)
    access.require_roles(actor, current.workspace, current.role)
    _take_out(actor, current, "membership.removed")


@transaction.atomic
def remove_by_administrator(*, actor: User, membership: Membership) -> None:
    """As `remove_member`, for an administrator of the studio who is no member. Raises PermissionDenied for others."""
    if not actor.is_staff:
        raise PermissionDenied
    _take_out(actor, _locked(membership), "membership.removed")


@transaction.atomic
def leave(*, actor: User, workspace: Workspace) -> None:
    """Give up one's own membership. Raises UserError for the last owner."""
    access.require(actor, workspace, Action.VIEW)
    if getattr(actor, "api_key", None):
        raise PermissionDenied
    own = Membership.objects.filter(workspace=workspace, user=actor).first()
    if own is None:
        raise NotVisible
    _take_out(actor, _locked(own), "membership.left")


@transaction.atomic
def transfer_ownership(*, actor: User, membership: Membership) -> None:
    """Make another member an owner in the actor's place; the actor stays as an admin."""
    current = _locked(membership)
    access.require(actor, current.workspace, Action.OWN)
    if current.user_id == actor.pk:
        raise UserError(_("You already own this workspace. Choose another member."), field="member")
    if not current.user.is_active:
        raise UserError(_("This account is deactivated. Choose another member."), field="member")
    own = Membership.objects.get(workspace=current.workspace, user=actor)
    Membership.objects.filter(pk=current.pk).update(role=Role.OWNER)
    Membership.objects.filter(pk=own.pk).update(role=Role.ADMIN)
    audit.record(
        actor,
        "workspace.transferred",
        current.workspace,
        workspace=current.workspace,
        to=str(current.user_id),
    )
    _tell(own)


def is_last_owner(membership: Membership) -> bool:
    others = _acting_owners().filter(workspace=membership.workspace_id).exclude(pk=membership.pk)
    return membership.role == Role.OWNER and not others.exists()


def last_ownerships(users: Iterable[User]) -> models.QuerySet[Membership]:
    """Memberships of people who are the last owner, able to sign in, of a workspace that has other members."""
    same_workspace = {"workspace": models.OuterRef("workspace")}
    others = Membership.objects.filter(**same_workspace).exclude(pk=models.OuterRef("pk"))
    owners = _acting_owners().filter(**same_workspace).exclude(pk=models.OuterRef("pk"))
    own = Membership.objects.filter(user__in=list(users), role=Role.OWNER, workspace__deleted_at=None)
    left_behind = own.filter(models.Exists(others), ~models.Exists(owners))
    return left_behind.select_related("workspace").order_by("workspace__name")


def _acting_owners() -> models.QuerySet[Membership]:
    """Those who can sign in: a deactivated account cannot act as an owner."""
    return Membership.objects.filter(role=Role.OWNER, user__is_active=True)


def _locked(membership: Membership) -> Membership:
    """The membership as it is once everybody before us is done. Raises NotVisible when it is gone by then."""
    workspace = lock_workspace(membership.workspace_id)
    current = Membership.objects.select_related("user").filter(pk=membership.pk).first()
    if current is None:
        raise NotVisible
    current.workspace = workspace
    return current


def _require_another_owner(membership: Membership) -> None:
    if is_last_owner(membership):
        message = _(
            "A workspace needs an owner. Make another member an owner first, or delete the workspace."
        )
        raise UserError(message, code="last_owner")


def _take_out(actor: User, membership: Membership, action: str) -> None:
    _require_another_owner(membership)
    audit.record(actor, action, membership, role=membership.role)
    membership.delete()
    _tell(membership)


def _tell(membership: Membership) -> None:
    workspace, user = membership.workspace, membership.user
    transaction.on_commit(lambda: membership_narrowed.send(sender=Membership, workspace=workspace, user=user))
