"""Compares evaluations of one test set: `python -m workers.evaluation.compare spec.json`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from workers.contracts.metrics import METRICS, Direction
from workers.contracts.specs import (
    ComparedEvaluation,
    ComparedMetric,
    ComparisonResult,
    ComparisonSpec,
    MetricValue,
)
from workers.evaluation.bootstrap import holm, paired_p, resampled_sums
from workers.evaluation.metrics import metrics_for
from workers.evaluation.metrics.likelihood import TOKENS, Perplexity
from workers.evaluation.metrics.protocol import FloatArray, Matrix, Metric, row_scores
from workers.evaluation.rows import OUTPUTS_NAME, STATISTIC_PREFIX
from workers.evaluation.scoring import metric_value, observed, stacked
from workers.runtime.reporter import JobError, Reporter, run_child

LEVEL = 0.05
_ROUNDS_A_TEST = 25
"""With fewer, the smallest p that resampling can give would not survive the correction for all tests of a large table."""


@dataclass(frozen=True)
class _Evaluated:
    about: ComparedEvaluation
    table: pa.Table
    statistics: dict[str, FloatArray]


@dataclass(frozen=True)
class _Scored:
    """One metric of one evaluation; `resampled` [rounds] is paired between evaluations."""

    statistics: FloatArray
    value: MetricValue
    resampled: FloatArray


Scores = dict[str, dict[str, _Scored]]
"""Metric name to evaluation key to scores."""
Test = tuple[str, str, str]
"""Metric name and the keys of two evaluations, in the order in which they are compared."""


def compare(spec: ComparisonSpec, reporter: Reporter) -> ComparisonResult:
    """Score all evaluations on the same resamples, test them against the first, and leave rows.parquet.

    Raises JobError: different_test_sets, no_common_metric.
    """
    reporter.started()
    reporter.progress("reading the answers", fraction=0.0)
    evaluated = _read(spec)
    metrics = metrics_for(spec.task_type, evaluated[0].table["target"].to_pylist())
    reporter.raise_if_stopping()
    reporter.progress("comparing the answers", fraction=0.3)
    scores = _score(metrics, evaluated, spec)
    deciding = next((m for m in metrics if len(scores.get(m.name, {})) == len(evaluated)), None)
    if deciding is None:
        raise JobError("no_common_metric", "These evaluations have no metric in common. Evaluate them again.")
    compared = _compare_metrics(metrics, scores, [e.about.key for e in evaluated])
    reporter.progress("writing the comparison", fraction=0.8)
    _write_rows(Path(spec.work) / "out", deciding, scores[deciding.name], evaluated)
    decided = next(one for one in compared if one.metric == deciding.name)
    return ComparisonResult(
        rows=evaluated[0].table.num_rows,
        metrics=compared,
        deciding_metric=deciding.name,
        winner=decided.best[0] if len(decided.best) == 1 else None,
        verdict=verdict(decided, spec.evaluations, evaluated[0].table.num_rows),
    )


def _read(spec: ComparisonSpec) -> list[_Evaluated]:
    """Read all outputs in the row order of the first. Raises JobError when the rows differ."""
    found: list[_Evaluated] = []
    for about in spec.evaluations:
        table = pq.read_table(Path(spec.inputs[about.key]) / OUTPUTS_NAME).sort_by("row_id")
        if found and not _same_rows(table, found[0].table):
            first = found[0].about.label
            raise JobError(
                "different_test_sets",
                f"“{about.label}” was evaluated on other rows than “{first}”: they come from different test sets. "
                "Evaluate both on the same data version and split, with the same number of rows.",
            )
        names = [name for name in table.column_names if name.startswith(STATISTIC_PREFIX)]
        values = {name.removeprefix(STATISTIC_PREFIX): table[name].to_numpy() for name in names}
        found.append(_Evaluated(about, table, values))
    return found


def _same_rows(table: pa.Table, other: pa.Table) -> bool:
    return bool(table["row_id"].equals(other["row_id"]) and table["target"].equals(other["target"]))


def _score(metrics: Sequence[Metric], evaluated: Sequence[_Evaluated], spec: ComparisonSpec) -> Scores:
    jobs: list[tuple[Metric, str, FloatArray, Matrix]] = []
    for metric in metrics:
        for one in evaluated:
            statistics = stacked(metric, one.statistics)
            if statistics is not None:
                jobs.append((metric, one.about.key, statistics, metric.summands(statistics)))
    # Each metric of each evaluation is tested against the first, and against the best.
    rounds = max(spec.bootstrap_rounds, _ROUNDS_A_TEST * 2 * len(jobs))
    resampled = resampled_sums([job[3] for job in jobs], rounds, spec.seed)
    scores: Scores = {}
    for (metric, key, statistics, summands), sums in zip(jobs, resampled, strict=True):
        values = metric.value(sums, len(statistics))
        value = metric_value(metric, observed(metric, summands), values)
        scores.setdefault(metric.name, {})[key] = _Scored(statistics, value, values)
    return scores


def _compare_metrics(metrics: Sequence[Metric], scores: Scores, keys: Sequence[str]) -> list[ComparedMetric]:
    """Test every evaluation against the first and against the best of each metric.

    The correction counts every test that was made, so that the table and the verdict never contradict each other.
    """
    names = [metric.name for metric in metrics if metric.name in scores]
    ranked = {name: _ranked(name, scores[name]) for name in names}
    tests = list(
        dict.fromkeys(test for name in names for test in _tests(name, scores[name], keys, ranked[name]))
    )
    corrected = holm([_p(scores[name][one], scores[name][other]) for name, one, other in tests])
    p_values = dict(zip(tests, corrected, strict=True))
    return [
        ComparedMetric(
            metric=name,
            values={key: scores[name][key].value for key in keys if key in scores[name]},
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
    return np.array_equal(scored[first].statistics[:, place], scored[second].statistics[:, place])


def _p(first: _Scored, second: _Scored) -> float:
    differing = (
        int((first.statistics != second.statistics).any(axis=1).sum())
        if (first.statistics.shape == second.statistics.shape)
        else len(first.statistics)
    )
    return paired_p(first.value.value - second.value.value, first.resampled - second.resampled, differing)


def _best(name: str, keys: Sequence[str], ranked: Sequence[str], p_values: Mapping[Test, float]) -> list[str]:
    """Return the best key first, then those not significantly worse than it; nothing where they cannot be compared."""
    best, others = ranked[0], ranked[1:]
    p = {key: p_values.get(_test(name, keys, best, key)) for key in others}
    if any(value is None for value in p.values()):
        return []
    return [best, *(key for key, value in p.items() if value is not None and value >= LEVEL)]


def verdict(decided: ComparedMetric, evaluations: Sequence[ComparedEvaluation], rows: int) -> str:
    """Say in one sentence who wins on the deciding metric, and whether training was worth it."""
    info = METRICS[decided.metric]
    about = {one.key: one for one in evaluations}
    lower = info.direction is Direction.LOWER
    ranked = sorted(decided.values, key=lambda key: decided.values[key].value, reverse=not lower)
    shown = {key: f"{value.value:.{info.decimals}f}" for key, value in decided.values.items()}
    best, second = ranked[0], ranked[1]
    if len(decided.best) > 1:
        tied = [f"{about[key].label} ({shown[key]})" for key in decided.best]
        names = f"{', '.join(tied[:-1])} and {tied[-1]}"
        return f"{names} cannot be told apart by {info.label} on {rows} rows."
    text = f"{about[best].label} is significantly better than {about[second].label}"
    text += f" by {info.label}: {shown[best]} against {shown[second]} on {rows} rows"
    if about[best].kind == "trivial":
        return f"{text}; no model beats the trivial baseline."
    return f"{text}."


def _write_rows(
    folder: Path, deciding: Metric, scored: dict[str, _Scored], evaluated: Sequence[_Evaluated]
) -> None:
    """Write rows.parquet, those first on which the evaluations disagree most; a higher score is always better."""
    sign = -1.0 if METRICS[deciding.name].direction is Direction.LOWER else 1.0
    first = evaluated[0].table
    columns = {name: first[name] for name in ("row_id", "line", "input", "target")}
    columns |= {f"output.{one.about.key}": one.table["output"] for one in evaluated}
    scores = {key: sign * row_scores(deciding, one.statistics) for key, one in scored.items()}
    columns |= {f"score.{key}": pa.array(values) for key, values in scores.items()}
    spread = np.ptp(np.stack(list(scores.values())), axis=0)
    table = pa.table({**columns, "disagreement": pa.array(spread)})
    order = [("disagreement", "descending"), ("line", "ascending")]
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(table.sort_by(order), folder / "rows.parquet", compression="zstd")


if __name__ == "__main__":
    run_child(ComparisonSpec, compare)
