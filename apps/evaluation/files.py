"""The files that an evaluation can be downloaded as, by pages and by the API."""

from django.http import HttpRequest, StreamingHttpResponse

from apps.core.errors import NotVisible
from apps.core.filenames import file_stem
from apps.core.tables import Table
from apps.evaluation.models import Evaluation
from apps.evaluation.rows import OUTPUTS_NAME
from apps.workspaces.access.downloads import send_table

_COLUMNS = ("line", "input", "target", "output", "finish_reason", "seconds")
"""The Parquet file also holds each prompt as it was sent, and the numbers that metrics are computed from."""


def send_evaluation_file(request: HttpRequest, evaluation: Evaluation, name: str) -> StreamingHttpResponse:
    """Send `outputs` as .csv or .parquet; the caller has checked that the person may see the evaluation."""
    if not evaluation.result:
        raise NotVisible
    return send_table(
        request,
        {"outputs": Table(evaluation.storage_key, OUTPUTS_NAME, _COLUMNS)},
        name,
        workspace=evaluation.workspace,
        stem=f"{file_stem(evaluation.subject_label, 'evaluation')}-{evaluation.number}",
    )
