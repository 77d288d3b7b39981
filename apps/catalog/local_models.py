"""Base models whose files people bring: in a folder of the server."""

from pathlib import Path

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.catalog.model_files import describe_folder
from apps.catalog.models import BaseModel
from apps.catalog.services import add_base_model, checked_folder
from apps.core.errors import UserError
from apps.core.texts import translated
from apps.workspaces import access
from apps.workspaces.access import Action
from apps.workspaces.models import Workspace


def add_local_base(*, actor: User, workspace: Workspace, folder: str) -> BaseModel:
    """Add a model of a folder below MODEL_ROOTS, with the family that its files state, or return the one that is there.
    Raises UserError when it cannot be a base."""
    access.require(actor, workspace, Action.EDIT)
    location = checked_folder(folder)
    try:
        model = describe_folder(Path(location))
    except OSError as error:
        message = _("The folder %(folder)s cannot be read: %(reason)s.")
        reason = error.strerror or type(error).__name__
        raise UserError(message % {"folder": folder, "reason": reason}, field="location") from error
    if model.obstacle is not None or model.family is None:
        raise UserError(translated(model.obstacle), field="location", code="unfit")
    with transaction.atomic():
        known = BaseModel.objects.in_workspace(workspace).current().filter(kind=BaseModel.Kind.FOLDER)
        found: BaseModel | None = known.filter(location=location, family=model.family.value).first()
        return found or add_base_model(
            actor=actor,
            workspace=workspace,
            kind=BaseModel.Kind.FOLDER,
            name="",
            family=model.family.value,
            location=location,
        )
