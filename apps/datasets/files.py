"""The files that a version or an import can be downloaded as, by pages and by the API."""

from django.http import HttpRequest, StreamingHttpResponse

from apps.core.errors import NotVisible
from apps.core.filenames import file_stem
from apps.core.tables import Table
from apps.datasets.models import DatasetVersion, Import
from apps.datasets.rows import DATA_NAME, REJECTED_NAME, plain_cell
from apps.workspaces.access.downloads import send_table


def send_version_file(request: HttpRequest, version: DatasetVersion, name: str) -> StreamingHttpResponse:
    """Send `kept` or `rejected` rows as .csv or .parquet; the caller has checked that the person may see the version."""
    if not version.is_ready:
        raise NotVisible
    more = {"rejected": version.has_preferences, "feedback": version.has_ratings}
    columns = ("line", "split", "prompt", "target", *(name for name, is_there in more.items() if is_there))
    tables = {
        "kept": Table(version.storage_key, DATA_NAME, columns, plain_cell),
        "rejected": _rejected(version.storage_key),
    }
    stem = f"{file_stem(version.dataset.name, 'data')}-v{version.number}"
    return send_table(request, tables, name, workspace=version.workspace, stem=stem)


def send_import_file(request: HttpRequest, import_: Import, name: str) -> StreamingHttpResponse:
    """Send `rejected` rows as .csv or .parquet; the caller has checked that the person may see the import."""
    if not import_.result:
        raise NotVisible
    return send_table(
        request,
        {"rejected": _rejected(import_.rows_key)},
        name,
        workspace=import_.workspace,
        stem=file_stem(import_.dataset.name, "data"),
    )


def _rejected(folder: str) -> Table:
    return Table(folder, REJECTED_NAME, ("line", "reason", "text", "code", "params"))
