"""The form of a user's notifications."""

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.core.forms import StudioForm
from workers.shared.addresses import MOST_CHARACTERS


class NotificationForm(StudioForm):
    by_email = forms.BooleanField(
        label=_("E-mail me when a run that I started has ended"),
        required=False,
        help_text=_("You get no e-mail about runs that you cancel."),
    )
    webhook = forms.CharField(
        label=_("Webhook"),
        max_length=MOST_CHARACTERS,
        required=False,
        help_text=_(
            "The studio sends a POST request with JSON to this address when a run that you started has ended. Slack and "
            "other chat services create such addresses. Leave empty to send none."
        ),
        widget=forms.URLInput(attrs={"autocomplete": "off", "placeholder": "https://"}),
    )
