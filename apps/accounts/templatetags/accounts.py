"""What the pages before signing in ask."""

from typing import Any

from django import template

from apps.accounts import adapter

register = template.Library()


@register.simple_tag(takes_context=True)
def may_sign_up(context: dict[str, Any]) -> bool:
    """Whether whoever looks at the page may create an account."""
    return adapter.may_sign_up(context["request"])
