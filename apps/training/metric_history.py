"""The figures of every step that a run recorded, not thinned: the content of its downloads."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Min

from apps.jobs.models import Job, JobEvent
from workers.shared.event_files import first_record, scalars_record

_PAGE = 2000
_RECORDS_AT_ONCE = 100
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
"""As in the other CSV files of the studio: without it Excel does not read them as UTF-8."""


@dataclass
class StepFigures:
    """The figures of one step; `at` is when the studio stored the first of them."""

    step: int
    epoch: float
    at: datetime
    values: dict[str, float]


def step_figures(job: Job) -> Iterator[StepFigures]:
    """Return every step once, in ascending order. Where a later attempt repeated steps, its figures replace the earlier ones."""
    ends = _ends_of_attempts(job)
    held: StepFigures | None = None
    for event in _metric_events(job):
        step = event.data["step"]
        if step >= ends.get(event.attempt, step + 1):
            continue
        if held is not None and held.step == step:
            held.values |= event.data["values"]
            continue
        if held is not None:
            yield held
        held = StepFigures(step, event.data["epoch"], event.at, dict(event.data["values"]))
    if held is not None:
        yield held


def _ends_of_attempts(job: Job) -> dict[int, int]:
    """Return, by attempt, the step from which later attempts replace its figures. The last attempt has none."""
    events = JobEvent.objects.filter(job=job, kind="metric").order_by()
    begun = dict(events.values_list("attempt").annotate(Min("step")))
    return {
        attempt: min(step for later, step in begun.items() if later > attempt)
        for attempt in begun
        if attempt != max(begun)
    }


def _metric_events(job: Job) -> Iterator[JobEvent]:
    """Read events in pages: an open cursor would hold the connection for as long as the client downloads."""
    last = 0
    while True:
        page = list(job.events.filter(kind="metric", seq__gt=last).order_by("seq")[:_PAGE])
        yield from page
        if len(page) < _PAGE:
            return
        last = page[-1].seq


def metrics_csv(job: Job) -> Iterator[bytes]:
    """Return the figures of all steps as CSV, with a column for each figure, losses first. A figure that a step lacks is an
    empty cell.
    """
    # The header names every figure, and some (validation, for one) come late.
    found: set[str] = set()
    for event in _metric_events(job):
        found |= event.data["values"].keys()
    # Postgres keeps no order of names within an event.
    names = sorted(found, key=lambda name: ("loss" not in name, name))
    yield _BYTE_ORDER_MARK + _line(["step", "epoch", "time", *names])
    lines: list[bytes] = []
    for figures in step_figures(job):
        values = [figures.values.get(name) for name in names]
        lines.append(_line([figures.step, figures.epoch, figures.at.isoformat(), *values]))
        if len(lines) == _PAGE:
            yield b"".join(lines)
            lines = []
    yield b"".join(lines)


def event_file(job: Job) -> Iterator[bytes]:
    """Return the figures of all steps as a TensorBoard event file."""
    yield first_record(job.created_at.timestamp())
    records: list[bytes] = []
    for figures in step_figures(job):
        records.append(scalars_record(figures.at.timestamp(), figures.step, figures.values))
        # Checksums take time in the one thread in which all requests read the database: other requests go between two parts.
        if len(records) == _RECORDS_AT_ONCE:
            yield b"".join(records)
            records = []
    yield b"".join(records)


def _line(cells: list[object]) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer).writerow(cells)
    return buffer.getvalue().encode()
