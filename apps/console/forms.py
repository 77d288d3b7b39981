"""Forms of the administrators' pages."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.workspaces.forms import InvitationFields
from apps.workspaces.models import Role, Workspace


class PersonInvitationForm(InvitationFields):
    """Into the studio, and into one of `workspaces`: those that the administrator may invite to."""

    workspace = forms.ChoiceField(
        label=_("Workspace"),
        required=False,
        help_text=_(
            "Without a workspace, the person gets only an account and can be added to workspaces later."
        ),
    )
    role = forms.ChoiceField(
        label=_("Role in the workspace"), choices=Role.choices, initial=Role.EDITOR, required=False
    )
    field_order = ("email", "workspace", "role", "days")

    def __init__(self, *args: Any, workspaces: list[Workspace], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._workspaces = {str(workspace.pk): workspace for workspace in workspaces}
        named = [(pk, workspace.name) for pk, workspace in self._workspaces.items()]
        self.fields["workspace"].choices = [("", _("None: an account only")), *named]  # type: ignore[attr-defined]

    def clean_workspace(self) -> Workspace | None:
        return self._workspaces.get(self.cleaned_data["workspace"])

    def clean_role(self) -> str:
        return self.cleaned_data["role"] or Role.VIEWER.value
