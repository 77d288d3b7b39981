"""What the pages before signing in ask."""

from typing import Any

from django import template
from django.conf import settings

from apps.accounts import adapter

register = template.Library()


@register.simple_tag(takes_context=True)
def may_sign_up(context: dict[str, Any]) -> bool:
    """Whether whoever looks at the page may create an account."""
    return adapter.may_sign_up(context["request"])


@register.simple_tag
def only_administrators_make_accounts() -> bool:
    """Whether an invitation is worth nothing to whoever has no account."""
    return bool(settings.SIGN_UP == "closed")
