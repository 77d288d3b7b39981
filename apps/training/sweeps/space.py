"""The settings that a sweep varies and between which values; which ones can be varied, the Recipe says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.fields import FieldInfo

from apps.core.errors import UserError
from apps.core.settings_fields import plain_type
from apps.core.validation_messages import problem_message
from apps.training.forms import field_limits, field_values, objective_of, recipe_fields
from workers.contracts.recipes import Recipe, Search

_DIGITS = 3
"""Significant digits of a searched number: more make no difference, and are hard to read and to type."""


class Range(BaseModel):
    """From `low` to `high`, both included."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    low: float
    high: float

    def __contains__(self, value: Any) -> bool:
        return isinstance(value, int | float) and self.low <= value <= self.high


class Choices(BaseModel):
    """One of `values`."""

    model_config = ConfigDict(extra="forbid")

    values: list[str]

    def __contains__(self, value: Any) -> bool:
        return value in self.values


Domain = Range | Choices
Space = dict[str, Domain]


@dataclass(frozen=True)
class Setting:
    """A setting that can be varied. `current` is its value in the training plan; None where the model itself has one."""

    name: str
    field: FieldInfo
    current: Any = None

    @property
    def title(self) -> str:
        return _(self.field.title or "")

    @cached_property
    def search(self) -> Search:
        extra: Any = self.field.json_schema_extra
        return Search(**extra["search"])

    @property
    def is_whole(self) -> bool:
        return plain_type(self.field) is int

    @property
    def values(self) -> list[str]:
        """What it can be; empty for a number."""
        return [] if plain_type(self.field) in (int, float) else field_values(plain_type(self.field))

    @property
    def usual(self) -> Domain:
        """What a sweep varies it between unless told otherwise."""
        if self.values:
            return Choices(values=self.values)
        limits, search = field_limits(self.field), self.search
        low, high = search.low or 0.0, search.high or 0.0
        if search.factor:
            low, high = self.current / search.factor, self.current * search.factor
        low, high = max(low, limits.get("min_value", low)), min(high, limits.get("max_value", high))
        return Range(low=self.rounded(low), high=self.rounded(high))

    def rounded(self, value: float) -> float:
        """A value of this setting that is as exact as it needs to be."""
        return round(value) if self.is_whole else float(f"{value:.{_DIGITS}g}")


def searchable(recipe: Recipe) -> dict[str, Setting]:
    """Return the settings of a training plan that can be varied, by name."""
    found = {}
    objective = objective_of(recipe.model_dump())
    for name, field in recipe_fields().items():
        if objective is not None and not objective.has_setting(name):
            continue
        extra: Any = field.json_schema_extra
        setting = Setting(name, field, getattr(recipe, name))
        if "search" not in extra or (extra["group"] == "lora" and not recipe.adapters):
            continue
        if setting.current is None and setting.search.factor:
            continue  # a limit that the plan does not have
        found[name] = setting
    return found


def stored_space(stored: Mapping[str, Any]) -> Space:
    """The space of a sweep as its row holds it."""
    return {
        name: Choices(**domain) if "values" in domain else Range(**domain) for name, domain in stored.items()
    }


def checked_space(recipe: Recipe, given: Mapping[str, Mapping[str, Any]]) -> Space:
    """Return the space that was asked for. Raises UserError, whose field is the name of the setting."""
    if not given:
        raise UserError(_("Select at least one setting to vary."), field="space")
    offered = searchable(recipe)
    space: Space = {}
    for name, domain in given.items():
        if name not in offered:
            message = _("“%(name)s” cannot be varied in this training plan. Choose one of: %(names)s.")
            raise UserError(message % {"name": name, "names": ", ".join(offered)}, field="space")
        space[name] = _checked(recipe, offered[name], domain)
    return space


def _checked(recipe: Recipe, setting: Setting, given: Mapping[str, Any]) -> Domain:
    if setting.values:
        return _checked_choices(setting, given)
    try:
        found = Range.model_validate(given)
    except ValidationError as error:
        raise _refused(setting, problem_message(error.errors()[0])) from error
    if found.low >= found.high:
        message = _("The lowest value must be below the highest one.")
        raise _refused(setting, message)
    if setting.search.log and found.low <= 0:
        raise _refused(setting, _("The lowest value must be above 0."))
    for bound in (found.low, found.high):
        value = int(bound) if setting.is_whole and bound.is_integer() else bound
        try:
            Recipe.model_validate({**recipe.model_dump(), setting.name: value})
        except ValidationError as error:
            raise _refused(setting, problem_message(error.errors()[0])) from error
    return found


def _checked_choices(setting: Setting, given: Mapping[str, Any]) -> Choices:
    try:
        found = Choices.model_validate(given)
    except ValidationError as error:
        raise _refused(setting, problem_message(error.errors()[0])) from error
    # In the order of the recipe, each once: the same question has one form.
    values = [value for value in setting.values if value in found.values]
    if len(values) < 2 or set(found.values) - set(values):
        message = _("Select at least two of these values: %(values)s.")
        raise _refused(setting, message % {"values": ", ".join(setting.values)})
    return Choices(values=values)


def _refused(setting: Setting, message: str) -> UserError:
    return UserError(message, field=f"space.{setting.name}")
