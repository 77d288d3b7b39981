"""The form of a sweep, made from the settings of a training plan that can be varied."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core.errors import UserError
from apps.core.forms import StudioForm
from apps.core.models import longest
from apps.training.forms import VALUES, value_words
from apps.training.models import MOST_TRIALS, Preflight, Sweep
from apps.training.sweeps.services import Budget, metrics_of
from apps.training.sweeps.space import Choices, Setting, searchable
from workers.contracts.job_kinds.preflight import PreflightResult

_FIRST = "learning_rate"
"""Varied unless told otherwise: no other setting matters as often."""
_TRIALS = 10


@dataclass(frozen=True)
class SettingRow:
    """A row of the form: whether to vary a setting, and between what."""

    setting: Setting
    varied: Any
    low: Any = None
    high: Any = None
    choices: Any = None

    @property
    def title(self) -> str:
        return self.setting.title

    @property
    def current(self) -> str:
        """Its value in the training plan."""
        return value_words(self.setting.current)

    @property
    def errors(self) -> list[str]:
        return [error for field in (self.low, self.high, self.choices) if field for error in field.errors]


class SweepForm(StudioForm):
    name = forms.CharField(
        label=gettext_lazy("Sweep name"), max_length=longest(Sweep, "name"), required=False
    )
    trials = forms.IntegerField(
        label=gettext_lazy("Number of trials"),
        help_text=gettext_lazy(
            "Each trial is a run. The first one uses the settings of the plan, and later ones learn from the results."
        ),
        min_value=2,
        max_value=MOST_TRIALS,
        initial=_TRIALS,
        required=False,
    )
    minutes = forms.FloatField(
        label=gettext_lazy("Time budget (minutes)"),
        help_text=gettext_lazy(
            "The sweep ends after this much training time, and the running trial is stopped. Leave empty for no limit."
        ),
        widget=forms.NumberInput(attrs={"step": "any", "min": "0"}),
        required=False,
    )
    prunes = forms.BooleanField(
        label=gettext_lazy("Stop bad trials early"),
        help_text=gettext_lazy(
            "Pruning: a trial that is worse than the median of the earlier ones at the same validation round is stopped."
        ),
        initial=True,
        required=False,
    )

    def __init__(self, *args: Any, preflight: Preflight, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        recipe = PreflightResult.model_validate(preflight.result).recipe
        self.settings = searchable(recipe)
        metrics = metrics_of(preflight)
        self.fields["metric"] = forms.ChoiceField(
            label=_("Metric"),
            help_text=_("Trials are compared by this figure of the validation rows."),
            choices=[(metric.value, metric.label) for metric in metrics],
        )
        for name, setting in self.settings.items():
            self._add(name, setting)

    def _add(self, name: str, setting: Setting) -> None:
        usual = setting.usual
        self.fields[f"vary-{name}"] = forms.BooleanField(
            label=setting.title, initial=name == _FIRST, required=False
        )
        if isinstance(usual, Choices):
            self.fields[name] = forms.MultipleChoiceField(
                label=_("%(setting)s: values") % {"setting": setting.title},
                choices=[(value, VALUES.get(value, value)) for value in usual.values],
                initial=usual.values,
                widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
                required=False,
            )
            return
        make = forms.IntegerField if setting.is_whole else forms.FloatField
        for end, words, value in (
            ("low", _("%(setting)s: lowest value"), usual.low),
            ("high", _("%(setting)s: highest value"), usual.high),
        ):
            widget = forms.NumberInput(attrs={"step": "1" if setting.is_whole else "any"})
            self.fields[f"{name}-{end}"] = make(
                label=words % {"setting": setting.title},
                initial=int(value) if setting.is_whole else value,
                widget=widget,
                required=False,
            )

    def rows(self) -> list[SettingRow]:
        """The settings with their fields, in the order of the recipe."""
        return [
            SettingRow(
                setting,
                self[f"vary-{name}"],
                choices=self[name],
            )
            if setting.values
            else SettingRow(setting, self[f"vary-{name}"], self[f"{name}-low"], self[f"{name}-high"])
            for name, setting in self.settings.items()
        ]

    def options(self) -> list[Any]:
        """The fields that are no settings."""
        return [self[name] for name in ("metric", "trials", "minutes", "prunes", "name")]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        space: dict[str, Any] = {}
        for name, setting in self.settings.items():
            if not cleaned.get(f"vary-{name}"):
                continue
            if setting.values:
                space[name] = {"values": cleaned.get(name) or []}
                continue
            ends = {end: cleaned.get(f"{name}-{end}") for end in ("low", "high")}
            for end, value in ends.items():
                if value is None and f"{name}-{end}" not in self.errors:
                    self.add_error(f"{name}-{end}", _("Enter a number."))
            space[name] = ends
        cleaned["space"] = space
        return cleaned

    @property
    def request(self) -> dict[str, Any]:
        """The valid answers, as `start_sweep` takes them."""
        cleaned = self.cleaned_data
        budget = Budget(trials=cleaned["trials"], minutes=cleaned["minutes"])
        return {"budget": budget, **{name: cleaned[name] for name in ("space", "metric", "prunes", "name")}}

    def add_user_error(self, error: UserError) -> None:
        """Show a refusal of a setting at the setting."""
        name = (error.field or "").removeprefix("space.")
        for field in (f"{name}-low", name):
            if name in self.settings and field in self.fields:
                self.add_error(field, str(error.message))
                return
        super().add_user_error(error)
