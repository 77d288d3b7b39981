"""The set-up form."""

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.core.forms import StudioForm


class SetUpForm(StudioForm):
    email = forms.EmailField(
        label=_("Your e-mail address"),
        widget=forms.EmailInput(attrs={"autocomplete": "email", "autofocus": True}),
    )
    name = forms.CharField(
        label=_("Your name"),
        max_length=150,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    password = forms.CharField(
        label=_("Password"),
        help_text=_("At least 12 characters. You sign in with it from now on."),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}, render_value=True),
    )
    workspace = forms.CharField(
        label=_("Name of your team or project"),
        max_length=100,
        required=False,
        help_text=_("Data, models and apps live in a workspace; you can rename it later."),
    )
