"""Evaluation: a model version or a baseline answers rows, and metrics are computed."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field

from workers.contracts.families import Family
from workers.contracts.i18n import gettext_noop as _
from workers.contracts.job_kinds import JOB_KINDS, JobKind, Queue
from workers.contracts.metrics import BOOTSTRAP_ROUNDS, BOOTSTRAP_SEED
from workers.contracts.specs import TaskSpec
from workers.contracts.texts import Text

EvaluatedSplit = Literal["train", "validation", "test", "all"]


class EvaluationSpec(TaskSpec):
    """inputs: data, model (when subject is model), train (rows that the baseline learns from, or that the model learned
    from; else those of `data`). Leaves outputs.parquet: row_id, line, input, prompt (JSON), target, output, seconds,
    finish_reason, and one float column `stat.<name>` per statistic that a metric is computed from, so that any subset can
    be scored again without the model."""

    family: Family | None = None
    subject: Literal["model", "trivial"] = "model"
    baseline: str = ""
    """Which one answers, for subject trivial (workers/contracts/baselines); empty: the first of the task."""
    split: EvaluatedSplit = "test"
    max_rows: int | None = None
    """Rows to sample; a smaller sample is part of a larger one."""
    labels: list[str] = Field(default_factory=list)
    learned_from_train: bool = False
    """Whether the model learned from the `train` rows: those among the evaluated ones are counted."""
    max_new_tokens: int | None = None
    seed: int = BOOTSTRAP_SEED
    bootstrap_rounds: int = BOOTSTRAP_ROUNDS
    threads: int | None = None

    @property
    def training_folder(self) -> Path:
        return Path(self.inputs.get("train", self.inputs["data"]))


class MetricValue(BaseModel):
    """`low` and `high` bound the 95 % interval: exact (Clopper-Pearson) for shares of rows, else a percentile bootstrap.
    Computed once, when the evaluation ends; comparisons and pages show the same bounds."""

    value: float
    low: float
    high: float
    signature: str = ""
    method: Literal["bootstrap", "exact"] = "bootstrap"


class LabelFigures(BaseModel):
    """One label of a classification: `rows` have it, `predicted` were given it."""

    label: str
    rows: int
    predicted: int
    precision: MetricValue | None
    """None where it was never given."""
    recall: MetricValue | None
    """None where no row has it."""
    f1: MetricValue


class EvaluationResult(BaseModel):
    rows: int
    rows_available: int | None = None
    """Rows of the split; `rows` of them were answered."""
    split: EvaluatedSplit = "test"
    scoring: int = 1
    """SCORING_VERSION when it was computed."""
    metrics: dict[str, MetricValue]
    labels: list[str] = Field(default_factory=list)
    confusion: list[list[int]] = Field(default_factory=list)
    """Rows are the true labels, columns the given ones, in the order of `labels`."""
    per_label: list[LabelFigures] = Field(default_factory=list)
    baseline: Text = Text.plain("")
    """How the simple baseline answers, for subject trivial."""
    baseline_kind: str | None = None
    """Its name."""
    seconds: float
    output_tokens: int
    findings: list[Text] = Field(default_factory=list)
    """What the reader should know: rows cut at the limit, empty outputs, labels never given."""


EVALUATION = JOB_KINDS.add(
    JobKind(
        name="evaluation",
        label=_("Evaluation"),
        queue=Queue.GPU,
        module="workers.evaluation.run",
        announced=False,
    ),
    order=5,
)
