"""A comparison that is under way, and one that has a result."""

import pyarrow as pa
import pytest

from apps.evaluation import services
from apps.evaluation.models import Comparison, Evaluation
from tests.apps.conftest import OUTPUT, parquet
from workers.contracts.job_kinds.comparison import ComparedMetric, ComparisonResult
from workers.contracts.job_kinds.evaluation import MetricValue

ROWS = 30


def compared_table() -> pa.Table:
    """Rows of a comparison in which the second is best on the last line, and they disagree most on line 9."""
    lines = range(2, ROWS + 2)
    return pa.table(
        {
            "row_id": [f"r{line:05d}" for line in lines],
            "line": pa.array(lines, pa.int64()),
            "input": [f"Question of line {line}." for line in lines],
            "target": ["billing"] * ROWS,
            "output.e0": [OUTPUT] * ROWS,
            "output.e1": ["billing"] * ROWS,
            "score.e0": [0.5] * ROWS,
            "score.e1": [line / 100 for line in lines],
            "disagreement": [1.0 if line == 9 else 0.0 for line in lines],
        }
    )


def compared_metric(name: str, first: float, second: float, p: float, best: list[str]) -> ComparedMetric:
    values = {
        key: MetricValue(value=value, low=value - 0.05, high=value + 0.05, signature="sig|1")
        for key, value in (("e0", first), ("e1", second))
    }
    return ComparedMetric(metric=name, values=values, p={"e0": None, "e1": p}, best=best)


@pytest.fixture
def waiting(owner, make_classifier, make_evaluation) -> Comparison:
    """A comparison whose second evaluation is under way."""
    made = [make_evaluation(make_classifier("base")), make_evaluation(make_classifier(), done=False)]
    return services.compare(actor=owner, evaluations=made)


@pytest.fixture
def compared(waiting, end_evaluation, succeed) -> Comparison:
    """A comparison that the second has won."""
    end_evaluation(Evaluation.objects.get(result__isnull=True), 0.9)
    result = ComparisonResult(
        rows=ROWS,
        metrics=[
            compared_metric("macro_f1", 0.5, 0.9, 0.0004, ["e1"]),
            compared_metric("accuracy", 0.5, 0.6, 0.2, ["e0", "e1"]),
        ],
        deciding_metric="macro_f1",
        winner="e1",
        verdict="",
    )
    job = Comparison.objects.get().job
    assert succeed(job, result, {"rows.parquet": parquet(compared_table())}).state == "succeeded"
    return Comparison.objects.get()
