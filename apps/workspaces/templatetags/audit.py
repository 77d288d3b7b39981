"""Entries of the audit trail in the reader's words."""

from django import template

from apps.workspaces.audit.words import action_words, change_words, kind_words, label_words
from apps.workspaces.models import AuditEntry

register = template.Library()


@register.filter
def done(code: str) -> str:
    return action_words(code)


@register.filter
def kind_of_thing(object_type: str) -> str:
    return kind_words(object_type)


@register.filter
def changed(entry: AuditEntry) -> list[tuple[str, str]]:
    return change_words(entry)


@register.filter
def named(entry: AuditEntry) -> str:
    return label_words(entry)
