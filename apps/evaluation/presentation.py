"""Results in the shape that pages draw: metric tables, interval charts, the verdict."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.translation import gettext, gettext_lazy, pgettext_lazy
from django.utils.translation import gettext as _

from apps.core.joined_names import listed
from apps.core.p_values import p_text
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
        return p_text(self.p)

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
    """Whether nothing is clearly better than one of the simple baselines."""
    return any(evaluations[int(key[1:])].kind == "trivial" for key in _deciding(result)["best"])


def _deciding(result: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = next(m for m in result["metrics"] if m["metric"] == result["deciding_metric"])
    return found


def verdict(result: dict[str, Any], evaluations: list[Any]) -> str:
    """Who won, and whether a simple baseline does as well, in the reader's language."""
    subjects = {f"e{place}": Subject(e.subject_label, e.kind) for place, e in enumerate(evaluations)}
    decided = ComparedMetric.model_validate(_deciding(result))
    return verdicts.verdict(decided, subjects, result["rows"], translate=gettext, listed=listed)


@dataclass(frozen=True)
class ConfusionCell:
    """How many rows of one label were given another; `tenth` of all rows of the label, 0 to 10, is how dark it is drawn."""

    count: int
    tenth: int
    is_right: bool
    predicted: str
    query: str
    """The address of these rows on the page."""


def confusion_table(result: dict[str, Any]) -> list[tuple[str, list[ConfusionCell], int]]:
    """The expected label, a cell for each label that was given, and the number of rows, for each label."""
    labels, rows = result["labels"], []
    for expected, counts in zip(labels, result["confusion"], strict=True):
        total = sum(counts)
        cells = [
            ConfusionCell(
                count,
                round(10 * count / total) if total else 0,
                predicted == expected,
                predicted,
                urlencode({"expected": expected, "predicted": predicted}),
            )
            for predicted, count in zip(labels, counts, strict=True)
        ]
        rows.append((expected, cells, total))
    return rows


@dataclass(frozen=True)
class LabelRow:
    """One label, how many rows have it, and for each column its heading, value and interval (empty where undefined)."""

    label: str
    rows: int
    query: str
    cells: list[tuple[str, str, str]]


PER_LABEL = {
    "precision": pgettext_lazy("share of rows", "Precision"),
    "recall": pgettext_lazy("share of rows", "Recall"),
    "f1": "F1",
}


def label_rows(result: dict[str, Any]) -> list[LabelRow]:
    """The figures of each label of one evaluation; none for results of earlier releases."""
    return [
        LabelRow(
            label=figures["label"],
            rows=figures["rows"],
            query=urlencode({"expected": figures["label"]}),
            cells=[(str(heading), *_with_interval(figures[name])) for name, heading in PER_LABEL.items()],
        )
        for figures in result.get("per_label", [])
    ]


def compared_label_rows(evaluations: list[Any]) -> list[LabelRow]:
    """The F1 of each label for each evaluation; none where one of them has no such figures."""
    found: list[dict[str, Any]] = [
        {figures["label"]: figures for figures in (evaluation.result or {}).get("per_label", [])}
        for evaluation in evaluations
    ]
    if not all(found):
        return []
    labels = dict.fromkeys(label for figures in found for label in figures)
    return [
        LabelRow(
            label=label,
            rows=max(figures[label]["rows"] for figures in found if label in figures),
            query=urlencode({"expected": label}),
            cells=[
                (evaluation.subject_label, *_with_interval(figures.get(label, {}).get("f1")))
                for evaluation, figures in zip(evaluations, found, strict=True)
            ],
        )
        for label in labels
    ]


def _with_interval(value: dict[str, Any] | None) -> tuple[str, str]:
    if value is None:
        return "", ""
    return f"{value['value']:.3f}", f"{value['low']:.3f} – {value['high']:.3f}"
