"""The files that the figures of a run can be downloaded as, by pages and by the API."""

from django.http import HttpRequest, StreamingHttpResponse

from apps.core.downloads import BINARY
from apps.core.errors import NotVisible
from apps.core.filenames import file_stem
from apps.core.tables import CONTENT_TYPES
from apps.training.metric_history import event_file, metrics_csv
from apps.training.models import Run
from apps.workspaces.access.downloads import send_file

CSV_NAME, EVENTS_NAME = "metrics.csv", "events.out.tfevents"


def send_run_file(request: HttpRequest, run: Run, name: str) -> StreamingHttpResponse:
    """Send `metrics.csv` or `events.out.tfevents` (TensorBoard), also of a run in progress.

    The caller has checked that the user can see the run. Raises NotVisible for another name.
    """
    if name not in (CSV_NAME, EVENTS_NAME):
        raise NotVisible
    stem = f"{file_stem(run.name, 'run')}-{run.number}"
    is_csv = name == CSV_NAME
    return send_file(
        request,
        metrics_csv(run.job) if is_csv else event_file(run.job),
        workspace=run.workspace,
        # TensorBoard reads only files with such a name.
        filename=f"{stem}-{CSV_NAME}"
        if is_csv
        else f"{EVENTS_NAME}.{int(run.created_at.timestamp())}.{stem}",
        content_type=CONTENT_TYPES["csv"] if is_csv else BINARY,
        reads_database=True,
    )
