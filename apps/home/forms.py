"""The set-up form."""

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.accounts.forms import NewAccountForm
from apps.core.models import longest
from apps.workspaces.models import Workspace


class SetUpForm(NewAccountForm):
    email = forms.EmailField(
        label=_("Your e-mail address"),
        widget=forms.EmailInput(attrs={"autocomplete": "email", "autofocus": True}),
    )
    workspace = forms.CharField(
        label=_("Name of your team or project"),
        max_length=longest(Workspace, "name"),
        required=False,
        help_text=_("Data, models and apps belong to a workspace. You can rename it later."),
    )
