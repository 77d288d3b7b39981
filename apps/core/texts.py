"""Stored texts (workers.contracts.texts) in the database, and in the reader's language."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from django.db import models
from django.utils.translation import get_language, gettext, ngettext

from apps.core.joined_names import between_names
from workers.contracts.i18n import Plural
from workers.contracts.texts import MARKED, TEMPLATES, Text, fill, number_of

if TYPE_CHECKING:
    _TextField = models.TextField[Text | str, Text]
else:
    _TextField = models.TextField


class StoredTextField(_TextField):
    """A column of one Text, as JSON; other texts, such as those of earlier releases, are plain ones."""

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> Text | None:
        return None if value is None else self.to_python(value)

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str) and not isinstance(value, Text) and value.startswith('{"code":'):
            with suppress(ValueError):  # another text that begins so
                return Text.parse(json.loads(value))
        return None if value is None else Text.parse(value)

    def get_prep_value(self, value: Any) -> Any:
        if isinstance(value, Text) and value.code:
            return json.dumps(value.dump(), ensure_ascii=False)
        return super().get_prep_value(value)


def translated(text: Any) -> str:
    """A stored text in the reader's language, also as its JSON; any other string as one that is marked in the code."""
    if isinstance(text, Mapping):
        text = Text.parse(text)
    if not isinstance(text, Text) or not text.code:
        return gettext(str(text)) if text else ""
    language = get_language()
    if not language or language.startswith("en"):
        return str(text)
    if text.code == MARKED:
        return translated(str(text.params["text"]))
    template = TEMPLATES.get(text.code)
    if template is None:  # of another release
        return str(text)
    try:
        return fill(_in_language(template, text), text.params, shown=translated, separator=between_names())
    except (KeyError, ValueError, TypeError):  # a template that has other blanks by now
        return str(text)


def _in_language(template: str, text: Text) -> str:
    if not isinstance(template, Plural):
        return gettext(template)
    return ngettext(template.singular, str(template), number_of(template, text.params))
