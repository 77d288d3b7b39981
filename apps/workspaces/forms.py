"""Forms for keys, invitations, and the settings of a workspace."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.core.forms import StudioForm
from apps.workspaces.models import Membership, Role, Workspace


class ApiKeyForm(StudioForm):
    name = forms.CharField(
        label=_("What is it for?"), max_length=100, help_text=_("For instance: nightly retraining script.")
    )
    can_write = forms.BooleanField(
        label=_("It may also write: upload, train, publish"), required=False, initial=True
    )


class InvitationForm(StudioForm):
    """`roles`: those that the person may give, lowest first."""

    email = forms.EmailField(
        label=_("E-mail address"),
        required=False,
        help_text=_(
            "The invitation is mailed to it and works for its owner alone. Without one, whoever has the link may use it, once."
        ),
    )
    role = forms.ChoiceField(label=_("Role"))
    days = forms.TypedChoiceField(
        label=_("Open for"),
        coerce=int,
        choices=[(1, _("a day")), (7, _("a week")), (30, _("a month"))],
        initial=7,
    )

    def __init__(self, *args: Any, roles: Sequence[Role], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = [(role.value, role.label) for role in roles]  # type: ignore[attr-defined]


class NameForm(StudioForm):
    name = forms.CharField(label=_("Name"), max_length=100)


class HandOverForm(StudioForm):
    member = forms.ModelChoiceField(
        label=_("New owner"), queryset=Membership.objects.none(), empty_label=_("Choose a member")
    )

    def __init__(self, *args: Any, workspace: Workspace, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        others = Membership.objects.filter(workspace=workspace).exclude(user=user).select_related("user")
        self.fields["member"].queryset = others.order_by("user__email")  # type: ignore[attr-defined]


class DeleteForm(StudioForm):
    typed_name = forms.CharField(
        label=_("Type the name of the workspace to confirm"),
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
