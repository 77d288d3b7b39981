"""Invitations: a way into a workspace, or without one into the studio, for one person, once.

An invitation for an address can be accepted only by the owner of that address, verified; one without an address by
anyone with the link, until a person signs up with it: then it is for the address of that account. Its token is shown when it is made, and only a hash is kept, in the row and in the session.
"""

import hashlib
import secrets
from datetime import timedelta

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.core.mail import send_mail
from django.core.validators import validate_email
from django.db import transaction
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from apps.accounts.administration import may_administer
from apps.accounts.mail_language import language_of
from apps.accounts.models import User
from apps.core import mail
from apps.core.errors import NotVisible, UserError
from apps.core.rate_limits import Rate, take
from apps.workspaces import access, audit, usage
from apps.workspaces.models import Invitation, Membership, Role, UsageKind, Workspace

SESSION_KEY = "invitation"
MOST_DAYS = 90
MAILED = Rate(60, 3600)
"""Invitations by e-mail of one person: a class, and some that were mistyped."""


def find(token: str) -> Invitation:
    """The open invitation with this token. Raises NotVisible, regardless of the reason."""
    invitation = Invitation.objects.by_token(token)
    if invitation is None or not _is_backed(invitation):
        raise NotVisible
    return invitation


def remember(request: HttpRequest, invitation: Invitation) -> None:
    """Keep the invitation with the session, over signing up and signing in."""
    request.session[SESSION_KEY] = invitation.token_hash


def live_invitation(request: HttpRequest) -> Invitation | None:
    """The invitation that the session holds, while it is open: its holder may create an account.

    `email` of it is the address that the account must have, or empty when any will do.
    """
    held = request.session.get(SESSION_KEY)
    if not held:
        return None
    found = Invitation.objects.open().select_related("workspace", "created_by")
    invitation: Invitation | None = found.filter(token_hash=held).first()
    return invitation if invitation and _is_backed(invitation) else None


def keep_for(request: HttpRequest, email: str) -> bool:
    """Bind an invitation by link to the person who signs up with it: it takes `email` alone from then on.

    False when the session's invitation is for another person by now, or no longer open.
    """
    invitation = live_invitation(request)
    if invitation is None:
        return False
    # Of several sessions that hold the same link one is the first: the others wait for its row and find another address.
    # By columns of this row alone: what a join says, Postgres does not ask again after a wait.
    if Invitation.objects.filter(pk=invitation.pk, email="").update(email=email):
        invitation.email = email
        audit.record(None, "invitation.claimed", invitation)
    return Invitation.objects.open().filter(pk=invitation.pk, email__iexact=email).exists()


def _is_backed(invitation: Invitation) -> bool:
    """Whether the person who invited may still invite: their invitations end with that right."""
    inviter = invitation.created_by
    if inviter is None or not inviter.is_active:
        return False
    if invitation.workspace is None:
        return may_administer(inviter)
    return invitation.role in access.roles_to_give(inviter, invitation.workspace)


def may_make_account(invitation: Invitation) -> bool:
    """Whether a person without an account gets one by the invitation, by the setting SIGN_UP: where it is closed,
    administrators make the accounts, by inviting people too."""
    inviter = invitation.created_by
    return settings.SIGN_UP != "closed" or (inviter is not None and may_administer(inviter))


def address_of(token: str) -> str:
    """The full address that is given to the invited person."""
    return settings.SITE_URL + reverse("workspaces:join", args=[token])


@transaction.atomic
def create_invitation(
    *, actor: User, workspace: Workspace | None, role: str = Role.VIEWER, email: str = "", days: int = 7
) -> tuple[Invitation, str]:
    """Return the invitation and its token, which is shown now and never again.

    `days` is how long it is open; without a workspace it is one into the studio. Raises UserError (fields email, days), OverQuota when the workspace is full, and
    PermissionDenied for a role above one's own.
    """
    if workspace is None:
        _require_administrator(actor)
    else:
        access.require_roles(actor, workspace, role)
        usage.require_one_more(workspace, UsageKind.MEMBERS)
    email = _checked_address(workspace, email)
    if email and (wait := take(f"invitation:{actor.pk}", MAILED)):
        # Any person who signs up may create a workspace: without a limit we would mail its name to any address.
        message = _(
            "Too many invitations by e-mail in a short time. Wait a while, or share invitation links instead."
        )
        raise UserError(message, field="email", code="too_often", retry_after=wait)
    if not 1 <= days <= MOST_DAYS:
        raise UserError(_("Choose between 1 and %(most)d days.") % {"most": MOST_DAYS}, field="days")
    token = secrets.token_urlsafe(32)
    invitation = Invitation.objects.create(
        workspace=workspace,
        created_by=actor,
        email=email,
        role=Role(role).value,
        token_hash=hashlib.sha256(token.encode()).hexdigest(),
        expires_at=timezone.now() + timedelta(days=days),
    )
    audit.record(actor, "invitation.created", invitation, role=role, days=days, by_link=not email)
    return invitation, token


def _require_administrator(actor: User) -> None:
    if getattr(actor, "api_key", None) or not may_administer(actor):
        raise PermissionDenied(_("Only an administrator can invite people to the studio."))


def _checked_address(workspace: Workspace | None, email: str) -> str:
    email = email.strip().lower()
    if not email:
        return ""
    validate_email(email)
    if workspace is None and User.objects.filter(email__iexact=email).exists():
        raise UserError(_("This person already has an account."), field="email")
    if workspace and Membership.objects.filter(workspace=workspace, user__email__iexact=email).exists():
        raise UserError(_("This person is already a member."), field="email")
    if Invitation.objects.open().filter(workspace=workspace, email=email).exists():
        message = _("There is an open invitation for this address. Revoke it first to send another one.")
        raise UserError(message, field="email")
    return email


def send_by_email(invitation: Invitation, token: str) -> bool:
    """Mail the invitation to its address. False where no e-mail goes out; the link works all the same."""
    if not mail.reaches_people():
        return False
    context = {"invitation": invitation, "address": address_of(token)}
    with override(language_of(invitation.email)):
        subject = " ".join(render_to_string("workspaces/email/invitation_subject.txt", context).split())
        text = render_to_string("workspaces/email/invitation.txt", context)
    send_mail(subject, text, None, [invitation.email])
    return True


@transaction.atomic
def revoke_invitation(*, actor: User, invitation: Invitation) -> None:
    """Close an invitation that was not accepted."""
    workspace = invitation.workspace
    if workspace is None:
        _require_administrator(actor)
    else:
        access.require_roles(actor, workspace, invitation.role)
        # A person who accepts it at the same moment locks the workspace: one of the two is the first.
        usage.lock_workspace(workspace.pk)
    if Invitation.objects.open().filter(pk=invitation.pk).update(revoked_at=timezone.now()):
        audit.record(actor, "invitation.revoked", invitation)


def is_for(invitation: Invitation, user: User) -> bool:
    """Whether `user` may accept: the invitation names no address, or one that is theirs, verified."""
    if not invitation.email:
        return True
    return EmailAddress.objects.filter(user=user, email__iexact=invitation.email, verified=True).exists()


@transaction.atomic
def accept_invitation(*, actor: User, token: str) -> Membership | None:
    """Become a member; an invitation into the studio is used up and makes no member. Raises NotVisible when it is no longer open, UserError when it is for another person or full.

    A member who accepts keeps their role, or gets the invitation's where that is higher.
    """
    # Members of a workspace change one after the other: who invited may have lost the right while we waited.
    workspace_id = find(token).workspace_id
    workspace = usage.lock_workspace(workspace_id) if workspace_id else None
    invitation = find(token)
    if not is_for(invitation, actor):
        message = _(
            "This invitation is for another e-mail address. Sign in with the account that has that address."
        )
        raise UserError(message, code="other_address")
    now = timezone.now()
    if not Invitation.objects.open().filter(pk=invitation.pk).update(accepted_at=now, accepted_by=actor):
        raise NotVisible
    if workspace is None:
        audit.record(actor, "invitation.accepted", invitation)
        return None
    return _make_member(actor, workspace, invitation)


def _make_member(actor: User, workspace: Workspace, invitation: Invitation) -> Membership:
    membership, is_new = Membership.objects.get_or_create(
        workspace=workspace, user=actor, defaults={"role": invitation.role}
    )
    if is_new:
        limit = usage.limits_of(workspace)[UsageKind.MEMBERS]
        if limit is not None and usage.members_of(workspace) > limit:
            raise usage.OverQuota(UsageKind.MEMBERS)
    ranks = list(Role)
    if not is_new and ranks.index(Role(invitation.role)) > ranks.index(Role(membership.role)):
        membership.role = invitation.role
        membership.save(update_fields=["role"])
    audit.record(actor, "invitation.accepted", invitation, role=membership.role, is_new=is_new)
    return membership
