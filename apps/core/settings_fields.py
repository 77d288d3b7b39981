"""Form and API fields made from the fields of a pydantic model: type, limits, title and help are stated once, there."""

from __future__ import annotations

import types
import typing
from typing import Any

import annotated_types
from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from pydantic.fields import FieldInfo
from rest_framework import serializers

from apps.core.forms import TextArea

_LIMITS: tuple[tuple[type, str, str], ...] = (
    (annotated_types.Ge, "ge", "min_value"),
    (annotated_types.Le, "le", "max_value"),
    (annotated_types.MaxLen, "max_length", "max_length"),
)


def is_optional(field: FieldInfo) -> bool:
    """Whether a setting may be None, so that its default is not a value of its own."""
    return type(None) in typing.get_args(field.annotation)


def plain_type(field: FieldInfo) -> Any:
    """Return the type of a setting without its None."""
    if typing.get_origin(field.annotation) in (types.UnionType, typing.Union):
        return next(kind for kind in typing.get_args(field.annotation) if kind is not type(None))
    return field.annotation


def limits_of(metadata: list[Any]) -> dict[str, Any]:
    """Return the limits of a field as Django's and DRF's fields name them."""
    return {
        name: getattr(rule, attribute)
        for rule in metadata
        for kind, attribute, name in _LIMITS
        if isinstance(rule, kind)
    }


def entry_limits(field: FieldInfo) -> dict[str, Any]:
    """Return the limits of each entry of a list."""
    (entry,) = typing.get_args(field.annotation)
    rules = [
        rule for part in getattr(entry, "__metadata__", ()) for rule in getattr(part, "metadata", [part])
    ]
    return limits_of(rules)


class LinesField(forms.CharField):
    """A list of texts, one a line."""

    default_error_messages = {
        "too_many": gettext_lazy("At most %(most)s lines; put the best first."),
        "too_long": gettext_lazy("A line can have at most %(most)s characters."),
    }

    def __init__(self, *, most_lines: int | None, most_characters: int | None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.most_lines, self.most_characters = most_lines, most_characters

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:
        """Return the lines that are not empty. Raises ValidationError."""
        lines = [line.strip() for line in super().clean(value).splitlines() if line.strip()]
        if self.most_lines is not None and len(lines) > self.most_lines:
            raise self._error("too_many", self.most_lines)
        if self.most_characters is not None and any(len(line) > self.most_characters for line in lines):
            raise self._error("too_long", self.most_characters)
        return lines

    def _error(self, code: str, most: int) -> forms.ValidationError:
        return forms.ValidationError(self.error_messages[code], code=code, params={"most": most})


def form_field(field: FieldInfo, choices: dict[str, Any] | None = None) -> forms.Field:
    """Return the form field. `choices` are the labels of a field that lists its values."""
    extra: Any = field.json_schema_extra
    common: dict[str, Any] = {"label": _(field.title or ""), "help_text": _(field.description or "")}
    limits, rows = limits_of(field.metadata), extra.get("rows", 0)
    widget = TextArea(attrs={"rows": rows}) if rows else None
    kind, required = plain_type(field), not is_optional(field)
    if choices:
        return forms.ChoiceField(choices=list(choices.items()), widget=forms.RadioSelect, **common)
    if kind is bool:
        return forms.BooleanField(required=False, **common)
    if kind is int:
        return forms.IntegerField(required=required, **limits, **common)
    if kind is float:
        return forms.FloatField(required=required, **limits, **common)
    if typing.get_origin(kind) is list:
        return LinesField(
            most_lines=limits.get("max_length"),
            most_characters=entry_limits(field).get("max_length"),
            required=False,
            widget=widget,
            **common,
        )
    return forms.CharField(required=False, widget=widget, **limits, **common)


def api_field(field: FieldInfo) -> serializers.Field[Any, Any, Any, Any]:
    """Return the field of a request or a response that may leave it out."""
    extra: Any = field.json_schema_extra
    limits = limits_of(field.metadata)
    common: dict[str, Any] = {"required": False, "help_text": field.description or field.title}
    if "enum" in extra:
        return serializers.ChoiceField(choices=extra["enum"], **common)
    if field.annotation is int:
        return serializers.IntegerField(**limits, **common)
    if field.annotation is float:
        return serializers.FloatField(**limits, **common)
    if typing.get_origin(field.annotation) is list:
        return serializers.ListField(child=serializers.CharField(**entry_limits(field)), **limits, **common)
    return serializers.CharField(allow_blank=True, **limits, **common)
