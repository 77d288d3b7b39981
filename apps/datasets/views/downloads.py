"""Everything that went in or came out, as files."""

from django.http import HttpRequest, HttpResponseBase

from apps.core.downloads import read_chunks
from apps.core.errors import NotVisible
from apps.core.storage import storage
from apps.datasets.files import send_import_file, send_version_file
from apps.datasets.models import DatasetVersion, Import
from apps.workspaces.access.downloads import send_file
from apps.workspaces.access.rules import VIEW, rule


@rule(get=VIEW, of="import")
def source(request: HttpRequest, import_: Import) -> HttpResponseBase:
    """The file as it came; one that is still to be fetched is not there."""
    if import_.address_encrypted or import_.files_deleted_at:
        raise NotVisible
    chunks = read_chunks(storage().open(import_.source_key))
    return send_file(
        request, chunks, workspace=import_.workspace, filename=import_.filename, size=import_.source_bytes
    )


@rule(get=VIEW, of="import", values="import_file", related=("dataset",))
def import_file(request: HttpRequest, import_: Import, name: str) -> HttpResponseBase:
    """Rows that could not be read, with line and reason: rejected.csv or rejected.parquet."""
    return send_import_file(request, import_, name)


@rule(get=VIEW, of="dataset_version", values="version_file", related=("dataset",))
def version_file(request: HttpRequest, version: DatasetVersion, name: str) -> HttpResponseBase:
    """Rows of a version: kept or rejected, .csv or .parquet."""
    return send_version_file(request, version, name)
