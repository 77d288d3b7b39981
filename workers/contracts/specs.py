"""What a child process is asked to do, and what it answers with: a spec and a result model per job kind.

In the database a spec's `inputs` hold storage keys. The supervisor fetches each and hands the child the same
spec with local paths, plus `work`, an empty folder; what the child leaves in `work/out` is published under
`output`, a storage key, when it has finished.
"""

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from workers.contracts.families import Family
from workers.contracts.metrics import BOOTSTRAP_ROUNDS, BOOTSTRAP_SEED
from workers.contracts.recipes import Base, Length, Recipe
from workers.contracts.roles import Role
from workers.contracts.tasks import TASKS, BaselineKind, Task, TaskName
from workers.contracts.verdicts import RunEnding, Verdict

Split = Literal["train", "validation", "test"]


class JobSpec(BaseModel):
    model_config = ConfigDict(extra="forbid")

    inputs: dict[str, str] = Field(default_factory=dict)
    output: str | None = None
    work: str = ""


class TaskSpec(JobSpec):
    """A job about data that teaches one task."""

    task_type: TaskName

    @property
    def task(self) -> Task:
        return TASKS[self.task_type]


# Import: a file becomes parsed rows and a proposal.


class Proposal(BaseModel):
    """What the data seems to teach. `why` holds one sentence per decision, in plain words."""

    task_type: TaskName | None
    roles: dict[str, Role]
    why: list[str] = Field(default_factory=list)
    warnings: list[str] = Field(default_factory=list)
    """What the user should know before anything else: what is left out although it changes what a row means."""
    by_task: dict[TaskName, dict[str, Role]] = Field(default_factory=dict)
    """For each task that the columns have enough for, the roles that choosing it gives (columns that are used only)."""
    meanings: dict[str, str] = Field(default_factory=dict)
    """What each column may mean where it is not used."""
    case_variants: bool = False
    """Whether labels of the proposal differ in spelling only: case, hyphens, quotation marks and the like."""


class Column(BaseModel):
    """`filled` counts cells that are not empty; lengths are in characters."""

    name: str
    filled: int
    distinct: int
    distinct_is_estimate: bool = False
    mean_length: float
    max_length: int
    examples: list[str] = Field(default_factory=list)
    is_messages: bool = False


class Reject(BaseModel):
    line: int
    reason: str


ADDRESS_VARIABLE = "SOURCE_ADDRESS"
"""In the environment of a child that fetches: the address, which may hold a secret and so stands in no spec."""
ALLOWED_VARIABLE = "OUTGOING_ALLOW"


class ImportSpec(JobSpec):
    """inputs: source; without it the source is fetched from an address, at most `limit_bytes` and `room_bytes` of it, and
    left as `source`. Leaves rows.parquet (`__line` int64 and the columns as strings, lists of messages as JSON)
    and rejected.parquet (line int64, reason string, text string, cut to 2,000 characters)."""

    filename: str
    limit_bytes: int | None = None
    room_bytes: int | None = None
    encoding: str | None = None
    """The codec that a person chose (contracts.encodings); else it is found."""
    part: str | None = None
    """The sheet of a workbook or the file in an archive that a person chose; else the fullest."""
    max_cell_bytes: int = 1_000_000
    max_columns: int = 500
    max_rows: int = 5_000_000
    max_seconds: float = 1800
    max_unpacked_bytes: int = 4 << 30


class FetchedSource(BaseModel):
    filename: str
    bytes: int
    sha256: str


class ImportResult(BaseModel):
    format: str
    encoding: str | None
    rows: int
    rejected: int
    first_rejects: list[Reject]
    columns: list[Column]
    proposal: Proposal
    bytes: int
    fetched: FetchedSource | None = None
    """Set where the job fetched the source itself."""
    blank: int = 0
    """Blank lines and empty rows of the source."""
    comments: int = 0
    """Comment lines of the source. With `rows`, `rejected`, `blank` and the header they are all there is."""
    codec: str | None = None
    """The codec whose name for people is `encoding`; None for formats that need none."""
    preview: list[str] = Field(default_factory=list)
    """The first lines with characters beyond ASCII, as they were decoded."""
    parts: list[str] = Field(default_factory=list)
    """Sheets of a workbook or files of an archive that can be read; `part` was."""
    part: str | None = None


# Freeze: roles are applied, rows are checked and split; the result never changes.


class FreezeSpec(TaskSpec):
    """inputs: rows (the folder an import left). Leaves data.parquet, sorted by line, with
    row_id string, line int64, split string, prompt list<struct<role, content>>, target string; the struct also holds
    learned bool where some row has an earlier answer that is read and not learned;
    and rejected.parquet (line, reason, text), the import's own rejects included."""

    roles: dict[str, Role]
    split_key: str
    """Hex key of the workspace; a row's split is HMAC-SHA256(key, normalized input)."""
    validation_share: float = 0.1
    test_share: float = 0.1
    min_rows: int = 20
    test_only: bool = False
    """Every row becomes a test row, also where a split column says otherwise."""
    merge_label_case: bool = True
    """Whether labels that differ in spelling only, such as in case, are one label."""


class FreezeResult(BaseModel):
    rows: dict[Split, int]
    split_by: Literal["hash", "column", "test_only"] = "hash"
    """How rows got their split: by a keyed hash of the input, by the split column, or all of them are test rows."""
    rejected: int
    reasons: dict[str, int]
    labels: dict[str, int] = Field(default_factory=dict)
    """Rows per label, for classification."""
    input_characters: dict[str, float]
    """mean, p50, p95, max."""
    target_characters: dict[str, float]
    warnings: list[str] = Field(default_factory=list)
    bytes: int
    sha256: str


# Pre-flight: what would happen, before it does.


class Finding(BaseModel):
    """`blocks`: the run must not start before this is fixed."""

    blocks: bool
    message: str
    fix: dict[str, Any] = Field(default_factory=dict)
    """Recipe fields that would fix it."""


class PreflightSpec(TaskSpec):
    """inputs: data (frozen folder), base (when base.kind is version). Unless the base already
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


# Run.


class RunSpec(TaskSpec):
    """inputs: data, base (when base.kind is version), checkpoint (when it resumes, or continues another run). Leaves a
    model folder.

    A run that continues another begins with that one's weights, optimizer and random states. `recipe.epochs` counts from
    the first run's beginning, `recipe.max_minutes` from this one's.
    """

    base: Base
    recipe: Recipe
    labels: list[str] = Field(default_factory=list)
    model_roots: list[str] = Field(default_factory=list)
    lineage: dict[str, str] = Field(default_factory=dict)
    """Names for the card: dataset, base, recipe hash, code version, time."""
    continues: str = ""
    """Job of the run whose last checkpoint is this one's beginning."""
    threads: int | None = None


class RunResult(BaseModel):
    steps: int
    epochs: float
    planned_steps: int = 0
    best_step: int
    stopped: RunEnding
    train_loss: float
    validation_loss: float | None
    validation_accuracy: float | None = None
    """Share of validation rows labelled right; None where nothing is labelled."""
    base_loss: float | None = None
    """Validation loss before the first step."""
    verdict: Verdict | None = None
    """None in results of earlier releases."""
    rows_seen: int
    tokens_seen: int
    seconds: float
    tokens_per_second: float
    peak_memory_bytes: int
    parameters: int
    bytes: int
    recipe: Recipe

    def ended_by(self, ending: RunEnding) -> "RunResult":
        """The same result of a run that something else ended than its process knew."""
        verdict = self.verdict
        if verdict is not None and verdict.plan is not None:
            plan = verdict.plan.model_copy(update={"ending": ending})
            verdict = verdict.model_copy(update={"plan": plan})
        return self.model_copy(update={"stopped": ending, "verdict": verdict})


# Evaluation.


EvaluatedSplit = Literal["train", "validation", "test", "all"]


class EvaluationSpec(TaskSpec):
    """inputs: data, model (when subject is model), train (rows that the baseline learns from, or that the model learned
    from; else those of `data`). Leaves outputs.parquet: row_id, line, input, prompt (JSON), target, output, seconds,
    finish_reason, and one float column `stat.<name>` per statistic that a metric is computed from, so that any subset can
    be scored again without the model."""

    family: Family | None = None
    subject: Literal["model", "trivial"] = "model"
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
    baseline: str = ""
    """How the simple baseline answers, for subject trivial."""
    baseline_kind: BaselineKind | None = None
    seconds: float
    output_tokens: int
    findings: list[str] = Field(default_factory=list)
    """What the reader should know: rows cut at the limit, empty outputs, labels never given."""


# Comparison.


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


# Export and parity.


class ExportSpec(JobSpec):
    """inputs: model. Leaves <name>.zip with the model folder, README.md (the card) first."""

    name: str = Field(pattern=r"^[\w.-]+$")


class ExportResult(BaseModel):
    filename: str
    bytes: int
    sha256: str


class ParitySpec(JobSpec):
    """Compares what the engine computes with what the trainer recorded in the model folder's parity.json.
    inputs: model. `engine_url` comes from settings, the key travels in the environment (ENGINE_KEY)."""

    engine_url: str
    model: str
    """The model's name at the engine: its storage key."""


class ParityResult(BaseModel):
    """`max_nat_per_token`: largest mean absolute log-probability difference of a row, in nats a token."""

    rows: int
    ids_identical: bool
    max_nat_per_token: float
    limit_nat_per_token: float
    exact_match: float
    passed: bool
    message: str
