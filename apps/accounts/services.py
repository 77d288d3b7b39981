"""Every write to a user. What a signed-in person does through allauth is written there and told by receivers.py."""

import time
from datetime import timedelta
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.auth.password_validation import validate_password
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.sessions import idle_end
from apps.accounts.signals import account_changed, account_deleting, account_deletion_asked
from apps.core.database import best_effort
from apps.core.errors import NotVisible, UserError

NOTED_EVERY = timedelta(minutes=5)
_MOST_NOTED = 10_000
_note_again: dict[str, float] = {}
"""When this process looks after a session again, by its key: most requests cost no query."""


def tell(user: User, action: str, *, by: User | None, **changes: Any) -> None:
    """For the audit trail, which lies in an app above; `by` is None for the command line."""
    account_changed.send(User, actor=by, user=user, action=action, changes=changes)


@transaction.atomic
def create_user(*, email: str, password: str, name: str = "", is_administrator: bool = False) -> User:
    """Raises UserError (fields email, password) when the address is taken or the password is too weak."""
    if User.objects.filter(email__iexact=email).exists():
        raise UserError(_("An account with this address already exists."), field="email")
    _check_password(password, User(email=email, name=name))
    user = User.objects.create_user(
        email, password, name=name, is_staff=is_administrator, is_superuser=is_administrator
    )
    vouch_for_address(user)
    tell(user, "user.created", by=None, administrator=is_administrator)
    return user


def check_new_account(*, email: str, password: str, name: str = "") -> None:
    """Raises UserError (fields email, password) when the address is taken or the password is too weak."""
    if User.objects.filter(email__iexact=email).exists():
        raise UserError(_("An account with this address already exists. Sign in with it."), field="email")
    _check_password(password, User(email=email, name=name))


@transaction.atomic
def add_invited_account(*, email: str, hashed_password: str, name: str = "") -> User:
    """Make the account of a person who is invited; who invited them vouches for the address.

    The password comes hashed: hashing is slow on purpose, and SQLite locks out all other writers meanwhile. Raises UserError
    (field email) when the address was taken a moment ago.
    """
    try:
        with transaction.atomic():
            user = User.objects.create(email=email.lower(), name=name.strip(), password=hashed_password)
    except IntegrityError as error:
        message = _("An account with this address already exists. Sign in with it.")
        raise UserError(message, field="email") from error
    vouch_for_address(user)
    tell(user, "user.signed_up", by=user)
    return user


def note_repeated_sign_up(*, email: str) -> None:
    """A person wanted to make an account with the address of one that there is; its owner gets an e-mail about it."""
    user = User.objects.filter(email__iexact=email).first()
    if user is not None:
        tell(user, "user.sign_up_repeated", by=None)


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


def note_use(*, session_key: str, address: str) -> None:
    """Remember that a session is used, and from where, and move its end; written at most once in five minutes."""
    if time.monotonic() < _note_again.get(session_key, 0):
        return
    if len(_note_again) >= _MOST_NOTED:
        _note_again.clear()
    _note_again[session_key] = time.monotonic() + NOTED_EVERY.total_seconds()
    with best_effort():
        _write_use(session_key, address)


def _write_use(session_key: str, address: str) -> None:
    now = timezone.now()
    # Another process may have noted it meanwhile.
    old = UserSession.objects.filter(session_key=session_key, last_seen_at__lt=now - NOTED_EVERY)
    if not old.update(last_seen_at=now, ip=address):
        return
    for began_at in UserSession.objects.filter(session_key=session_key).values_list("created_at", flat=True):
        end = min(idle_end(), began_at + timedelta(seconds=settings.SESSION_COOKIE_AGE))
        Session.objects.filter(session_key=session_key).update(expire_date=end)


def end_sessions(*, user: User, but: str = "", only: int | None = None) -> int:
    """End the sessions of `user` except the one with the key `but`, or `only` the one with that id; return how many.

    What they held open (sockets, streams) hears of it as their rows go.
    """
    found = UserSession.objects.filter(user=user).exclude(session_key=but)
    ended = list(found if only is None else found.filter(pk=only))
    for session in ended:
        session.end()
    return len(ended)


def forget_ended_sessions() -> int:
    """Remove what is kept of sessions that ended by the clock: cookies' rows, addresses, browsers. Return how many."""
    ended, _rows = Session.objects.filter(expire_date__lte=timezone.now()).delete()
    UserSession.objects.exclude(session_key__in=Session.objects.values("session_key")).delete()
    return ended


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

    `by` is the administrator who does it, None for the person themselves. Raises UserError for the last administrator of
    others, and while an app above objects, for instance for the last owner of a workspace that others are in.
    """
    refuse_the_last_administrator(user)
    account_deletion_asked.send(User, user=user, by=by)
    end_sessions(user=user)
    tell(user, "user.deleted", by=by or user)
    account_deleting.send(User, user=user)
    _forget_in_admin_log(user)
    user.delete()


def refuse_the_last_administrator(user: User) -> None:
    """Raises UserError for the only one while there are other accounts. In a transaction."""
    administrators = User.objects.select_for_update().filter(is_superuser=True, is_active=True)
    if list(administrators) == [user] and User.objects.exclude(pk=user.pk).exists():
        raise UserError(
            _("You are the only administrator of this studio. Make another person an administrator first."),
            code="last_administrator",
        )


def _forget_in_admin_log(user: User) -> None:
    """Django's admin notes beside our trail what was done there, under the name that the row had."""
    named = Q(object_repr=user.email)
    about = Q(content_type__app_label="accounts", object_id=str(user.pk))
    LogEntry.objects.filter(named | about).update(object_repr=_("deleted account"))


def _check_password(password: str, user: User) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise UserError(" ".join(error.messages), field="password") from error
