"""Every write to a user."""

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.core.errors import UserError


@transaction.atomic
def create_user(*, email: str, password: str, name: str = "", is_administrator: bool = False) -> User:
    """Raises UserError (fields email, password) when the address is taken or the password is too weak."""
    if User.objects.filter(email__iexact=email).exists():
        raise UserError(_("There is already an account with this address."), field="email")
    _check_password(password, User(email=email, name=name))
    return User.objects.create_user(
        email, password, name=name, is_staff=is_administrator, is_superuser=is_administrator
    )


@transaction.atomic
def reset_password(*, email: str, password: str) -> User:
    """Set a new password, which also ends the user's sessions. Raises UserError when there is no such account."""
    user = User.objects.select_for_update().filter(email__iexact=email).first()
    if user is None:
        raise UserError(_("There is no account with this address."), field="email")
    _check_password(password, user)
    user.set_password(password)
    user.is_active = True
    user.save(update_fields=["password", "is_active"])
    return user


def _check_password(password: str, user: User) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise UserError(" ".join(error.messages), field="password") from error
