"""Base models whose files people bring: in a folder of the server, or as an uploaded archive."""

from pathlib import Path, PurePosixPath
from typing import IO

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.catalog.model_archives import ModelArchive, opened_archive
from apps.catalog.model_files import describe_folder
from apps.catalog.models import BaseModel
from apps.catalog.services import add_base_model, checked_folder
from apps.core.disk_space import free_disk
from apps.core.errors import UserError
from apps.core.models import fitting
from apps.core.storage import storage
from apps.core.texts import translated
from apps.datasets.services.uploading import disk_is_full
from apps.jobs.models import Job
from apps.workspaces import access, audit, usage
from apps.workspaces.access import Action
from apps.workspaces.models import UsageKind, Workspace
from workers.shared.storage import StorageError


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


def add_uploaded_base(
    *, actor: User, workspace: Workspace, file: IO[bytes], filename: str, name: str = ""
) -> BaseModel:
    """Add the model in a zip archive. Raises UserError at field `file` when it cannot be a base or does not fit (OverQuota)."""
    access.require(actor, workspace, Action.EDIT)
    filename = PurePosixPath(filename.replace("\\", "/")).name
    with opened_archive(file, name or PurePosixPath(filename).stem) as archive:
        room = usage.room_for_bytes(workspace)
        if room is not None and archive.model.bytes > room:
            raise usage.OverQuota(UsageKind.STORAGE, field="file")
        base = BaseModel(
            workspace=workspace,
            created_by=actor,
            kind=BaseModel.Kind.UPLOAD,
            name=fitting(BaseModel, "name", archive.model.name),
            family=archive.model.family or "",
            location=fitting(BaseModel, "location", filename),
            model_type=archive.model.model_type,
        )
        try:
            # Written outside of the transaction: a long upload must not hold the database.
            base.bytes = _store(archive, base)
            _save(actor, base)
        except BaseException:
            storage().delete(base.files_key)
            raise
    return base


def _store(archive: ModelArchive, base: BaseModel) -> int:
    if archive.model.bytes > settings.UPLOAD_LIMIT_MB << 20:
        text = _(
            "The files of this model are larger than the limit of %(limit)d MB. Ask the administrator to copy them into a folder of the server."
        )
        raise UserError(text % {"limit": settings.UPLOAD_LIMIT_MB}, field="file", code="too_large")
    try:
        return sum(
            storage().write(
                f"{base.files_key}/{PurePosixPath(member.filename).name}", archive.chunks(member)
            )[0]
            for member in archive.members
        )
    except OSError as error:
        raise disk_is_full(error) from error
    except StorageError as error:
        raise UserError(str(error), field="file", code="storage") from error


@transaction.atomic
def _save(actor: User, base: BaseModel) -> None:
    base.save()
    usage.set_stored(workspace=base.workspace, source=base, amount=base.bytes, is_limited=True, field="file")
    audit.record(actor, "base_model.added", base, kind=base.kind, location=base.location)


def hold_files(base_model: BaseModel) -> str:
    """Where the files of an upload are. They are not deleted until the transaction ends, which adds the job that reads them.
    Raises UserError when they are gone."""
    held = BaseModel.objects.select_for_update(no_key=True).filter(pk=base_model.pk).first()
    if held is None or not held.bytes:
        raise UserError(_("The files of this model were deleted. Choose another base model."), field="base")
    return str(held.files_key)


@transaction.atomic
def delete_uploaded_base(*, actor: User, base_model: BaseModel) -> None:
    """Free the disk that an uploaded base takes; models that were trained from it stay. Raises UserError while a job reads it."""
    own = base_model.created_by_id == actor.pk
    access.require(actor, base_model.workspace, Action.EDIT if own else Action.MANAGE)
    base = BaseModel.objects.select_for_update().get(pk=base_model.pk)
    if not base.bytes:
        raise UserError(_("The files of this model were deleted or do not exist yet."))
    if Job.objects.active().filter(preflight__base_model=base).exists():
        raise UserError(
            _("A job is using this model. Wait until the job ends, or stop it first."), code="in_use"
        )
    usage.set_stored(workspace=base.workspace, source=base, amount=0)
    freed, base.bytes, base.archived_at = base.bytes, 0, timezone.now()
    base.save(update_fields=["bytes", "archived_at"])
    audit.record(actor, "base_model.deleted", base, bytes=freed)
    transaction.on_commit(lambda: free_disk([base.files_key]))
