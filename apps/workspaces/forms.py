"""The form for a new API key."""

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.core.forms import StudioForm


class ApiKeyForm(StudioForm):
    name = forms.CharField(
        label=_("What is it for?"), max_length=100, help_text=_("For instance: nightly retraining script.")
    )
    can_write = forms.BooleanField(
        label=_("It may also write: upload, train, publish"), required=False, initial=True
    )
