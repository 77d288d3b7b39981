"""Every write to a user. What a signed-in person does through allauth is written there and told by receivers.py."""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.signals import account_changed, account_deleting, account_deletion_asked
from apps.core.errors import NotVisible, UserError


def tell(user: User, action: str, *, by: User | None, **changes: Any) -> None:
    """For the audit trail, which lies in an app above; `by` is None for the command line."""
    account_changed.send(User, actor=by, user=user, action=action, changes=changes)


@transaction.atomic
def create_user(*, email: str, password: str, name: str = "", is_administrator: bool = False) -> User:
    """Raises UserError (fields email, password) when the address is taken or the password is too weak."""
    if User.objects.filter(email__iexact=email).exists():
        raise UserError(_("There is already an account with this address."), field="email")
    _check_password(password, User(email=email, name=name))
    user = User.objects.create_user(
        email, password, name=name, is_staff=is_administrator, is_superuser=is_administrator
    )
    vouch_for_address(user)
    tell(user, "user.created", by=None, administrator=is_administrator)
    return user


def vouch_for_address(user: User) -> None:
    """Count the address as verified: who made the account vouches for it."""
    EmailAddress.objects.filter(user=user).exclude(email__iexact=user.email).delete()
    EmailAddress.objects.update_or_create(
        user=user, email=user.email.lower(), defaults={"verified": True, "primary": True}
    )


@transaction.atomic
def reset_password(*, email: str, password: str, remove_two_step: bool = False) -> User:
    """Set a new password, which also ends the user's sessions. Raises UserError when there is no such account.

    `remove_two_step` is for who lost the phone and the recovery codes.
    """
    user = User.objects.select_for_update().filter(email__iexact=email).first()
    if user is None:
        raise UserError(_("There is no account with this address."), field="email")
    _check_password(password, user)
    user.set_password(password)
    user.is_active = True
    user.save(update_fields=["password", "is_active"])
    if remove_two_step:
        Authenticator.objects.filter(user=user).delete()
    end_sessions(user=user)
    tell(user, "user.password_reset", by=None, two_step_removed=remove_two_step)
    return user


@transaction.atomic
def update_profile(*, user: User, name: str, language: str, timezone: str) -> None:
    """Raises UserError (fields language, timezone) for one that there is not."""
    given = {"name": name.strip(), "language": language, "timezone": timezone}
    changed = [field for field, value in given.items() if getattr(user, field) != value]
    for field in changed:
        setattr(user, field, given[field])
    try:
        user.full_clean(exclude={"password", "email"})
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise UserError(" ".join(messages), field=field) from error
    if changed:
        user.save(update_fields=changed)
        tell(user, "user.profile_changed", by=user, fields=changed)


def end_sessions(*, user: User, but: str = "", only: int | None = None) -> int:
    """End the sessions of `user` except the one with the key `but`, or `only` the one with that id; return how many.

    What they held open (sockets, streams) hears of it as their rows go.
    """
    found = UserSession.objects.filter(user=user).exclude(session_key=but)
    ended = list(found if only is None else found.filter(pk=only))
    for session in ended:
        session.end()
    return len(ended)


def end_other_sessions(*, user: User, but: str) -> int:
    """What the button for it does; return how many ended."""
    ended = end_sessions(user=user, but=but)
    if ended:
        tell(user, "user.sessions_ended", by=user, count=ended)
    return ended


def end_session(*, user: User, session_id: int) -> None:
    """Raises NotVisible when it is none of theirs."""
    if not end_sessions(user=user, only=session_id):
        raise NotVisible
    tell(user, "user.sessions_ended", by=user, count=1)


@transaction.atomic
def delete_account(*, user: User, by: User | None = None) -> None:
    """Remove the account with what is only theirs. What they made in workspaces of others stays, without their name.

    `by` is the administrator who does it, None for the person themselves. Raises UserError while an app above objects,
    for instance for the last owner of a workspace that others are in.
    """
    account_deletion_asked.send(User, user=user)
    end_sessions(user=user)
    tell(user, "user.deleted", by=by or user)
    account_deleting.send(User, user=user)
    user.delete()


def _check_password(password: str, user: User) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise UserError(" ".join(error.messages), field="password") from error
