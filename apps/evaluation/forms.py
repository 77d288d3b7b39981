"""Choosing what to evaluate, and on what."""

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.core.forms import StudioForm
from apps.evaluation.services import MOST_ROWS


class EvaluationForm(StudioForm):
    """The view gives `data` and `models` what they offer."""

    data = forms.ChoiceField(label=_("Data"))  # type: ignore[assignment]
    split = forms.ChoiceField(
        label=_("Rows to evaluate"),
        required=False,
        choices=[("test", _("Test rows")), ("all", _("All rows"))],
        help_text=_(
            "Test rows are held out of training. Choose all rows only for data that none of the models was trained on."
        ),
    )
    models = forms.MultipleChoiceField(
        label=_("Models"),
        widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
        help_text=_("If you choose two or more, each is compared with the first one."),
    )
    max_rows = forms.IntegerField(
        label=_("Rows to sample"),
        required=False,
        min_value=1,
        max_value=MOST_ROWS,
        help_text=_(
            "A fixed random sample; labels keep their shares. Leave empty to use every row. In a comparison, an untrained starter answers at most 100 rows."
        ),
    )
