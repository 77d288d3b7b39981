"""Everything that went in or came out, as files."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponseBase
from django.utils.text import slugify
from django.views.decorators.http import require_GET

from apps.core.downloads import read_chunks
from apps.core.errors import NotVisible
from apps.core.storage import storage
from apps.datasets.models import DatasetVersion, Import
from apps.datasets.rows import DATA_NAME, kept_csv, rejected_csv
from apps.workspaces import access
from apps.workspaces.downloads import send_file

_CSV = "text/csv; charset=utf-8"


@require_GET
@login_required
def source(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """The file as it came; one that is still to be fetched is not there."""
    import_ = access.get_visible(Import.objects.all(), request.user, pk=pk)
    if import_.address_encrypted or import_.files_deleted_at:
        raise NotVisible
    chunks = read_chunks(storage().open(import_.source_key))
    return send_file(
        request, chunks, workspace=import_.workspace, filename=import_.filename, size=import_.source_bytes
    )


@require_GET
@login_required
def import_rejected(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """Rows that could not be read, with line and reason."""
    import_ = access.get_visible(Import.objects.select_related("dataset"), request.user, pk=pk)
    if not import_.result:
        raise NotVisible
    name = f"{_stem(import_.dataset.name)}-rejected.csv"
    chunks = rejected_csv(import_.rows_key)
    return send_file(request, chunks, workspace=import_.workspace, filename=name, content_type=_CSV)


@require_GET
@login_required
def version_file(request: HttpRequest, pk: UUID, name: str) -> HttpResponseBase:
    """kept.csv, rejected.csv or kept.parquet of a version."""
    versions = DatasetVersion.objects.ready().select_related("dataset")
    version = access.get_visible(versions, request.user, pk=pk)
    filename = f"{_stem(version.dataset.name)}-v{version.number}-{name}"
    if name == "kept.parquet":
        key = f"{version.storage_key}/{DATA_NAME}"
        chunks, size = read_chunks(storage().open(key)), storage().size(key)
        return send_file(request, chunks, workspace=version.workspace, filename=filename, size=size)
    chunks = kept_csv(version) if name == "kept.csv" else rejected_csv(version.storage_key)
    return send_file(request, chunks, workspace=version.workspace, filename=filename, content_type=_CSV)


def _stem(name: str) -> str:
    return slugify(name, allow_unicode=True) or "data"
