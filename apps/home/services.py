"""Setting up a studio: its first account, which owns its first workspace and administers the installation."""

import hmac

from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts import services as accounts
from apps.accounts.models import User
from apps.core.errors import UserError
from apps.workspaces.models import Workspace
from apps.workspaces.team.lifecycle import create_workspace

_LOCK = "home.set_up"
_LOCK_SECONDS = 30


def is_set_up() -> bool:
    return User.objects.exists()


def token_is_right(token: str) -> bool:
    """Whether `token` is the one in the printed address; compared in constant time."""
    expected = settings.SETUP_TOKEN
    return bool(expected) and hmac.compare_digest(token.encode(), expected.encode())


def set_up_studio(
    *, email: str, password: str, name: str = "", workspace: str = ""
) -> tuple[User, Workspace]:
    """Create the owner and the first workspace, once. Raises UserError when that has happened already.

    The caller has checked the set-up token, or is a command on this machine.
    """
    # Two people may press the button at once; neither row exists yet that a row lock could hold on to.
    if not cache.add(_LOCK, 1, _LOCK_SECONDS):
        raise UserError(_("Another person is setting up this studio right now. Try again in a minute."))
    try:
        with transaction.atomic():
            if is_set_up():
                raise UserError(_("This studio is already set up. Sign in instead."))
            user = accounts.create_user(email=email, password=password, name=name, is_administrator=True)
            return user, create_workspace(actor=user, name=workspace)
    finally:
        cache.delete(_LOCK)
