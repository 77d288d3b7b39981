"""What administrators do to the accounts of others: reset a password, deactivate and reactivate an account, make a person an
administrator and take that back."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.services import end_sessions, refuse_the_last_administrator, tell
from apps.core import mail
from apps.core.errors import UserError

PERMISSION = "accounts.change_user"


def may_administer(actor: Any) -> bool:
    """Whether `actor` looks after the accounts of the studio."""
    return bool(actor.is_active and actor.is_staff and actor.has_perm(PERMISSION))


def is_over(actor: Any, user: User) -> bool:
    """Whether `actor` may change the account of `user`: only a superuser changes a superuser."""
    return may_administer(actor) and bool(actor.is_superuser or not user.is_superuser)


def require_over(actor: User, user: User) -> None:
    """Raises PermissionDenied where `actor` may not change the account of `user`."""
    if not is_over(actor, user):
        raise PermissionDenied


def reset_link(*, actor: User, user: User) -> str:
    """Return an address that sets a new password once, within PASSWORD_RESET_TIMEOUT; the old one works until then.

    Raises UserError for an account that is deactivated.
    """
    require_over(actor, user)
    if not user.is_active:
        raise UserError(_("Reactivate the account first."), code="inactive")
    key = f"{user_pk_to_url_str(user)}-{default_token_generator.make_token(user)}"
    address: str = get_adapter().get_reset_password_from_key_url(key)
    tell(user, "user.reset_link_created", by=actor)
    return address


def mail_reset_link(*, user: User, address: str) -> bool:
    """Mail the address to its person. False where no e-mail goes out."""
    if not mail.reaches_people():
        return False
    get_adapter().send_mail("account/email/password_reset_key", user.email, {"password_reset_url": address})
    return True


@transaction.atomic
def deactivate(*, actor: User, user: User) -> None:
    """Keep the account and what it made, but refuse to sign it in. Its sessions and keys stop working.

    Raises UserError for one's own account and for the last administrator.
    """
    require_over(actor, user)
    if actor.pk == user.pk:
        raise UserError(_("You cannot deactivate your own account."), code="own_account")
    refuse_the_last_administrator(user)
    if _set_active(user, False):
        end_sessions(user=user)
        tell(user, "user.deactivated", by=actor)


@transaction.atomic
def reactivate(*, actor: User, user: User) -> None:
    require_over(actor, user)
    if _set_active(user, True):
        tell(user, "user.reactivated", by=actor)


def may_appoint(actor: Any) -> bool:
    """Whether `actor` makes administrators. Staff with some rights would give themselves all of them."""
    return may_administer(actor) and bool(actor.is_superuser)


@transaction.atomic
def make_administrator(*, actor: User, user: User) -> None:
    """Give all rights over the studio. Raises UserError for an account that is deactivated."""
    _require_appointing(actor)
    locked = User.objects.select_for_update().get(pk=user.pk)
    if not locked.is_active:
        raise UserError(_("Reactivate the account first."), code="inactive")
    if _set_rights(locked, True):
        tell(user, "user.administrator_made", by=actor)


@transaction.atomic
def remove_administrator(*, actor: User, user: User) -> None:
    """Take all rights over the studio back; the account and its workspaces stay as they are.

    Raises UserError for one's own account and for the last administrator.
    """
    _require_appointing(actor)
    if actor.pk == user.pk:
        raise UserError(
            _("You cannot remove your own administrator rights. Ask another administrator to do it."),
            code="own_account",
        )
    refuse_the_last_administrator(user)
    if _set_rights(User.objects.select_for_update().get(pk=user.pk), False):
        tell(user, "user.administrator_removed", by=actor)


def _require_appointing(actor: User) -> None:
    """Raises PermissionDenied where `actor` may not appoint administrators, or may not any more.

    The rows of all who may are locked in one order: two who remove each other at once wait for each other here.
    """
    appointing = User.objects.select_for_update().filter(is_superuser=True).order_by("pk")
    if not any(each.pk == actor.pk and may_appoint(each) for each in appointing):
        raise PermissionDenied


def _set_rights(user: User, has_all: bool) -> bool:
    """Whether that changed anything. Saved as a row, so that what is open hears of it (workspaces.access.revocation)."""
    if (user.is_staff, user.is_superuser) == (has_all, has_all):
        return False
    user.is_staff = user.is_superuser = has_all
    user.save(update_fields=["is_staff", "is_superuser"])
    return True


def _set_active(user: User, is_active: bool) -> bool:
    """Whether that changed anything. Saved as a row, so that what is open hears of it (workspaces.access.revocation)."""
    locked = User.objects.select_for_update().get(pk=user.pk)
    if locked.is_active == is_active:
        return False
    locked.is_active = user.is_active = is_active
    locked.save(update_fields=["is_active"])
    return True
