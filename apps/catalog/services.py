"""Every write to base models, model versions and exports."""

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from pydantic import BaseModel as Schema
from pydantic import ValidationError

from apps.accounts.models import User
from apps.catalog.hub import HubModel, describe_model
from apps.catalog.models import BaseModel, Export, ModelVersion
from apps.core.disk_space import free_disk
from apps.core.errors import UserError
from apps.core.filenames import file_stem
from apps.core.joined_names import listed
from apps.core.models import fitting
from apps.core.storage import storage
from apps.core.texts import translated
from apps.datasets.models import DatasetVersion
from apps.jobs import services as jobs
from apps.jobs.models import Job
from apps.jobs.reaper import drop_checkpoint
from apps.jobs.states import ACTIVE, State
from apps.workspaces import access, audit, usage
from apps.workspaces.access import Action
from apps.workspaces.models import Workspace
from apps.workspaces.numbering import next_number
from workers.contracts.families import Family
from workers.contracts.hub_models import CONFIG_NAME
from workers.contracts.job_kinds.export import EXPORT, ExportSpec
from workers.contracts.model_folder import MANIFEST_NAME, ModelManifest, manifest_from
from workers.contracts.recipes import HubBase, is_hub_id
from workers.contracts.recommended import find_recommended
from workers.contracts.texts import Text
from workers.shared.storage import StorageError


@transaction.atomic
def add_base_model(
    *,
    actor: User,
    workspace: Workspace,
    kind: str,
    name: str,
    family: str,
    location: str,
    revision: str = "main",
    model_type: str = "",
) -> BaseModel:
    """Add a model from the Hub or from a folder. Raises UserError when its address cannot be one."""
    access.require(actor, workspace, Action.EDIT)
    location = location.strip()
    if family not in {each for each in Family if each.is_transformer}:
        raise UserError(_("Choose what kind of model it is."), field="family")
    if kind == BaseModel.Kind.HUB:
        _check_hub_id(location, revision, Family(family))
        recommended = find_recommended(location)
        model_type = model_type or (recommended.model_type if recommended else "")
    elif kind == BaseModel.Kind.FOLDER:
        location = checked_folder(location)
        model_type = _type_in(location)
    else:
        raise UserError(_("Choose where the model comes from."), field="kind")
    known = BaseModel.objects.in_workspace(workspace).current()
    # One model can be of two kinds: a language model with a head for labels is a classifier.
    if known.filter(kind=kind, location=location, revision=revision or "main", family=family).exists():
        raise UserError(_("This model is already in the list."), field="location")
    base = BaseModel.objects.create(
        workspace=workspace,
        created_by=actor,
        kind=kind,
        name=name.strip() or fitting(BaseModel, "name", location.rstrip("/").rsplit("/", 1)[-1]),
        family=family,
        location=location,
        revision=revision.strip() or "main",
        model_type=fitting(BaseModel, "model_type", model_type),
    )
    audit.record(actor, "base_model.added", base, kind=kind, location=location)
    return base


def add_hub_base(*, actor: User, workspace: Workspace, hub_id: str, revision: str = "") -> BaseModel:
    """Add a model of the Hub, or return the one that the workspace has. Raises UserError, HubError among them.

    A recommended base needs no question to the Hub. Of another one the family is detected and the commit pinned.
    """
    access.require(actor, workspace, Action.EDIT)
    recommended = find_recommended(hub_id) if not revision else None
    if recommended is not None:
        family, revision, name = recommended.family, recommended.revision, recommended.name
        model_type = recommended.model_type
    else:
        model = find_hub_model(actor=actor, workspace=workspace, hub_id=hub_id, revision=revision)
        if model.obstacle is not None or model.family is None:
            raise UserError(translated(model.obstacle), field="location", code="unfit")
        family, revision, name = model.family, model.commit or revision or "main", ""
        model_type = model.model_type
    with transaction.atomic():
        known = BaseModel.objects.in_workspace(workspace).current().filter(kind=BaseModel.Kind.HUB)
        found: BaseModel | None = known.filter(
            location=hub_id, revision=revision, family=family.value
        ).first()
        return found or add_base_model(
            actor=actor,
            workspace=workspace,
            kind=BaseModel.Kind.HUB,
            name=name,
            family=family.value,
            location=hub_id,
            revision=revision,
            model_type=model_type,
        )


def find_hub_model(*, actor: User, workspace: Workspace, hub_id: str, revision: str = "") -> HubModel:
    """What the Hub says about a model. Raises UserError for what is no Hub id, and HubError."""
    access.require(actor, workspace, Action.EDIT)
    _check_hub_id(hub_id, revision, Family.CAUSAL)
    return describe_model(hub_id, revision or "main", actor=actor, workspace=workspace)


def _check_hub_id(location: str, revision: str, family: Family) -> None:
    not_an_id = _(
        "This is not a Hub id. Enter an id of the form “owner/name”, such as “google/flan-t5-small”, not an address that begins with https://."
    )
    if not is_hub_id(location):
        raise UserError(not_an_id, field="location")
    try:
        HubBase(family=family, repo_id=location, revision=revision or "main")
    except ValidationError as error:
        if error.errors()[0]["loc"][-1] == "revision":
            message = _(
                "This is not a revision. Enter a branch, a tag or a commit of the model, for instance “main”, with at most 100 "
                "characters."
            )
            raise UserError(message, field="revision") from error
        raise UserError(not_an_id, field="location") from error


def checked_folder(location: str) -> str:
    """Only folders below a root that the administrator set; a link out of it does not count as below."""
    roots = [Path(root) for root in settings.MODEL_ROOTS]
    if not roots:
        message = _(
            "Folders are disabled here. An administrator can allow them by setting MODEL_ROOTS to the folders that "
            "models may be read from, separated by commas (/srv/models,/mnt/models)."
        )
        raise UserError(message, field="location")
    path = Path(location)
    if not path.is_absolute() or "\0" in location:
        raise UserError(_("Enter the full path of the folder, beginning with /."), field="location")
    resolved = path.resolve()
    if not any(resolved.is_relative_to(root) for root in roots):
        message = _("The folder must be inside one of these folders: %(roots)s.")
        raise UserError(message % {"roots": listed(str(root) for root in roots)}, field="location")
    if (
        any(root.is_dir() for root in roots if resolved.is_relative_to(root))
        and not (resolved / "config.json").is_file()
    ):
        message = _(
            "There is no model in this folder. A model folder contains a config.json, as transformers saves it."
        )
        raise UserError(message, field="location")
    return str(resolved)


def _type_in(folder: str) -> str:
    """The type of a model by its config.json; "" where the site cannot read that, as when another machine has the folder."""
    try:
        return str(json.loads(Path(folder, CONFIG_NAME).read_bytes()).get("model_type") or "")
    except (OSError, ValueError, AttributeError):
        return ""


@transaction.atomic
def set_base_model_archived(*, actor: User, base_model: BaseModel, archived: bool) -> None:
    access.require(actor, base_model.workspace, Action.EDIT)
    if base_model.is_upload and not base_model.bytes:
        raise UserError(_("The files of this model were deleted. Upload it again."), code="gone")
    _set_archived(base_model, archived)
    audit.record(actor, "base_model.archived" if archived else "base_model.unarchived", base_model)


def _set_archived(target: BaseModel | ModelVersion, archived: bool) -> None:
    target.archived_at = timezone.now() if archived else None
    target.save(update_fields=["archived_at"])


@transaction.atomic
def create_version(
    *,
    actor: User | None,
    workspace: Workspace,
    kind: str,
    family: str,
    task_type: str,
    origin: Schema | dict[str, Any],
    origin_label: str,
    name: str = "",
    parent: ModelVersion | None = None,
    dataset_version: DatasetVersion | None = None,
) -> ModelVersion:
    """Make the row of a model whose files a job will write to its storage_key; `record_files` then makes it ready.

    The caller has checked permission. `kind` is base for weights before training, tuned for what a run leaves.
    """
    number = next_number(workspace, "model")
    version = ModelVersion(
        workspace=workspace,
        created_by=actor,
        number=number,
        name=fitting(ModelVersion, "name", name or f"{origin_label} {number}"),
        kind=kind,
        family=Family(family).value,
        task_type=task_type,
        origin=origin.model_dump(mode="json") if isinstance(origin, Schema) else origin,
        origin_label=fitting(ModelVersion, "origin_label", origin_label),
        parent=parent,
        dataset_version=dataset_version,
    )
    version.storage_key = f"models/{version.pk}"
    version.save()
    return version


def create_base_version(**fields: Any) -> ModelVersion:
    """`create_version` for the weights that training starts from."""
    return create_version(kind=ModelVersion.Kind.BASE, **fields)


def create_tuned_version(**fields: Any) -> ModelVersion:
    """`create_version` for what a run will leave."""
    return create_version(kind=ModelVersion.Kind.TUNED, **fields)


def record_files(*, version: ModelVersion) -> None:
    """Take sizes and facts from the folder that a job has published. Raises UserError when there is no model in it."""
    manifest = _manifest_of(version)
    version.bytes = storage().size(version.storage_key)
    version.family = manifest.family.value
    version.parameters = manifest.parameters
    version.context_length = manifest.context_length
    version.labels = manifest.labels
    version.precision = manifest.precision.value
    version.save(
        update_fields=["bytes", "family", "parameters", "context_length", "labels", "precision"],
    )
    usage.set_stored(workspace=version.workspace, source=version, amount=version.bytes)


def _manifest_of(version: ModelVersion) -> ModelManifest:
    try:
        with storage().open(f"{version.storage_key}/{MANIFEST_NAME}") as stream:
            return manifest_from(json.loads(stream.read()))
    except (StorageError, ValueError) as error:
        message = _("The job left no readable model under %(key)s.") % {"key": version.storage_key}
        raise UserError(message, code="no_model") from error


@transaction.atomic
def update_version(*, actor: User, version: ModelVersion, name: str, notes: str = "") -> None:
    access.require(actor, version.workspace, Action.EDIT)
    if not name.strip():
        raise UserError(_("Enter a name for the model."), field="name")
    version.name, version.notes = fitting(ModelVersion, "name", name.strip()), notes.strip()
    version.save(update_fields=["name", "notes"])
    audit.record(actor, "model_version.changed", version, name=version.name)


@transaction.atomic
def set_version_archived(*, actor: User, version: ModelVersion, archived: bool) -> None:
    access.require(actor, version.workspace, Action.EDIT)
    _set_archived(version, archived)
    audit.record(actor, "model_version.archived" if archived else "model_version.unarchived", version)


def hold_version(version: ModelVersion) -> ModelVersion:
    """The row as it is now, kept until the transaction ends: its files are not deleted while a job for them is made.

    The caller looks whether it is ready. Raises UserError when the row is gone.
    """
    held: ModelVersion | None = (
        ModelVersion.objects.select_for_update(no_key=True).filter(pk=version.pk).first()
    )
    if held is None:
        raise UserError(_("This model was deleted a moment ago."), field="model", code="gone")
    return held


@transaction.atomic
def delete_version_files(*, actor: User, version: ModelVersion) -> None:
    """Free the disk that a model and its packed copies take; lineage, notes and evaluations stay.

    Raises UserError while an app, a run or an evaluation needs the files.
    """
    own = version.created_by_id == actor.pk
    access.require(actor, version.workspace, Action.EDIT if own else Action.MANAGE)
    version = ModelVersion.objects.select_for_update().get(pk=version.pk)
    if not version.is_ready:
        raise UserError(_("The files of this model were deleted or do not exist yet."))
    _refuse_while_used(version)
    keys = [version.storage_key, *version.exports.values_list("storage_key", flat=True)]
    exported_by = list(version.exports.values_list("job_id", flat=True))
    for row in (version, *version.exports.all()):
        usage.set_stored(workspace=version.workspace, source=row, amount=0)
    version.exports.all().delete()
    Job.objects.filter(pk__in=exported_by).delete()
    run: Any = getattr(version, "run", None)
    if run is not None:
        drop_checkpoint(run.job)
    freed, version.bytes, version.files_deleted_at = version.bytes, 0, timezone.now()
    version.save(update_fields=["bytes", "files_deleted_at"])
    audit.record(actor, "model_version.files_deleted", version, bytes=freed)
    transaction.on_commit(lambda: free_disk(keys))


def _refuse_while_used(version: ModelVersion) -> None:
    app = version.app_versions.select_related("app").first()
    if app is not None:
        message = _("The app “%(app)s” uses this model. Archive the model instead. Archiving only hides it.")
        raise UserError(message % {"app": app.app.name}, code="in_use")
    run = version.runs_from.first()
    if run is not None:
        message = _(
            "The run “%(run)s” started from this model, and the files are needed to train it again. Archive the model instead. Archiving only hides it."
        )
        raise UserError(message % {"run": run.name}, code="in_use")
    jobs_on_it = (
        Q(evaluation__model_version=version)
        | Q(export__model_version=version)
        | Q(preflight__base_version=version)
    )
    if Job.objects.active().filter(jobs_on_it).exists():
        raise UserError(
            _("A job is using this model. Wait until the job ends, or stop it first."), code="in_use"
        )


@transaction.atomic
def start_export(*, actor: User, version: ModelVersion) -> Export:
    """Pack a model for download; one that is packed, or being packed, is not packed again."""
    access.require(actor, version.workspace, Action.VIEW)
    # A button pressed twice: the second press waits here for the first.
    version = ModelVersion.objects.select_for_update().get(pk=version.pk)
    if not version.is_ready:
        raise UserError(_("The files of this model were deleted or do not exist yet."))
    known: Export | None = version.exports.filter(job__state__in=[*ACTIVE, State.SUCCEEDED]).first()
    if known is not None:
        return known
    usage.require_storage(version.workspace)
    export = Export(workspace=version.workspace, created_by=actor, model_version=version)
    export.storage_key = f"exports/{export.pk}"
    export.job = jobs.enqueue(
        actor=actor,
        workspace=version.workspace,
        kind=EXPORT,
        title=Text("jobs.title_export", model=version.name),
        spec=ExportSpec(
            inputs={"model": version.storage_key}, output=export.storage_key, name=archive_name(version)
        ),
    )
    export.save()
    audit.record(actor, "model_version.exported", version)
    return export


def archive_name(version: ModelVersion) -> str:
    """A file name that every system takes; the model's number when nothing of its name is left."""
    return file_stem(version.name, f"model-{version.number}")
