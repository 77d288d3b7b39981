"""Results in the shape that pages draw: metric tables, interval charts, the verdict."""

from dataclasses import dataclass
from typing import Any

from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.translation import gettext, gettext_lazy
from django.utils.translation import gettext as _

from apps.core.joined_names import listed
from workers.contracts import comparison_verdicts as verdicts
from workers.contracts.comparison_verdicts import Subject
from workers.contracts.job_kinds.comparison import ComparedMetric
from workers.contracts.metrics import METRICS, SIGNIFICANCE_LEVEL, Direction, MetricInfo, metrics_of
from workers.contracts.tasks import TASKS

CHART_WIDTH = 100.0
_LARGE = 1e7
"""From here on digits are unreadable: perplexities of models that diverged."""


@dataclass(frozen=True)
class Cell:
    """One metric of one evaluation, with what the table and its chart draw; positions are in per cent of the width."""

    kind: str
    label: str
    value: str
    interval: str
    signature: str
    left: float
    width: float
    point: float
    p: float | None = None
    is_best: bool = False

    @property
    def significance(self) -> str:
        if self.p is None:
            return ""
        if self.p < 0.001:
            return "p < 0.001"
        return f"p = {self.p:.3f}"

    @property
    def is_significant(self) -> bool:
        return self.p is not None and self.p < SIGNIFICANCE_LEVEL


@dataclass(frozen=True)
class MetricRow:
    info: MetricInfo
    cells: list[Cell]

    @property
    def better(self) -> str:
        return _("Higher is better.") if self.info.direction == Direction.HIGHER else _("Lower is better.")


def ordered_metrics(task_type: str, present: dict[str, Any]) -> list[str]:
    """Names of the metrics that are there, the deciding one first."""
    return [name for name in metrics_of(TASKS[task_type]) if name in present]


def _bounds(info: MetricInfo, values: list[dict[str, Any]]) -> tuple[float, float]:
    """What the chart's axis spans: the whole scale where there is one."""
    if info.scale and info.direction == Direction.HIGHER:
        return 0.0, float(info.scale)
    top = max(value["high"] for value in values)
    return 0.0, top * 1.05 or 1.0


def _figure(value: float, info: MetricInfo) -> str:
    """A value with the metric's decimals; one of a model that diverged, with its magnitude."""
    return f"{value:.{info.decimals}f}" if abs(value) < _LARGE else f"{value:.2e}"


def metric_row(
    name: str, subjects: list[tuple[str, str, dict[str, Any]]], p: dict[int, float | None], best: set[int]
) -> MetricRow:
    """`subjects`: (kind, label, MetricValue dumped), in the order of the table."""
    info = METRICS[name]
    low, high = _bounds(info, [value for _kind, _label, value in subjects])
    span = (high - low) or 1.0

    def place(value: float) -> float:
        return round(min(CHART_WIDTH, max(0.0, CHART_WIDTH * (value - low) / span)), 2)

    cells = [
        Cell(
            kind=kind,
            label=label,
            value=_figure(value["value"], info),
            interval=f"{_figure(value['low'], info)} – {_figure(value['high'], info)}",
            signature=value.get("signature", ""),
            left=place(value["low"]),
            width=max(0.4, place(value["high"]) - place(value["low"])),
            point=place(value["value"]),
            p=p.get(index),
            is_best=index in best,
        )
        for index, (kind, label, value) in enumerate(subjects)
    ]
    return MetricRow(info, cells)


def rows_used(evaluation: Any) -> str:
    """Which rows an evaluation answered, in words: “1,000 of 12,430 test rows”."""
    result = evaluation.result or {}
    split = result.get("split", evaluation.split)
    rows = result.get("rows") or evaluation.max_rows or 0
    available = result.get("rows_available") or evaluation.dataset_version.rows_of(split)
    facts = {"rows": intcomma(min(rows, available) or available), "available": intcomma(available)}
    return str((_PART if 0 < rows < available else _ALL)[split] % facts)


_ALL = {
    "train": gettext_lazy("all %(available)s training rows"),
    "validation": gettext_lazy("all %(available)s validation rows"),
    "test": gettext_lazy("all %(available)s test rows"),
    "all": gettext_lazy("all %(available)s rows of the data"),
}
_PART = {
    "train": gettext_lazy("%(rows)s of %(available)s training rows"),
    "validation": gettext_lazy("%(rows)s of %(available)s validation rows"),
    "test": gettext_lazy("%(rows)s of %(available)s test rows"),
    "all": gettext_lazy("%(rows)s of %(available)s rows of the data"),
}


def evaluation_rows(evaluation: Any) -> list[MetricRow]:
    """The metric rows of one evaluation's page."""
    metrics = (evaluation.result or {}).get("metrics", {})
    return [
        metric_row(name, [(evaluation.kind, evaluation.subject_label, metrics[name])], {}, set())
        for name in ordered_metrics(evaluation.dataset_version.task_type, metrics)
    ]


def comparison_rows(result: dict[str, Any], evaluations: list[Any]) -> list[MetricRow]:
    """The metric table of a comparison; `evaluations` in their order."""
    rows = []
    for compared in result["metrics"]:
        subjects: list[tuple[str, str, dict[str, Any]]] = []
        p: dict[int, float | None] = {}
        best: set[int] = set()
        for position, evaluation in enumerate(evaluations):
            key = f"e{position}"
            if key not in compared["values"]:
                continue
            index = len(subjects)
            # The evaluation's own figure: earlier releases stored another interval with the comparison.
            own = (evaluation.result or {}).get("metrics", {}).get(compared["metric"])
            subjects.append((evaluation.kind, evaluation.subject_label, own or compared["values"][key]))
            p[index] = compared["p"].get(key)
            if key in compared["best"]:
                best.add(index)
        rows.append(metric_row(compared["metric"], subjects, p, best))
    return rows


def best_tuned(result: dict[str, Any], evaluations: list[Any]) -> int | None:
    """Place of the tuned model that does best on the deciding metric."""
    values = _deciding(result)["values"]
    sign = 1 if METRICS[result["deciding_metric"]].direction == Direction.HIGHER else -1
    tuned = [place for place, evaluation in enumerate(evaluations) if evaluation.kind == "tuned"]
    return max(tuned, key=lambda place: sign * values[f"e{place}"]["value"], default=None)


def training_won(result: dict[str, Any], evaluations: list[Any]) -> bool:
    """Whether nothing but tuned models is among those that nothing is clearly better than."""
    best = _deciding(result)["best"]
    return bool(best) and all(evaluations[int(key[1:])].kind == "tuned" for key in best)


def baseline_is_as_good(result: dict[str, Any], evaluations: list[Any]) -> bool:
    """Whether nothing is clearly better than the simple baseline."""
    return any(evaluations[int(key[1:])].kind == "trivial" for key in _deciding(result)["best"])


def _deciding(result: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = next(m for m in result["metrics"] if m["metric"] == result["deciding_metric"])
    return found


def verdict(result: dict[str, Any], evaluations: list[Any]) -> str:
    """Who won, and whether a simple baseline does as well, in the reader's language."""
    subjects = {f"e{place}": Subject(e.subject_label, e.kind) for place, e in enumerate(evaluations)}
    decided = ComparedMetric.model_validate(_deciding(result))
    return verdicts.verdict(decided, subjects, result["rows"], translate=gettext, listed=listed)


def confusion_table(result: dict[str, Any]) -> list[tuple[str, list[tuple[int, int, bool]], int]]:
    """(true label, [(count, tenth of the row's total 0-10, is the diagonal)], total) for each label."""
    rows = []
    for index, (label, counts) in enumerate(zip(result["labels"], result["confusion"], strict=True)):
        total = sum(counts)
        rows.append(
            (
                label,
                [(n, round(10 * n / total) if total else 0, i == index) for i, n in enumerate(counts)],
                total,
            )
        )
    return rows
