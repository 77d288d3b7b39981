"""What the pages before signing in ask."""

from typing import Any

from allauth.account.adapter import get_adapter
from django import template
from django.conf import settings

from apps.core import mail

register = template.Library()


@register.simple_tag(takes_context=True)
def may_sign_up(context: dict[str, Any]) -> bool:
    """Whether the visitor of the page may create an account."""
    return bool(get_adapter().is_open_for_signup(context["request"]))


@register.simple_tag
def mail_goes_out() -> bool:
    """Whether a link by e-mail can be promised."""
    return mail.reaches_people()


@register.simple_tag
def only_administrators_make_accounts() -> bool:
    """Whether people without an account cannot use an invitation, unless an administrator sent it."""
    return bool(settings.SIGN_UP == "closed")
