"""Renaming, hiding, holding and deleting datasets."""

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction
from django.db.models import ProtectedError, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.core.disk_space import free_disk
from apps.core.errors import UserError
from apps.core.models import fitting
from apps.datasets.models import Dataset, DatasetVersion, Import
from apps.jobs.models import Job
from apps.jobs.states import CLAIMED
from apps.workspaces import access, audit, usage
from apps.workspaces.access import Action


@transaction.atomic
def update_dataset(*, actor: User, dataset: Dataset, name: str, description: str = "") -> None:
    """Change the name or the description."""
    access.require(actor, dataset.workspace, Action.EDIT)
    if not name.strip():
        raise UserError(_("Enter a name for the dataset."), field="name")
    dataset.name, dataset.description = fitting(Dataset, "name", name.strip()), description.strip()
    dataset.save(update_fields=["name", "description"])
    audit.record(actor, "dataset.changed", dataset, name=dataset.name)


@transaction.atomic
def set_archived(*, actor: User, dataset: Dataset, archived: bool) -> None:
    """Hide a dataset from lists and choices, or show it again. Nothing is lost."""
    access.require(actor, dataset.workspace, Action.EDIT)
    dataset.archived_at = timezone.now() if archived else None
    dataset.save(update_fields=["archived_at"])
    audit.record(actor, "dataset.archived" if archived else "dataset.unarchived", dataset)


def hold_version(version: DatasetVersion) -> DatasetVersion:
    """Lock the row until the transaction ends: a deletion waits for it, and then sees what was made.

    Versions are held before the models that go with them, always, so that no deadlock arises. Raises UserError
    when it is gone, or its rows are.
    """
    held: DatasetVersion | None = (
        DatasetVersion.objects.select_for_update(no_key=True, of=("self",))
        .select_related("dataset", "workspace")
        .filter(pk=version.pk)
        .first()
    )
    if held is None:
        raise UserError(_("This dataset was deleted a moment ago."), field="data", code="gone")
    if held.files_deleted_at is not None:
        raise UserError(
            _("The rows of this data were deleted. Choose other data."), field="data", code="gone"
        )
    return held


@transaction.atomic
def delete_dataset(*, actor: User, dataset: Dataset) -> bool:
    """Delete a dataset with its files, versions and jobs; the disk is freed once that is committed.

    Where runs or evaluations rest on it, its files and rows go all the same; its name, its columns and what was made from it
    stay, and False is returned. Raises UserError when a job is at work on it right now.
    """
    _require_may_delete(actor, dataset)
    dataset = Dataset.objects.select_for_update().get(pk=dataset.pk)
    # What is starting on a version right now holds it: waiting for that here shows whether something rests on it.
    imports, versions = list(dataset.imports.all()), list(dataset.versions.select_for_update())
    job_ids = [row.job_id for row in (*imports, *versions)]
    job_ids += Job.objects.filter(preflight__dataset_version__in=versions).values_list("pk", flat=True)
    _refuse_while_working(job_ids, versions)
    keys = [*(_folder(source) for source in imports), *(version.storage_key for version in versions)]
    for row in (*imports, *versions):
        usage.set_stored(workspace=dataset.workspace, source=row, amount=0)
    try:
        dataset.versions.all().delete()
    except ProtectedError:
        _forget_rows(actor, dataset)
        is_gone = False
    else:
        audit.record(actor, "dataset.deleted", dataset)
        dataset.imports.all().delete()
        dataset.delete()
        Job.objects.filter(pk__in=job_ids).delete()
        is_gone = True
    transaction.on_commit(lambda: free_disk(keys))
    return is_gone


def _forget_rows(actor: User, dataset: Dataset) -> None:
    """Keep what says where models come from, without any row: the samples that were shown for confirming go too."""
    now = timezone.now()
    Job.objects.filter(dataset_import__dataset=dataset).update(result=None)
    dataset.imports.update(source_bytes=0, result=None, files_deleted_at=now)
    dataset.versions.update(bytes=0, files_deleted_at=now)
    dataset.archived_at = now
    dataset.save(update_fields=["archived_at"])
    audit.record(actor, "dataset.files_deleted", dataset)


@transaction.atomic
def discard_import(*, actor: User, import_: Import) -> None:
    """Discard an upload that became no version; its dataset goes too when nothing else is in it."""
    access.require(actor, import_.workspace, Action.EDIT)
    if import_.versions.exists():
        raise UserError(
            _("A version was created from this file, so the file is kept with the version."), code="in_use"
        )
    _refuse_while_working([import_.job_id])
    dataset, job, folder = import_.dataset, import_.job, _folder(import_)
    audit.record(actor, "import.discarded", import_)
    usage.set_stored(workspace=dataset.workspace, source=import_, amount=0)
    import_.delete()
    job.delete()
    transaction.on_commit(lambda: free_disk([folder]))
    if not dataset.imports.exists():
        dataset.delete()


def _require_may_delete(actor: User, dataset: Dataset) -> None:
    own = dataset.created_by_id == actor.pk
    access.require(actor, dataset.workspace, Action.EDIT if own else Action.MANAGE)


def _refuse_while_working(job_ids: list[UUID], versions: Sequence[DatasetVersion] = ()) -> None:
    """A queued job simply disappears; one that a worker has taken would go on writing files that are never deleted.

    Runs and evaluations of `versions` do not disappear: one that waits needs the rows as well.
    """
    # Locked, so that no worker takes one between this look and the deletion.
    states = Job.objects.select_for_update().filter(pk__in=job_ids).values_list("state", flat=True)
    resting = (
        Q(run__dataset_version__in=versions)
        | Q(evaluation__dataset_version__in=versions)
        | Q(evaluation__training_data__in=versions)
        | Q(evaluation__model_version__dataset_version__in=versions)
    )
    if set(states) & set(CLAIMED) or (versions and Job.objects.active().filter(resting).exists()):
        raise UserError(
            _("A job is using this data. Stop the job or wait until it ends, then delete the data."),
            code="busy",
        )


def _folder(source: Import) -> str:
    """Where its source, its rows and those of earlier readings lie."""
    return f"imports/{source.pk}"
