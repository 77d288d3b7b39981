"""A source on its way in: streamed to storage, then read by a job."""

from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.core.disk_space import free_disk
from apps.core.errors import UserError
from apps.core.storage import storage
from apps.datasets.models import Dataset, Import
from apps.datasets.services.uploading import disk_is_full, too_large_message
from apps.jobs import services as jobs
from apps.jobs.models import Job
from apps.workspaces import access, audit, usage
from apps.workspaces.access import Action
from apps.workspaces.models import UsageKind, Workspace
from apps.workspaces.numbering import next_number
from workers.contracts.job_kinds.importing import IMPORT, FetchedSource, ImportResult, ImportSpec
from workers.contracts.texts import Text
from workers.shared.storage import StorageError

_NAME_CHARACTERS = 150


def start_import(
    *,
    actor: User,
    workspace: Workspace,
    filename: str,
    chunks: Iterable[bytes],
    dataset: Dataset | None = None,
    name: str = "",
    description: str = "",
) -> Import:
    """Store a file chunk by chunk and queue the job that reads it, into `dataset` or a new one.

    Raises UserError (field `file`) when it is empty, larger than UPLOAD_LIMIT_MB, or does not fit into the workspace's
    storage (OverQuota) or on the disk.
    """
    access.require(actor, dataset.workspace if dataset else workspace, Action.EDIT)
    source = new_import(actor, workspace, filename)
    # Written outside the transaction: a long upload must not hold the database.
    room = usage.room_for_bytes(dataset.workspace if dataset else workspace)
    source.source_bytes, source.source_sha256 = _store(source.source_key, chunks, room)
    spec = ImportSpec(
        inputs={"source": source.source_key},
        output=source.rows_key,
        filename=source.filename,
        **reading_limits(),
    )
    told = {"bytes": source.source_bytes}
    try:
        return create_import(actor, source, dataset, spec, name=name, description=description, told=told)
    except BaseException:
        storage().delete(f"imports/{source.pk}")
        raise


def reading_limits() -> dict[str, Any]:
    """How much of one file is read, as fields of an ImportSpec."""
    return {
        "max_rows": settings.IMPORT_MAX_ROWS,
        "max_seconds": settings.IMPORT_MAX_MINUTES * 60,
        "max_unpacked_bytes": settings.IMPORT_MAX_UNPACKED_MB << 20,
    }


def new_import(actor: User, workspace: Workspace, filename: str) -> Import:
    """One that is not saved yet, with the keys of its files."""
    source = Import(workspace=workspace, created_by=actor, filename=_clean_filename(filename))
    folder = f"imports/{source.pk}"
    source.source_key, source.rows_key = f"{folder}/source", f"{folder}/rows"
    return source


def _clean_filename(filename: str) -> str:
    """The last part of the name, without control characters, as it is shown and given back."""
    last = PurePosixPath(filename.replace("\\", "/")).name
    return "".join(c for c in last if c.isprintable()).strip()[-255:] or "data"


def _store(key: str, chunks: Iterable[bytes], room: int | None) -> tuple[int, str]:
    limit_bytes = settings.UPLOAD_LIMIT_MB << 20
    try:
        size, sha256 = storage().write(key, _below(chunks, limit_bytes, room))
    except OSError as error:
        raise disk_is_full(error) from error
    except StorageError as error:
        raise UserError(str(error), field="file", code="storage") from error
    if not size:
        storage().delete(key)
        raise UserError(_("This file is empty. Choose one with rows in it."), field="file", code="empty_file")
    return size, sha256


def _below(chunks: Iterable[bytes], limit_bytes: int, room: int | None) -> Iterator[bytes]:
    """Ends an upload early that cannot fit; what really fits is decided once its size is known."""
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if room is not None and size > room:
            raise usage.OverQuota(UsageKind.STORAGE, field="file")
        if size > limit_bytes:
            raise UserError(too_large_message(), field="file", code="too_large")
        yield chunk


@transaction.atomic
def create_import(
    actor: User,
    source: Import,
    dataset: Dataset | None,
    spec: ImportSpec,
    *,
    told: dict[str, Any],
    name: str = "",
    description: str = "",
) -> Import:
    """Save `source` with its job; the audit trail is `told` more about it. The caller has checked permission."""
    workspace = source.workspace
    if dataset is None:
        dataset = Dataset.objects.create(
            workspace=workspace,
            created_by=actor,
            number=next_number(workspace, "dataset"),
            name=(name.strip() or _name_from(source.filename))[:_NAME_CHARACTERS],
            description=description.strip(),
        )
        audit.record(actor, "dataset.created", dataset)
    source.dataset = dataset
    source.workspace = dataset.workspace
    source.job = jobs.enqueue(
        actor=actor,
        workspace=dataset.workspace,
        kind=IMPORT,
        title=Text("jobs.title_import", file=source.filename),
        spec=spec,
    )
    source.save()
    usage.set_stored(
        workspace=source.workspace, source=source, amount=source.source_bytes, is_limited=True, field="file"
    )
    audit.record(actor, "import.started", source, dataset=dataset.name, **told)
    return source


def _name_from(filename: str) -> str:
    """support_tickets.v2.csv -> support tickets.v2"""
    stem = PurePosixPath(filename).stem.replace("_", " ").strip()
    return stem or filename


def take_import_result(*, job: Job) -> None:
    """The job read the file: keep what it found. Raises OverQuota when a file that it fetched does not fit any more."""
    result = ImportResult.model_validate(job.result)
    source = Import.objects.select_related("dataset", "workspace").get(job=job)
    source.result = result.model_dump(mode="json")
    if result.fetched:
        _take_fetched(source, result.fetched)
    source.save()


def _take_fetched(source: Import, fetched: FetchedSource) -> None:
    """The site may have called the file something else than its address does."""
    before, source.filename = source.filename, _clean_filename(fetched.filename)
    source.source_bytes, source.source_sha256 = fetched.bytes, fetched.sha256
    source.address_encrypted = ""
    if source.dataset.name == _name_from(before)[:_NAME_CHARACTERS]:
        source.dataset.name = _name_from(source.filename)[:_NAME_CHARACTERS]
        source.dataset.save(update_fields=["name"])
    try:
        usage.set_stored(
            workspace=source.workspace, source=source, amount=fetched.bytes, is_limited=True, field="address"
        )
    except usage.OverQuota:
        free_disk([source.rows_key])
        raise
