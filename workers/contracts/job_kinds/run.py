"""Run: a training."""

from pydantic import BaseModel, Field

from workers.contracts.i18n import gettext_noop as _
from workers.contracts.job_kinds import JOB_KINDS, JobKind, Queue
from workers.contracts.recipes import Base, Recipe
from workers.contracts.simple_model import SimpleModelComparison
from workers.contracts.specs import TaskSpec
from workers.contracts.verdicts import RunEnding, Verdict


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
    name: str = ""
    """Of the run, for experiment trackers."""
    key: str = ""
    """The same in every attempt: by it, a tracker finds the run again."""


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
    simple_model: SimpleModelComparison | None = None
    """None where the run trains no classifier or has no validation rows, and in results of earlier releases."""
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


RUN = JOB_KINDS.add(
    JobKind(
        name="run",
        label=_("Training"),
        queue=Queue.GPU,
        module="workers.training.run",
        resumes=True,
        keeps_checkpoint=True,
        notifies=True,
        tracks=True,
        has_verdict=True,
    ),
    order=4,
)
