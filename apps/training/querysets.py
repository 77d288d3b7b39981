"""What a run's page reads from its job's events."""

from collections.abc import Iterable
from typing import Any

from apps.jobs.models import Job, JobEvent

MOST_POINTS = 3000


def metric_points(job: Job, *, after: int = 0) -> dict[str, Any]:
    """Points since sequence number `after`: {"last": seq, "points": [[step, epoch, {name: value}], ...]}.

    Steps ascend, each once. A long run is thinned evenly to at most MOST_POINTS, validation points kept, so that the
    whole of it is drawn.
    """
    events = list(
        JobEvent.objects.filter(job=job, kind="metric", seq__gt=after).values_list("seq", "attempt", "data")
    )
    points = _one_line((attempt, data) for _seq, attempt, data in events)
    stride = max(1, len(points) // MOST_POINTS)
    thinned = [
        point
        for index, point in enumerate(points)
        if index % stride == 0 or "validation_loss" in point[2] or index == len(points) - 1
    ]
    return {"last": events[-1][0] if events else after, "points": thinned}


def _one_line(events: Iterable[tuple[int, dict[str, Any]]]) -> list[list[Any]]:
    """The run that counts: from where a later attempt went on, its points replace those of the earlier ones."""
    points: list[list[Any]] = []
    current = 0
    for attempt, data in events:
        step, values = data["step"], data["values"]
        if attempt != current:
            current = attempt
            while points and points[-1][0] >= step:
                points.pop()
        if points and points[-1][0] == step:
            points[-1][2] = points[-1][2] | values
        else:
            points.append([step, data["epoch"], values])
    return points


def latest_values(job: Job) -> dict[str, float]:
    """The newest value of every metric that was reported."""
    latest: dict[str, float] = {}
    events = JobEvent.objects.filter(job=job, kind="metric").order_by("-seq").values_list("data", flat=True)
    for data in events[:200]:
        latest = {**data["values"], **latest}
    return latest


def sample_rounds(job: Job) -> list[dict[str, Any]]:
    """What the model said for the fixed rows, by row: [{input, target, outputs: [(step, output)]}], newest first."""
    rows: dict[str, dict[str, Any]] = {}
    events = JobEvent.objects.filter(job=job, kind="sample").order_by("-seq").values_list("data", flat=True)
    for data in events:
        for row in data["rows"]:
            entry = rows.setdefault(
                row["row_id"], {"input": row["input"], "target": row["target"], "outputs": []}
            )
            if not entry["outputs"] or entry["outputs"][-1][1] != row["output"]:
                entry["outputs"].append((data["step"], row["output"]))
            else:
                # The same words at an earlier step: show when they first appeared.
                entry["outputs"][-1] = (data["step"], row["output"])
    return list(rows.values())


def log_lines(job: Job, limit: int = 200) -> list[JobEvent]:
    return list(reversed(job.events.filter(kind="log").order_by("-seq")[:limit]))
