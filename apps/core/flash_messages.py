"""What a button's page says afterwards: that it is done, or why not."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext as _

from apps.core.errors import UserError


def do_and_tell(request: HttpRequest, act: Callable[[], object], done: str = "") -> bool:
    """Call a service; say `done`, or in its words why it refused. Returns whether it was done."""
    try:
        act()
    except UserError as error:
        messages.error(request, str(error.message))
        return False
    if done:
        messages.success(request, done)
    return True


def tell_archived(request: HttpRequest, name: str, *, archived: bool) -> None:
    """Say that something is hidden, or shown again."""
    text = (
        _("“%(name)s” is archived. It is hidden, not deleted.") if archived else _("“%(name)s” is restored.")
    )
    messages.success(request, text % {"name": name})
