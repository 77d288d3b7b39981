"""Choosing what to evaluate, and on what."""

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.core.forms import StudioForm


class EvaluationForm(StudioForm):
    """The view gives `data` and `models` what they offer."""

    data = forms.ChoiceField(  # type: ignore[assignment]
        label=_("On which held-out rows?"), help_text=_("The test split of a data version.")
    )
    models = forms.MultipleChoiceField(
        label=_("Which models?"),
        widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
        help_text=_(
            "Two or more are also compared with each other; the first is what the others are measured against."
        ),
    )
    max_rows = forms.IntegerField(
        label=_("Most rows"),
        required=False,
        min_value=1,
        max_value=10_000_000,
        help_text=_("Left empty: all of them."),
    )
