"""The wizard's form, and the advanced part generated from the Recipe."""

import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import annotated_types
from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from pydantic import ValidationError
from pydantic.fields import FieldInfo

from apps.core import settings_fields
from apps.core.forms import StudioForm
from apps.core.models import longest
from apps.core.settings_fields import plain_type
from apps.core.validation_messages import problem_message
from apps.training.models import Run
from workers.contracts.objectives import OBJECTIVES, SETTINGS_WITHOUT_STEPS, ObjectiveInfo
from workers.contracts.recipes import Length, LoraVariant, Recipe

GROUPS = {
    "length": gettext_lazy("Length and checkpoints"),
    "optimizer": gettext_lazy("Optimizer"),
    "data": gettext_lazy("Rows and batches"),
    "lora": gettext_lazy("LoRA"),
    "watching": gettext_lazy("Monitoring"),
    "machine": gettext_lazy("Hardware"),
}
"""The headings of recipe fields; each objective has one more for its own settings."""
LENGTHS = {
    Length.QUICK: (gettext_lazy("Quick"), gettext_lazy("Enough to see whether the model learns.")),
    Length.STANDARD: (
        gettext_lazy("Standard"),
        gettext_lazy("Suits most data. Stops early when the model no longer improves."),
    ),
    Length.THOROUGH: (
        gettext_lazy("Thorough"),
        gettext_lazy("Takes about three times as long, for a slightly better result."),
    ),
}

VALUES = {
    "auto": gettext_lazy("auto"),
    "constant": gettext_lazy("constant"),
    "cosine": gettext_lazy("cosine"),
    "full": gettext_lazy("full"),
    "length_grouping": gettext_lazy("length grouping"),
    "linear": gettext_lazy("linear"),
    "packing": gettext_lazy("packing"),
    "padding": gettext_lazy("padding"),
    "qlora": "QLoRA",
    **{variant.value: variant.label for variant in LoraVariant},
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
    titles = {name: _(field.title or "") for name, field in recipe_fields().items()}
    objective = objective_of(recipe)
    found = []
    for name, value in recipe.items():
        if objective is not None and not objective.has_setting(name):
            continue
        if isinstance(value, dict):
            found += _objective_words(titles.get(name, name), name, value)
        elif name != "recipe_version":
            found.append((titles.get(name, name), name, value_words(value)))
    return found


def objective_of(recipe: Mapping[str, Any]) -> ObjectiveInfo | None:
    """Return the objective of a stored recipe; None where it names none, or one that this release does not know."""
    return OBJECTIVES.get(str((recipe.get("objective") or {}).get("kind")))


def _objective_words(title: str, name: str, options: dict[str, Any]) -> list[tuple[str, str, str]]:
    """The objective's name, and its own settings."""
    kind = str(options.get("kind"))
    known = OBJECTIVES.get(kind)
    settings = known.options.settings() if known else {}
    titles = {key: _(field.title or "") for key, field in settings.items()}
    own = [(key, value) for key, value in options.items() if key != "kind"]
    labels = {key: _value_labels(field) for key, field in settings.items()}
    return [
        (title, name, _(known.label) if known else kind),
        *(
            (titles.get(key, key), key, labels.get(key, {}).get(str(value)) or value_words(value))
            for key, value in own
        ),
    ]


def recipe_answers(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of the wizard's fields for a stored recipe."""
    answers = dict(recipe)
    options = dict(answers.pop("objective", None) or {})
    if kind := options.pop("kind", ""):
        own = {_field_name(kind, name): value for name, value in options.items()}
        answers |= {"objective": kind, **own}
    return answers


def recipe_fields() -> dict[str, FieldInfo]:
    """Return the settings that users can see."""
    return {name: field for name, field in Recipe.model_fields.items() if field.title}


def editable_fields() -> dict[str, FieldInfo]:
    """Return the settings that every objective has. Its own have fields of the form, too."""
    return {name: field for name, field in recipe_fields().items() if name != "objective"}


def _field_name(kind: str, name: str) -> str:
    return f"{kind}-{name}"


def field_limits(field: FieldInfo) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for rule in field.metadata:
        if isinstance(rule, annotated_types.Ge | annotated_types.Gt):
            found["min_value"] = getattr(rule, "ge", getattr(rule, "gt", None))
        if isinstance(rule, annotated_types.Le | annotated_types.Lt):
            found["max_value"] = getattr(rule, "le", getattr(rule, "lt", None))
    return found


def field_values(kind: Any) -> list[str]:
    """What an enumeration or a Literal allows."""
    return [value.value for value in kind] if isinstance(kind, type) else list(typing.get_args(kind))  # type: ignore[attr-defined]


def _group(field: FieldInfo) -> str:
    extra: Any = field.json_schema_extra
    return str(extra["group"])


def form_field(field: FieldInfo) -> forms.Field:
    """The form field of a recipe field: type, limits, title and help all come from the Recipe."""
    kind = plain_type(field)
    common: dict[str, Any] = {
        "label": _(field.title or ""),
        "help_text": _(field.description or ""),
        "required": False,
    }
    if kind is bool:
        return forms.BooleanField(initial=field.default, **common)
    if typing.get_origin(kind) is typing.Literal or (isinstance(kind, type) and issubclass(kind, StrEnum)):
        values = field_values(kind)
        empty = [("", _("automatic"))] if field.default is None else []
        return forms.ChoiceField(
            choices=[*empty, *((v, VALUES.get(v, v)) for v in values)], initial=field.default, **common
        )
    if kind in (int, float):
        placeholder = {"placeholder": _("automatic") if field.default is None else str(field.default)}
        make = forms.IntegerField if kind is int else forms.FloatField
        widget = forms.NumberInput(attrs={**placeholder, "step": "1" if kind is int else "any"})
        limits = field_limits(field) if kind is int else {}
        return make(initial=field.default, widget=widget, **limits, **common)
    return forms.CharField(
        initial="", widget=forms.TextInput(attrs={"placeholder": _("automatic")}), **common
    )


_WITH_STEPS, _WITHOUT_STEPS = "with-steps", "without-steps"
"""CSS classes of what a page hides with a base that learns at once, and with any other base."""


def _applies(name: str) -> str:
    return "" if name in SETTINGS_WITHOUT_STEPS else _WITH_STEPS


def _shown_with(objective: ObjectiveInfo) -> str:
    return _WITHOUT_STEPS if objective.learns_at_once else _WITH_STEPS


@dataclass(frozen=True)
class SettingsGroup:
    """A heading and its fields, each with the CSS class that says with which bases it is shown."""

    title: str
    fields: list[tuple[Any, str]]

    @property
    def css(self) -> str:
        """The class that all fields share, if they do."""
        found = {css for _field, css in self.fields}
        return found.pop() if len(found) == 1 else ""


class WizardForm(StudioForm):
    """Three questions; everything else has a right default."""

    base = forms.ChoiceField(label=gettext_lazy("Base model"), widget=forms.RadioSelect)
    length = forms.ChoiceField(
        label=gettext_lazy("Training length"),
        choices=[(length.value, label) for length, (label, _help) in LENGTHS.items()],
        initial=Length.STANDARD.value,
        widget=forms.RadioSelect,
    )

    def __init__(
        self,
        *args: Any,
        bases: list[tuple[str, str]],
        objectives: Mapping[str, Sequence[ObjectiveInfo]] | None = None,
        **kwargs: Any,
    ) -> None:
        """`objectives` are those that fit each base, by the base's value, the usual one first."""
        super().__init__(*args, **kwargs)
        base: Any = self.fields["base"]
        base.choices = bases
        base.initial = bases[0][0] if bases else None
        for name, field in editable_fields().items():
            self.fields[name] = form_field(field)
        self._fitting = objectives or {}
        offered = {each.name: each for found in self._fitting.values() for each in found}
        self._objectives = list(offered.values())
        if any(len(found) > 1 for found in self._fitting.values()):
            self.fields["objective"] = self._objective_field()
        for objective in self._objectives:
            for name, field in objective.options.settings().items():
                self.fields[_field_name(objective.name, name)] = _option_field(field)

    def _objective_field(self) -> forms.Field:
        field = Recipe.model_fields["objective"]
        choices = [("", _("automatic")), *((each.name, _(each.label)) for each in self._objectives)]
        return forms.ChoiceField(
            choices=choices, required=False, label=_(field.title or ""), help_text=_(field.description or "")
        )

    def groups(self) -> list[SettingsGroup]:
        """The advanced fields by heading."""
        title = _(Recipe.model_fields["objective"].title or "")
        chosen = [SettingsGroup(title, [(self["objective"], "")])] if "objective" in self.fields else []
        general = []
        for key, heading in GROUPS.items():
            names = [name for name, field in editable_fields().items() if _group(field) == key]
            general.append(SettingsGroup(str(heading), [(self[name], _applies(name)) for name in names]))
        own = [
            SettingsGroup(
                _(objective.label),
                [(self[_field_name(objective.name, name)], _shown_with(objective)) for name in settings],
            )
            for objective in self._objectives
            if (settings := objective.options.settings())
        ]
        return [*chosen, *general, *own]

    @property
    def advanced_has_errors(self) -> bool:
        return bool(self.errors.keys() & (self.fields.keys() - self.base_fields.keys()))

    def clean(self) -> dict[str, Any]:
        """Build the Recipe; what it refuses becomes an error at its field."""
        cleaned = super().clean() or {}
        given: dict[str, Any] = {}
        kind = self._chosen_objective(cleaned)
        for name, field in editable_fields().items():
            value = cleaned.get(name)
            # The page hides what does not apply to the chosen base.
            if value in (None, "") or (kind is not None and not kind.has_setting(name)):
                continue
            given[name] = _split(value) if typing.get_origin(plain_type(field)) is list else value
        options = self._chosen_options(cleaned, kind)
        try:
            cleaned["recipe"] = Recipe.model_validate(given | options)
        except ValidationError as error:
            for problem in error.errors():
                name, *inside = map(str, problem["loc"])
                if name == "objective" and inside:
                    name = _field_name(options[name]["kind"], inside[0])
                self.add_error(name, problem_message(problem))
        return cleaned

    def _chosen_objective(self, cleaned: dict[str, Any]) -> ObjectiveInfo | None:
        """The objective that was chosen, else the usual one of the base."""
        fitting = self._fitting.get(cleaned.get("base", ""), [])
        named = cleaned.get("objective")
        return OBJECTIVES[named] if named else fitting[0] if fitting else None

    def _chosen_options(self, cleaned: dict[str, Any], kind: ObjectiveInfo | None) -> dict[str, Any]:
        """The objective with its settings, where one was chosen or a setting of the usual one was changed."""
        named = cleaned.get("objective")
        if kind is None:
            return {}
        values = {name: cleaned.get(_field_name(kind.name, name)) for name in kind.options.settings()}
        given = {name: value for name, value in values.items() if value not in (None, "")}
        usual = kind.options().model_dump()
        if not named and all(usual[name] == value for name, value in given.items()):
            return {}
        return {"objective": {"kind": kind.name, **given}}


def _option_field(field: FieldInfo) -> forms.Field:
    """The form field of an objective's own setting."""
    made = settings_fields.form_field(field)
    if labels := _value_labels(field):
        made = forms.ChoiceField(choices=list(labels.items()), label=made.label, help_text=made.help_text)
    made.initial, made.required = field.default, False
    if field.default is None:
        made.widget.attrs["placeholder"] = _("automatic")
    return made


def _value_labels(field: FieldInfo) -> dict[str, str]:
    """What the values of an objective's setting are called, where it lists them."""
    extra: Any = field.json_schema_extra
    return {value: _(label) for value, label in extra.get("labels", {}).items()}


def _split(value: str) -> list[str]:
    return [part.strip() for part in value.split(",") if part.strip()]


class RunNameForm(StudioForm):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=longest(Run, "name"))
