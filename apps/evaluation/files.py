"""The files that evaluations and comparisons can be downloaded as, by pages and by the API."""

from django.http import HttpRequest, StreamingHttpResponse

from apps.core.errors import NotVisible
from apps.core.filenames import file_stem
from apps.core.tables import Table
from apps.evaluation.models import Comparison, Evaluation
from apps.evaluation.rows import OUTPUTS_NAME, ROWS_NAME
from apps.workspaces.access.downloads import send_table

_COMPARED = ("evaluation__model_version", "evaluation__dataset_version__dataset")
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


def send_comparison_file(request: HttpRequest, comparison: Comparison, name: str) -> StreamingHttpResponse:
    """Send `rows` as .csv or .parquet; the caller has checked that the person may see the comparison.

    In the CSV file the columns of outputs and scores have the names of what is compared. The Parquet file numbers them
    (`output.e0`), in the order of the page. Raises NotVisible as long as there is no result.
    """
    compared = [each.evaluation for each in comparison.compared.select_related(*_COMPARED)]
    titles = {
        f"{kind}.e{place}": f"{kind}: {evaluation.subject_label}"
        for place, evaluation in enumerate(compared)
        for kind in ("output", "score")
    }
    columns = ("line", "input", "target", *titles)
    return send_table(
        request,
        {"rows": Table(comparison.storage_key, ROWS_NAME, columns, titles=titles)},
        name,
        workspace=comparison.workspace,
        stem=f"{file_stem(comparison.name, 'comparison')}-{comparison.number}",
    )
