"""What the pages before signing in ask."""

from typing import Any

from allauth.account.adapter import get_adapter
from django import template
from django.conf import settings

from apps.core import mail

register = template.Library()


@register.simple_tag(takes_context=True)
def may_sign_up(context: dict[str, Any]) -> bool:
    """Whether whoever looks at the page may create an account."""
    return bool(get_adapter().is_open_for_signup(context["request"]))


@register.simple_tag
def mail_goes_out() -> bool:
    """Whether a link by e-mail can be promised."""
    return mail.reaches_people()


@register.simple_tag
def only_administrators_make_accounts() -> bool:
    """Whether an invitation is worth nothing to whoever has no account, unless an administrator sent it."""
    return bool(settings.SIGN_UP == "closed")
