"""Pre-flight: what a run would do, before it does."""

from typing import Any

from pydantic import BaseModel, Field

from workers.contracts.i18n import gettext_noop as _
from workers.contracts.job_kinds import JOB_KINDS, JobKind, Queue
from workers.contracts.recipes import Base, Length, Recipe
from workers.contracts.specs import Split, TaskSpec
from workers.contracts.texts import Text


class Finding(BaseModel):
    """`blocks`: the run must not start before this is fixed."""

    blocks: bool
    message: Text
    fix: dict[str, Any] = Field(default_factory=dict)
    """Recipe fields that would fix it."""


class PreflightSpec(TaskSpec):
    """inputs: data (frozen folder), base (when base.kind is version), files (when it is upload). Unless the base already
    is a version, the child leaves its initial model folder in work/out (a starter: tokenizer trained on the train
    split and random weights; a Hub id or a local folder: its weights as they came, `trained` True). That folder
    becomes a ModelVersion, which the run, the evaluation of the base and the parity check then share."""

    base: Base
    length: Length = Length.STANDARD
    recipe: Recipe = Field(default_factory=Recipe)
    labels: list[str] = Field(default_factory=list)
    model_roots: list[str] = Field(default_factory=list)


class TokenStats(BaseModel):
    mean: float
    p50: int
    p95: int
    max: int
    histogram: list[tuple[int, int]]
    """(upper bound in tokens, rows), ascending."""


class PreflightResult(BaseModel):
    recipe: Recipe
    """The recipe with every automatic value filled in."""
    rows: dict[Split, int]
    tokens: int
    learned_tokens: int
    row_tokens: TokenStats
    cut_share: float
    unlearnable_rows: int
    """Left out: nothing could be learned from them."""
    steps: int
    """Planned; a time limit or early stopping may end the run before."""
    seconds: float
    """Until the run ends, by its steps or by its time limit."""
    whole_seconds: float = 0
    """Until all its steps are done, regardless of the time limit."""
    offered_minutes: float | None = None
    """The time limit to offer before the start: the chosen one, where the steps take longer, or one for a long run."""
    memory_bytes: int
    disk_bytes: int
    parameters: int
    trainable_parameters: int
    context_length: int
    device: str
    precision: str
    findings: list[Finding]
    first_row: list[tuple[str, bool]]
    """The first row as the model sees it: pieces of text, and whether the model learns to say them."""
    rejected_answer: str = ""
    """Of the first row, where the objective learns from rejected answers."""


PREFLIGHT = JOB_KINDS.add(
    JobKind(
        name="preflight",
        label=_("Pre-flight"),
        queue=Queue.DEFAULT,
        module="workers.training.preflight",
        shares_output=True,
        announced=False,
    ),
    order=3,
)
