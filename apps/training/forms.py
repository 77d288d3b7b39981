"""The wizard's form, and the advanced part generated from the Recipe."""

import types
import typing
from enum import StrEnum
from typing import Any

import annotated_types
from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from pydantic import ValidationError
from pydantic.fields import FieldInfo

from apps.core.forms import StudioForm
from apps.core.validation_messages import problem_message
from workers.contracts.recipes import Length, Recipe

GROUPS = {
    "length": gettext_lazy("How long, and what is kept"),
    "optimizer": gettext_lazy("Optimizer"),
    "data": gettext_lazy("Rows and batches"),
    "lora": gettext_lazy("LoRA"),
    "watching": gettext_lazy("Watching it learn"),
    "machine": gettext_lazy("Machine"),
}
LENGTHS = {
    Length.QUICK: (gettext_lazy("A quick look"), gettext_lazy("Enough to see whether it learns.")),
    Length.STANDARD: (
        gettext_lazy("The usual"),
        gettext_lazy("What fits most data; stops early when nothing gets better."),
    ),
    Length.THOROUGH: (
        gettext_lazy("Thorough"),
        gettext_lazy("About three times as long, for the last few points."),
    ),
}

VALUES = {
    "auto": gettext_lazy("auto"),
    "constant": gettext_lazy("constant"),
    "cosine": gettext_lazy("cosine"),
    "full": gettext_lazy("full"),
    "length_grouping": gettext_lazy("length grouping"),
    "linear": gettext_lazy("linear"),
    "lora": "LoRA",
    "packing": gettext_lazy("packing"),
    "padding": gettext_lazy("padding"),
}
"""What the choices of recipe fields are called; precisions are called what they are."""


def value_words(value: Any) -> str:
    """A value of a recipe field for a page."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "–" if value is None else str(VALUES.get(str(value), value))


def recipe_words(recipe: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Title, name and value of every setting of a recipe; one that this release does not know is called by its name."""
    titles = {name: _(field.title or "") for name, field in editable_fields().items()}
    settings = ((name, value) for name, value in recipe.items() if name != "recipe_version")
    return [(titles.get(name, name), name, value_words(value)) for name, value in settings]


def editable_fields() -> dict[str, FieldInfo]:
    return {name: field for name, field in Recipe.model_fields.items() if field.title}


def _plain_type(field: FieldInfo) -> Any:
    """The type without its None."""
    if typing.get_origin(field.annotation) in (types.UnionType, typing.Union):
        return next(a for a in typing.get_args(field.annotation) if a is not type(None))
    return field.annotation


def _limits(field: FieldInfo) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for rule in field.metadata:
        if isinstance(rule, annotated_types.Ge | annotated_types.Gt):
            found["min_value"] = getattr(rule, "ge", getattr(rule, "gt", None))
        if isinstance(rule, annotated_types.Le | annotated_types.Lt):
            found["max_value"] = getattr(rule, "le", getattr(rule, "lt", None))
    return found


def _values(kind: Any) -> list[str]:
    """What an enumeration or a Literal allows."""
    return [value.value for value in kind] if isinstance(kind, type) else list(typing.get_args(kind))  # type: ignore[attr-defined]


def _group(field: FieldInfo) -> str:
    extra: Any = field.json_schema_extra
    return str(extra["group"])


def form_field(field: FieldInfo) -> forms.Field:
    """The form field of a recipe field: type, limits, title and help all come from the Recipe."""
    kind = _plain_type(field)
    common: dict[str, Any] = {
        "label": _(field.title or ""),
        "help_text": _(field.description or ""),
        "required": False,
    }
    if kind is bool:
        return forms.BooleanField(initial=field.default, **common)
    if typing.get_origin(kind) is typing.Literal or (isinstance(kind, type) and issubclass(kind, StrEnum)):
        values = _values(kind)
        empty = [("", _("chosen for you"))] if field.default is None else []
        return forms.ChoiceField(
            choices=[*empty, *((v, VALUES.get(v, v)) for v in values)], initial=field.default, **common
        )
    if kind in (int, float):
        placeholder = {"placeholder": _("chosen for you") if field.default is None else str(field.default)}
        make = forms.IntegerField if kind is int else forms.FloatField
        widget = forms.NumberInput(attrs={**placeholder, "step": "1" if kind is int else "any"})
        limits = _limits(field) if kind is int else {}
        return make(initial=field.default, widget=widget, **limits, **common)
    return forms.CharField(
        initial="", widget=forms.TextInput(attrs={"placeholder": _("chosen for you")}), **common
    )


class WizardForm(StudioForm):
    """Three questions; everything else has a right default."""

    base = forms.ChoiceField(label=gettext_lazy("Which base"), widget=forms.RadioSelect)
    length = forms.ChoiceField(
        label=gettext_lazy("How long"),
        choices=[(length.value, label) for length, (label, _help) in LENGTHS.items()],
        initial=Length.STANDARD.value,
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, bases: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        base: Any = self.fields["base"]
        base.choices = bases
        base.initial = bases[0][0] if bases else None
        for name, field in editable_fields().items():
            self.fields[name] = form_field(field)

    def groups(self) -> list[tuple[Any, list[Any]]]:
        """The advanced fields by heading."""
        return [
            (
                title,
                [self[name] for name, field in editable_fields().items() if _group(field) == key],
            )
            for key, title in GROUPS.items()
        ]

    @property
    def advanced_has_errors(self) -> bool:
        return any(name in self.errors for name in editable_fields())

    def clean(self) -> dict[str, Any]:
        """Build the Recipe; what it refuses becomes an error at its field."""
        cleaned = super().clean() or {}
        given: dict[str, Any] = {}
        for name, field in editable_fields().items():
            value = cleaned.get(name)
            if value in (None, ""):
                continue
            given[name] = _split(value) if typing.get_origin(_plain_type(field)) is list else value
        try:
            cleaned["recipe"] = Recipe.model_validate(given)
        except ValidationError as error:
            for problem in error.errors():
                self.add_error(str(problem["loc"][0]), problem_message(problem))
        return cleaned


def _split(value: str) -> list[str]:
    return [part.strip() for part in value.split(",") if part.strip()]


class RunNameForm(StudioForm):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=150)
