"""Everything that went in or came out, as files."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponseBase
from django.views.decorators.http import require_GET

from apps.core.downloads import read_chunks
from apps.core.errors import NotVisible
from apps.core.storage import storage
from apps.datasets.files import send_import_file, send_version_file
from apps.datasets.models import DatasetVersion, Import
from apps.workspaces import access
from apps.workspaces.access.downloads import send_file


@require_GET
@login_required
def source(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """The file as it came; one that is still to be fetched is not there."""
    import_ = access.open_object(request, Import.objects.all(), pk=pk)
    if import_.address_encrypted or import_.files_deleted_at:
        raise NotVisible
    chunks = read_chunks(storage().open(import_.source_key))
    return send_file(
        request, chunks, workspace=import_.workspace, filename=import_.filename, size=import_.source_bytes
    )


@require_GET
@login_required
def import_file(request: HttpRequest, pk: UUID, name: str) -> HttpResponseBase:
    """Rows that could not be read, with line and reason: rejected.csv or rejected.parquet."""
    related = Import.objects.select_related("workspace", "dataset")
    return send_import_file(request, access.open_object(request, related, pk=pk), name)


@require_GET
@login_required
def version_file(request: HttpRequest, pk: UUID, name: str) -> HttpResponseBase:
    """Rows of a version: kept or rejected, .csv or .parquet."""
    related = DatasetVersion.objects.select_related("workspace", "dataset")
    return send_version_file(request, access.open_object(request, related, pk=pk), name)
