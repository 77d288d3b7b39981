"""Entries of the audit trail in the reader's words."""

from typing import Any

from django import template

from apps.workspaces.audit_words import action_words, change_words, kind_words

register = template.Library()


@register.filter
def done(code: str) -> str:
    return action_words(code)


@register.filter
def kind_of_thing(object_type: str) -> str:
    return kind_words(object_type)


@register.filter
def changed(changes: dict[str, Any]) -> list[tuple[str, str]]:
    return change_words(changes)
