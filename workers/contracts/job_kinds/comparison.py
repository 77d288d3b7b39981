"""Comparison: several evaluations of the same rows, side by side."""

from typing import Literal

from pydantic import BaseModel, Field

from workers.contracts.i18n import gettext_noop as _
from workers.contracts.job_kinds import JOB_KINDS, JobKind, Queue
from workers.contracts.job_kinds.evaluation import MetricValue
from workers.contracts.metrics import BOOTSTRAP_ROUNDS, BOOTSTRAP_SEED
from workers.contracts.specs import TaskSpec


class ComparedEvaluation(BaseModel):
    key: str
    """Name of this evaluation's folder in `inputs`."""
    label: str
    kind: Literal["base", "tuned", "trivial", "other"]
    metrics: dict[str, MetricValue] = Field(default_factory=dict)
    """The figures of the evaluation; those that are missing are computed."""


class ComparisonSpec(TaskSpec):
    """inputs: one outputs folder per evaluation; the rows of each are among those of the largest. Leaves rows.parquet: row_id, line, input, target, one
    `output.<key>` and one `score.<key>` (deciding metric per row) each, and `disagreement` (largest minus smallest score)."""

    evaluations: list[ComparedEvaluation] = Field(min_length=2)
    bootstrap_rounds: int = BOOTSTRAP_ROUNDS
    seed: int = BOOTSTRAP_SEED


class ComparedMetric(BaseModel):
    """`p` is that of a paired bootstrap against the first evaluation; None for the first. Holm-corrected together with the
    tests against the best that `best` rests on, over all metrics."""

    metric: str
    values: dict[str, MetricValue]
    rows: dict[str, int] = Field(default_factory=dict)
    """Rows that each evaluation answered; two with different rows are tested on those that both answered."""
    p: dict[str, float | None]
    best: list[str]
    """Keys that are not significantly worse than the best one."""


class ComparisonResult(BaseModel):
    rows: int
    metrics: list[ComparedMetric]
    deciding_metric: str
    winner: str | None
    """Key, or None when the best two cannot be told apart."""
    verdict: str
    """In English; pages translate the same sentences (workers.contracts.comparison_verdicts)."""


COMPARISON = JOB_KINDS.add(
    JobKind(
        name="comparison", label=_("Comparison"), queue=Queue.DEFAULT, module="workers.evaluation.compare"
    ),
    order=6,
)
