"""What a run's page reads from its job's events."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from unicodedata import normalize

from django.db.models import Count, F, Max, Min, QuerySet

from apps.jobs.models import Job, JobEvent
from apps.training.models import Run
from workers.contracts.objectives import OBJECTIVES, Figure
from workers.contracts.texts import Text

MOST_POINTS = 1000
"""Of training, and as many of validation at most: more than a chart has pixels in width."""
SAMPLE_ROUNDS = 200
"""The newest; a run that says more often what it learned shows no more."""
_WEB_ADDRESS = re.compile(r"https?://")
_LABEL_WITH_SHARE = re.compile(r"(.*) \((\d{1,3})%\)", re.DOTALL)


def metric_points(job: Job, *, after: int = 0) -> dict[str, Any]:
    """Points since sequence number `after`: {"last": seq, "points": [[step, epoch, {name: value}], ...]}.

    Steps ascend, each once. A long run is thinned evenly by the database to at most MOST_POINTS of training and as many
    with a validation loss, so that the whole of it is drawn.
    """
    metrics = JobEvent.objects.filter(job=job, kind="metric", seq__gt=after).order_by()
    ends = metrics.aggregate(first=Min("seq"), last=Max("seq"), count=Count("pk"))
    if not ends["count"]:
        return {"last": after, "points": []}
    kept = metrics
    if ends["count"] > MOST_POINTS:
        of_validation = metrics.filter(data__values__has_key="validation_loss")
        # Where a later attempt went on, and the end, are kept.
        begun = metrics.values("attempt").annotate(Min("seq")).values_list("seq__min", flat=True)
        seqs = _evenly(metrics, ends["first"], ends["last"]) | set(begun) | {ends["last"]}
        measured = set(of_validation.values_list("seq", flat=True)[: MOST_POINTS + 1])
        seqs |= (
            measured if len(measured) <= MOST_POINTS else _evenly(of_validation, ends["first"], ends["last"])
        )
        kept = metrics.filter(seq__in=seqs)
    return {
        "last": ends["last"],
        "points": counted_points(kept.order_by("seq").values_list("attempt", "data")),
    }


def _evenly(events: QuerySet[JobEvent], first: int, last: int) -> set[int]:
    """The sequence numbers of the first event of each of MOST_POINTS equal stretches from `first` to `last`.

    Grouping reads each event once; counting places in a window sorts all of them as well.
    """
    stretch = -(-(last - first + 1) // MOST_POINTS)
    placed = events.annotate(stretch=(F("seq") - first) / stretch)
    return set(placed.values("stretch").annotate(Min("seq")).values_list("seq__min", flat=True))


def counted_points(events: Iterable[tuple[int, dict[str, Any]]]) -> list[list[Any]]:
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


def latest_values(job: Job, *, until: int | None = None) -> dict[str, float]:
    """The newest value of every metric that was reported, up to step `until`; also `step` and `epoch`, of the newest."""
    latest: dict[str, float] = {}
    for data in _newest_first(job, "metric", until)[:200]:
        latest = {"step": data["step"], "epoch": data["epoch"], **data["values"], **latest}
    return latest


def shown_values(run: Run) -> dict[str, float]:
    """The figures of a run's cards: the newest while it learns, those of the kept step once it has ended."""
    result = run.result
    if not result:
        return latest_values(run.job)
    kept = latest_values(run.job, until=result["best_step"])
    for name in ("validation_loss", "validation_accuracy"):
        kept.pop(name, None)
        if result.get(name) is not None:
            kept[name] = result[name]
    return {**kept, "step": result["best_step"]}


def figures_of(run: Run) -> tuple[Figure, ...]:
    """Return the figures that only the run's objective reports."""
    objective = OBJECTIVES.get(str((run.recipe.get("objective") or {}).get("kind")))
    return objective.figures if objective else ()


def own_figures(run: Run, values: Mapping[str, float]) -> list[tuple[Figure, float]]:
    """Return the figures that only the run's objective reports with their values, as far as `values` has them."""
    return [(figure, values[figure.name]) for figure in figures_of(run) if figure.name in values]


def _newest_first(job: Job, kind: str, until: int | None) -> Any:
    events = JobEvent.objects.filter(job=job, kind=kind)
    if until is not None:
        events = events.filter(step__lte=until)
    return events.order_by("-seq").values_list("data", flat=True)


@dataclass(frozen=True)
class Said:
    """An output for a fixed row, and the step at which the model first gave it."""

    step: int
    output: str
    is_right: bool | None = None
    """A label is right or wrong. A text is right where it is the expected one; any other may be as good."""
    share: float | None = None


def sample_rounds(run: Run, *, until: int | None = None) -> list[dict[str, Any]]:
    """What the model said for the fixed rows, by row: [{input, target, outputs: [Said]}], newest first."""
    rows: dict[str, dict[str, Any]] = {}
    is_label = run.dataset_version.task.has_labels
    for data in _newest_first(run.job, "sample", until)[:SAMPLE_ROUNDS]:
        for row in data["rows"]:
            entry = rows.setdefault(
                row["row_id"], {"input": row["input"], "target": row["target"], "outputs": []}
            )
            outputs: list[Said] = entry["outputs"]
            said = _label_said(data["step"], row) if is_label else _text_said(data["step"], row)
            if not outputs or outputs[-1].output != said.output:
                outputs.append(said)
            else:
                # The same words at an earlier step: show when they first appeared.
                outputs[-1] = replace(outputs[-1], step=said.step)
    return list(rows.values())


def _label_said(step: int, row: dict[str, Any]) -> Said:
    label, share = row["output"], row.get("share")
    # Earlier releases stored the share behind the label.
    if share is None and (old := _LABEL_WITH_SHARE.fullmatch(label)):
        label, share = old[1], int(old[2]) / 100
    return Said(step, label, label == row["target"], share)


def _text_said(step: int, row: dict[str, Any]) -> Said:
    """White space at the ends and the way that letters are composed make no other text."""
    said, expected = (normalize("NFC", row[name]).strip() for name in ("output", "target"))
    return Said(step, row["output"], (said == expected and bool(said)) or None)


def tracker_links(job: Job, limit: int = 100) -> dict[str, str]:
    """The addresses of the run at experiment trackers, by the tracker's label. Its worker names them early in the log."""
    first = job.events.filter(kind="log").order_by("seq")[:limit]
    texts = [Text.parse(event.data["text"]) for event in first]
    named = [text.params for text in texts if text.code == "training.tracked_at"]
    return {each["tracker"]: each["address"] for each in named if _WEB_ADDRESS.match(each["address"])}


def log_lines(job: Job, limit: int = 200) -> list[JobEvent]:
    return list(reversed(job.events.filter(kind="log").order_by("-seq")[:limit]))
