"""What workspaces have to say when a person signs up, leaves the studio for good, or asks what is kept about them."""

import re
from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db.models import Q
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.signals import (
    account_changed,
    account_deleting,
    account_deletion_asked,
    personal_data_asked,
    sign_up_asked,
    sign_up_made,
)
from apps.core.errors import UserError
from apps.core.joined_names import listed
from apps.workspaces import audit
from apps.workspaces.audit.append_only import FORGOTTEN
from apps.workspaces.models import ApiKey, AuditEntry, Invitation, InWorkspace, Membership, Role, Workspace
from apps.workspaces.team.invitations import keep_for, live_invitation, may_make_account
from apps.workspaces.team.lifecycle import delete_workspace
from apps.workspaces.team.members import last_ownerships
from apps.workspaces.usage import lock_workspace

_IN_ADDRESS = r"\w.!#$%&'*+/=?^`{|}~-"
"""What the part of an e-mail address before the @ consists of (RFC 5322, atext and dots)."""


@receiver(account_changed)
def record_account(
    user: User, actor: User | None, action: str, changes: dict[str, Any], **_kwargs: Any
) -> None:
    audit.record(actor, action, user, **changes)


@receiver(sign_up_asked)
def invited_address(request: HttpRequest, **_kwargs: Any) -> str | None:
    invitation = live_invitation(request)
    return invitation.email if invitation and may_make_account(invitation) else None


@receiver(sign_up_made)
def keep_invitation(request: HttpRequest, email: str, **_kwargs: Any) -> bool:
    return keep_for(request, email)


def _open_workspaces(user: User) -> Any:
    return Workspace.objects.filter(memberships__user=user, deleted_at=None)


@receiver(account_deletion_asked)
def refuse_the_last_owner(user: User, by: User | None = None, **_kwargs: Any) -> None:
    """Raises UserError while other members would be left behind in a workspace without an owner."""
    # Of two owners who go at the same moment the second one waits here, and then is the last.
    for pk in _open_workspaces(user).order_by("pk").values_list("pk", flat=True):
        lock_workspace(pk)
    names = [membership.workspace.name for membership in last_ownerships([user])]
    if names and by is not None and by != user:
        message = _(
            "%(email)s is the last owner of %(names)s. Make another member an owner there, or delete the workspace. Then delete the account."
        )
        raise UserError(message % {"email": user.email, "names": listed(names)}, code="last_owner")
    if names:
        message = _(
            "You are the last owner of %(names)s. Make another member an owner there, or delete the workspace. Then delete your account."
        )
        raise UserError(message % {"names": listed(names)}, code="last_owner")


@receiver(account_deleting)
def close_what_was_theirs(user: User, **_kwargs: Any) -> None:
    """Workspaces without other members are deleted (with the days of grace that every workspace has), keys revoked."""
    for workspace in _open_workspaces(user).filter(memberships__user=user, memberships__role=Role.OWNER):
        if not workspace.memberships.exclude(user=user).exists():
            delete_workspace(actor=user, workspace=workspace, typed_name=workspace.name)
    for key in ApiKey.objects.filter(created_by=user, revoked_at=None):
        key.revoked_at = timezone.now()
        key.save(update_fields=["revoked_at"])
        audit.record(user, "api_key.revoked", key)
    _forget_the_address(user)


def _forget_the_address(user: User) -> None:
    """The only change that audit rows see: the person's name and all addresses that they had are removed.

    Invitations that were sent to them are closed, and lose the address too.
    """
    about = AuditEntry.objects.filter(object_type="user", object_id=str(user.pk))
    sent = Invitation.objects.filter(Q(accepted_by=user) | Q(email__iexact=user.email))
    Invitation.objects.open().filter(pk__in=sent).update(revoked_at=timezone.now())
    sent.update(email="")
    for address in {user.email, *about.values_list("object_label", flat=True)} - {""}:
        # Whole addresses alone: ann@example.com does not stand in joann@example.com.
        whole = re.compile(rf"(?<![{_IN_ADDRESS}]){re.escape(address)}(?![\w-]|\.\w)")
        for entry in AuditEntry.objects.filter(object_label__contains=address):
            label = whole.sub(FORGOTTEN, entry.object_label)
            if label != entry.object_label:
                AuditEntry.objects.filter(pk=entry.pk).update(object_label=label)
    AuditEntry.objects.filter(actor=user).update(address="")


@receiver(personal_data_asked)
def personal_data(user: User, **_kwargs: Any) -> dict[str, Iterator[dict[str, Any]]]:
    return {
        "memberships": _memberships(user),
        "invitations": _invitations(user),
        "made": _made(user),
        "audit": _acts(user),
    }


def _invitations(user: User) -> Iterator[dict[str, Any]]:
    """Those that were sent to them; who sent them is another person's data."""
    sent = Invitation.objects.filter(Q(accepted_by=user) | Q(email__iexact=user.email))
    for invitation in sent.select_related("workspace"):
        yield {
            "workspace": invitation.workspace_id,
            "name": invitation.workspace.name if invitation.workspace else "",
            "role": invitation.role,
            "sent_at": invitation.created_at,
            "accepted_at": invitation.accepted_at,
        }


def _memberships(user: User) -> Iterator[dict[str, Any]]:
    for membership in Membership.objects.filter(user=user).select_related("workspace"):
        yield {
            "workspace": membership.workspace_id,
            "name": membership.workspace.name,
            "role": membership.role,
            "since": membership.created_at,
        }


def _made(user: User) -> Iterator[dict[str, Any]]:
    """Everything they made in the workspaces that they are in."""
    theirs = Workspace.objects.filter(memberships__user=user)
    for model in apps.get_models():
        if issubclass(model, InWorkspace):
            for row in model._default_manager.filter(created_by=user, workspace__in=theirs).iterator():
                yield {
                    "kind": model._meta.model_name,
                    "id": row.pk,
                    "name": str(row),
                    "workspace": row.workspace_id,
                    "created_at": row.created_at,
                }


def _acts(user: User) -> Iterator[dict[str, Any]]:
    """What the trail says that they did, with the addresses that they did it from: to their account, and in the
    workspaces that they are in. And what became of their account by others, who are another person's data."""
    theirs = set(Membership.objects.filter(user=user).values_list("workspace_id", flat=True))
    account = Q(object_type="user", object_id=str(user.pk))
    for entry in AuditEntry.objects.filter(Q(actor=user) | account).order_by("at").iterator():
        is_own = entry.actor_id == user.pk
        if entry.workspace_id is None or entry.workspace_id in theirs:
            yield {
                "at": entry.at,
                "action": entry.action,
                "object_type": entry.object_type,
                "object_id": entry.object_id,
                "object": entry.object_label,
                "workspace": entry.workspace_id,
                "changes": entry.changes,
                "by": "you" if is_own else "another person",
                "address": entry.address if is_own else "",
            }
