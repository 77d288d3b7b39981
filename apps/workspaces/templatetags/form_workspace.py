"""Says in every form which workspace its page showed: of two tabs one may have switched since."""

from typing import Any

from django import template
from django.template.base import Parser, Token
from django.template.context import Context
from django.template.defaulttags import CsrfTokenNode
from django.utils.html import format_html

from apps.workspaces.access.middleware import FIELD

register = template.Library()


class _TokenAndWorkspace(CsrfTokenNode):
    def render(self, context: Context) -> Any:
        token, membership = super().render(context), context.get("membership")
        if not token or not membership:
            return token
        return token + format_html(
            '<input type="hidden" name="{}" value="{}">', FIELD, membership.workspace_id
        )


@register.tag
def csrf_token(_parser: Parser, _token: Token) -> _TokenAndWorkspace:
    """Django's own, in whose place it is built in, with the workspace beside it."""
    return _TokenAndWorkspace()
