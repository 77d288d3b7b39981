"""Forms for keys, invitations, and the settings of a workspace."""

from collections.abc import Callable, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.accounts.forms import NewAccountForm
from apps.core.forms import StudioForm
from apps.core.models import longest
from apps.workspaces.access.api_keys import DAYS
from apps.workspaces.audit.words import action_words, kind_words
from apps.workspaces.models import ApiKey, AuditEntry, Membership, Role, Workspace
from apps.workspaces.querysets import NOT_SIGNED_IN


class ApiKeyForm(StudioForm):
    name = forms.CharField(
        label=_("Purpose"),
        max_length=longest(ApiKey, "name"),
        help_text=_("For instance: nightly retraining script."),
    )
    can_write = forms.BooleanField(
        label=_("Also allow writing: upload, train, publish"), required=False, initial=True
    )
    days = forms.TypedChoiceField(
        label=_("Valid for"),
        coerce=lambda days: int(days) or None,
        empty_value=DAYS,  # type: ignore[arg-type]
        choices=[
            (7, _("a week")),
            (30, _("a month")),
            (DAYS, _("three months")),
            (365, _("a year")),
            (0, _("until revoked")),
        ],
        initial=DAYS,
        required=False,
        help_text=_(
            "An expiry date limits the damage if the key leaks. You can create a new key at any time."
        ),
    )


class InvitationFields(StudioForm):
    """What every invitation asks for: for whom it is, and for how long it is open."""

    email = forms.EmailField(
        label=_("E-mail address"),
        required=False,
        help_text=_(
            "The invitation is sent to this address and works only for its owner. Without an address, anyone with the link can use it once."
        ),
    )
    days = forms.TypedChoiceField(
        label=_("Link valid for"),
        coerce=int,
        choices=[(1, _("a day")), (7, _("a week")), (30, _("a month"))],
        initial=7,
    )


class InvitationForm(InvitationFields):
    """Into a workspace. `roles`: those that the person may give, lowest first."""

    role = forms.ChoiceField(label=_("Role"))
    field_order = ("email", "role", "days")

    def __init__(self, *args: Any, roles: Sequence[Role], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = [(role.value, role.label) for role in roles]  # type: ignore[attr-defined]


class JoinForm(NewAccountForm):
    """The account of a person who is invited. `email`: the address that the invitation is for, or empty for any."""

    def __init__(self, *args: Any, email: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._named = email.lower()

    def clean_email(self) -> str:
        """The page does not show the address that it takes: who found the link does not learn it."""
        email = str(self.cleaned_data["email"]).strip().lower()
        if self._named and email != self._named:
            message = _("This invitation is for another address. Use the address that it was sent to.")
            raise forms.ValidationError(message)
        return email


class NameForm(StudioForm):
    name = forms.CharField(label=_("Name"), max_length=longest(Workspace, "name"))


class HandOverForm(StudioForm):
    member = forms.ModelChoiceField(
        label=_("New owner"), queryset=Membership.objects.none(), empty_label=_("Choose a member")
    )

    def __init__(self, *args: Any, workspace: Workspace, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        others = Membership.objects.filter(workspace=workspace, user__is_active=True).exclude(user=user)
        others = others.select_related("user")
        self.fields["member"].queryset = others.order_by("user__email")  # type: ignore[attr-defined]


class SecretForm(StudioForm):
    value = forms.CharField(
        label=_("Token"),
        max_length=500,
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=_(
            "The token is encrypted at once and never shown. Pre-flights use it to fetch models from the Hub."
        ),
    )


class AuditFilterForm(StudioForm):
    """Filters of the audit trail; the choices are what is in it, and of people the `actors` that the page offers."""

    actor = forms.ChoiceField(label=_("Performed by"), required=False)
    action = forms.ChoiceField(label=_("Action"), required=False)
    object_type = forms.ChoiceField(label=_("Object"), required=False)
    first_day = forms.DateField(
        label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    last_day = forms.DateField(label=_("To"), required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(
        self, *args: Any, workspace: Workspace, actors: Sequence[tuple[str, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        entries = AuditEntry.objects.filter(workspace=workspace).order_by()
        found: dict[str, list[tuple[str, Any]]] = {
            "actor": [("", _("everyone")), *actors, (NOT_SIGNED_IN, _("not signed in"))],
            "action": [("", _("any action")), *_in_words(entries, "action", action_words)],
            "object_type": [("", _("any object")), *_in_words(entries, "object_type", kind_words)],
        }
        for name, choices in found.items():
            self.fields[name].choices = choices  # type: ignore[attr-defined]


def _in_words(entries: Any, name: str, words: Callable[[str], str]) -> list[tuple[str, str]]:
    """The codes that there are, with their words and in the order of these."""
    codes = entries.exclude(**{name: ""}).values_list(name, flat=True).distinct()
    return sorted(((code, words(code)) for code in codes), key=lambda choice: choice[1].lower())


class DeleteForm(StudioForm):
    typed_name = forms.CharField(
        label=_("Type the name of the workspace to confirm"),
        max_length=longest(Workspace, "name"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
