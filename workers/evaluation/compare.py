"""Compares evaluations of one test set: `python -m workers.evaluation.compare spec.json`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from workers.contracts.comparison_verdicts import Subject, verdict
from workers.contracts.job_kinds.comparison import (
    ComparedEvaluation,
    ComparedMetric,
    ComparisonResult,
    ComparisonSpec,
)
from workers.contracts.job_kinds.evaluation import MetricValue
from workers.contracts.metrics import METRICS, SIGNIFICANCE_LEVEL, Direction
from workers.contracts.texts import Text
from workers.evaluation.bootstrap import holm, paired_p, resampled_sums
from workers.evaluation.intervals import metric_value
from workers.evaluation.metrics import metrics_for
from workers.evaluation.metrics.likelihood import TOKENS, Perplexity
from workers.evaluation.metrics.protocol import FloatArray, Matrix, Metric, row_scores
from workers.evaluation.rows import OUTPUTS_NAME, STATISTIC_PREFIX
from workers.evaluation.scoring import observed, stacked
from workers.runtime.reporter import JobError, Reporter, run_child

_ROUNDS_A_TEST = 25
"""With fewer, the smallest p that resampling can give would not survive the correction for all tests of a large table."""


IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class _Evaluated:
    """One evaluation's outputs, sorted by row; `places` are those of its rows among all that are compared."""

    about: ComparedEvaluation
    table: pa.Table
    statistics: dict[str, FloatArray]
    places: IntArray


@dataclass(frozen=True)
class _Scored:
    """One metric of one evaluation; `resampled` [rounds] is paired between evaluations of the same rows."""

    metric: Metric
    statistics: FloatArray
    places: IntArray
    value: MetricValue
    resampled: FloatArray
    seed: int

    def on(self, places: IntArray) -> "_Scored":
        """The same metric on some of its rows."""
        if len(places) == len(self.places):
            return self
        statistics = self.statistics[np.isin(self.places, places)]
        summands = self.metric.summands(statistics)
        (sums,) = resampled_sums([summands], len(self.resampled), self.seed)
        resampled = self.metric.value(sums, len(places))
        value = self.value.model_copy(update={"value": observed(self.metric, summands)})
        return _Scored(self.metric, statistics, places, value, resampled, self.seed)


Scores = dict[str, dict[str, _Scored]]
"""Metric name to evaluation key to scores."""
Test = tuple[str, str, str]
"""Metric name and the keys of two evaluations, in the order in which they are compared."""


def compare(spec: ComparisonSpec, reporter: Reporter) -> ComparisonResult:
    """Score all evaluations on the same resamples, test them against the first, and leave rows.parquet.

    Raises JobError: different_test_sets, no_common_metric.
    """
    reporter.started()
    reporter.progress(Text("evaluation.phase_reading"), fraction=0.0)
    evaluated = _read(spec)
    largest = max(evaluated, key=lambda one: len(one.places))
    metrics = metrics_for(spec.task_type, largest.table["target"].to_pylist())
    reporter.raise_if_stopping()
    reporter.progress(Text("evaluation.phase_comparing"), fraction=0.3)
    scores = _score(metrics, evaluated, spec)
    deciding = next((m for m in metrics if len(scores.get(m.name, {})) == len(evaluated)), None)
    if deciding is None:
        raise JobError("no_common_metric", Text("evaluation.no_common_metric"))
    compared = _compare_metrics(metrics, deciding, scores, [e.about.key for e in evaluated])
    reporter.progress(Text("evaluation.phase_writing"), fraction=0.8)
    _write_rows(Path(spec.work) / "out", deciding, scores[deciding.name], evaluated)
    decided = next(one for one in compared if one.metric == deciding.name)
    subjects = {one.key: Subject(one.label, one.kind) for one in spec.evaluations}
    rows = max(len(one.places) for one in evaluated)
    return ComparisonResult(
        rows=rows,
        metrics=compared,
        deciding_metric=deciding.name,
        winner=decided.best[0] if len(decided.best) == 1 else None,
        verdict=verdict(decided, subjects, rows),
    )


def _read(spec: ComparisonSpec) -> list[_Evaluated]:
    """Read all outputs in the row order of the largest. Raises JobError when one has other rows."""
    tables = [
        (about, pq.read_table(Path(spec.inputs[about.key]) / OUTPUTS_NAME).sort_by("row_id"))
        for about in spec.evaluations
    ]
    largest, every = max(tables, key=lambda pair: pair[1].num_rows)
    found = []
    for about, table in tables:
        places = _places(table, every)
        if places is None:
            raise JobError(
                "different_test_sets",
                Text("evaluation.different_rows", label=about.label, other=largest.label),
            )
        names = [name for name in table.column_names if name.startswith(STATISTIC_PREFIX)]
        values = {name.removeprefix(STATISTIC_PREFIX): table[name].to_numpy() for name in names}
        found.append(_Evaluated(about, table, values, places))
    return found


def _places(table: pa.Table, every: pa.Table) -> IntArray | None:
    """Return where the rows of `table` stand in `every`, both sorted by row_id; None when one is not there."""
    ids = np.array(table["row_id"].to_pylist(), dtype=str)
    all_ids = np.array(every["row_id"].to_pylist(), dtype=str)
    # Of rows with equal ids the first one stands for the first, the second for the second.
    repeats = np.arange(len(ids)) - np.searchsorted(ids, ids)
    places = np.searchsorted(all_ids, ids) + repeats
    if len(places) and places[-1] >= len(all_ids):
        return None
    if not np.array_equal(all_ids[places], ids) or not table["target"].equals(every["target"].take(places)):
        return None
    return places.astype(np.int64)


def _score(metrics: Sequence[Metric], evaluated: Sequence[_Evaluated], spec: ComparisonSpec) -> Scores:
    jobs: list[tuple[Metric, _Evaluated, FloatArray, Matrix]] = []
    for metric in metrics:
        for one in evaluated:
            statistics = stacked(metric, one.statistics)
            if statistics is not None:
                jobs.append((metric, one, statistics, metric.summands(statistics)))
    # Each metric of each evaluation is tested against the first, and against the best.
    rounds = max(spec.bootstrap_rounds, _ROUNDS_A_TEST * 2 * len(jobs))
    scores: Scores = {}
    # Equally many rows are equal rows, which one set of draws pairs.
    for size in {len(job[2]) for job in jobs}:
        group = [job for job in jobs if len(job[2]) == size]
        resampled = resampled_sums([job[3] for job in group], rounds, spec.seed)
        for (metric, one, statistics, summands), sums in zip(group, resampled, strict=True):
            values = metric.value(sums, size)
            value = one.about.metrics.get(metric.name)
            value = value or metric_value(metric, observed(metric, summands), values, size)
            scored = _Scored(metric, statistics, one.places, value, values, spec.seed)
            scores.setdefault(metric.name, {})[one.about.key] = scored
    return scores


def _compare_metrics(
    metrics: Sequence[Metric], deciding: Metric, scores: Scores, keys: Sequence[str]
) -> list[ComparedMetric]:
    """Test every evaluation against the first and against the best of each metric.

    The tests of the deciding metric are corrected for each other, those of all other metrics likewise. It was chosen
    before any figure was known, so that what else is measured makes its verdict no less certain.
    """
    names = [metric.name for metric in metrics if metric.name in scores]
    ranked = {name: _ranked(name, scores[name]) for name in names}
    p_values: dict[Test, float] = {}
    for family in ([deciding.name], [name for name in names if name != deciding.name]):
        tests = list(
            dict.fromkeys(test for name in family for test in _tests(name, scores[name], keys, ranked[name]))
        )
        corrected = holm([_p(scores[name][one], scores[name][other]) for name, one, other in tests])
        p_values.update(zip(tests, corrected, strict=True))
    return [
        ComparedMetric(
            metric=name,
            values={key: scores[name][key].value for key in keys if key in scores[name]},
            rows={key: len(scores[name][key].places) for key in keys if key in scores[name]},
            p={key: p_values.get(_test(name, keys, keys[0], key)) for key in keys if key in scores[name]},
            best=_best(name, keys, ranked[name], p_values),
        )
        for name in names
    ]


def _ranked(name: str, scored: dict[str, _Scored]) -> list[str]:
    lower = METRICS[name].direction is Direction.LOWER
    return sorted(scored, key=lambda key: scored[key].value.value, reverse=not lower)


def _test(name: str, keys: Sequence[str], one: str, other: str) -> Test:
    first, second = sorted((one, other), key=keys.index)
    return name, first, second


def _tests(name: str, scored: dict[str, _Scored], keys: Sequence[str], ranked: Sequence[str]) -> list[Test]:
    pairs = [(left, right) for left in (keys[0], ranked[0]) for right in keys if left != right]
    return [
        _test(name, keys, left, right)
        for left, right in pairs
        if left in scored and right in scored and comparable(name, scored, left, right)
    ]


def comparable(name: str, scored: dict[str, _Scored], first: str, second: str) -> bool:
    """Perplexities are comparable only where the tokenizers agree: every reference has as many tokens."""
    if name != Perplexity.name:
        return True
    place = Perplexity.columns.index(TOKENS)
    one, other = _on_common_rows(scored[first], scored[second])
    return np.array_equal(one.statistics[:, place], other.statistics[:, place])


def _on_common_rows(first: _Scored, second: _Scored) -> tuple[_Scored, _Scored]:
    common = np.intersect1d(first.places, second.places)
    return first.on(common), second.on(common)


def _p(first: _Scored, second: _Scored) -> float:
    first, second = _on_common_rows(first, second)
    differing = (
        int((first.statistics != second.statistics).any(axis=1).sum())
        if (first.statistics.shape == second.statistics.shape)
        else len(first.statistics)
    )
    tested = first.metric.tested
    one, other = tested(np.array([first.value.value, second.value.value]))
    return paired_p(float(one - other), tested(first.resampled) - tested(second.resampled), differing)


def _best(name: str, keys: Sequence[str], ranked: Sequence[str], p_values: Mapping[Test, float]) -> list[str]:
    """Return the best key first, then those not significantly worse than it; nothing where they cannot be compared."""
    best, others = ranked[0], ranked[1:]
    p = {key: p_values.get(_test(name, keys, best, key)) for key in others}
    if any(value is None for value in p.values()):
        return []
    return [best, *(key for key, value in p.items() if value is not None and value >= SIGNIFICANCE_LEVEL)]


def _write_rows(
    folder: Path, deciding: Metric, scored: dict[str, _Scored], evaluated: Sequence[_Evaluated]
) -> None:
    """Write rows.parquet, those first on which the evaluations disagree most; a higher score is always better."""
    sign = -1.0 if METRICS[deciding.name].direction is Direction.LOWER else 1.0
    largest = max(evaluated, key=lambda one: len(one.places)).table
    columns = {name: largest[name] for name in ("row_id", "line", "input", "target")}
    for one in evaluated:
        texts: list[str | None] = [None] * largest.num_rows
        for place, text in zip(one.places.tolist(), one.table["output"].to_pylist(), strict=True):
            texts[place] = text
        columns[f"output.{one.about.key}"] = pa.array(texts, pa.string())
    scores = np.full((len(evaluated), largest.num_rows), np.nan)
    for line, one in zip(scores, evaluated, strict=True):
        line[one.places] = sign * row_scores(deciding, scored[one.about.key].statistics)
        columns[f"score.{one.about.key}"] = pa.array(line, mask=np.isnan(line))
    table = pa.table(
        {**columns, "disagreement": pa.array(np.nanmax(scores, axis=0) - np.nanmin(scores, axis=0))}
    )
    order = [("disagreement", "descending"), ("line", "ascending")]
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(table.sort_by(order), folder / "rows.parquet", compression="zstd")


if __name__ == "__main__":
    run_child(ComparisonSpec, compare)
