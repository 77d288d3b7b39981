"""Job kinds: the Celery task that runs each, its queue, and the module its child process runs."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from workers.contracts.i18n import gettext_noop as _


class Queue(StrEnum):
    DEFAULT = "default"
    UPKEEP = "upkeep"
    GPU = "gpu"


class JobKind(StrEnum):
    IMPORT = "import"
    FREEZE = "freeze"
    PREFLIGHT = "preflight"
    RUN = "run"
    EVALUATION = "evaluation"
    COMPARISON = "comparison"
    EXPORT = "export"
    PARITY = "parity"


class JobRoute(BaseModel):
    model_config = ConfigDict(frozen=True)

    label: str
    task: str
    queue: Queue
    module: str
    """Run as `python -m <module> <spec.json>`."""
    resumes: bool = False
    """Whether an attempt can go on from the checkpoint of an earlier one; others start over."""
    keeps_checkpoint: bool = False
    """Whether the last checkpoint stays for a while after success, so that another job can go on from it."""
    shares_output: bool = False
    """Whether several jobs may be asked for the same output: what the first one left stays, since others may use it."""


ROUTES: dict[JobKind, JobRoute] = {
    JobKind.IMPORT: JobRoute(
        label=_("Import"), task="ingest.parse", queue=Queue.DEFAULT, module="workers.ingest.parse"
    ),
    JobKind.FREEZE: JobRoute(
        label=_("New data version"), task="ingest.freeze", queue=Queue.DEFAULT, module="workers.ingest.freeze"
    ),
    JobKind.PREFLIGHT: JobRoute(
        label=_("Pre-flight"),
        task="training.preflight",
        queue=Queue.DEFAULT,
        module="workers.training.preflight",
        shares_output=True,
    ),
    JobKind.RUN: JobRoute(
        label=_("Training"),
        task="training.run",
        queue=Queue.GPU,
        module="workers.training.run",
        resumes=True,
        keeps_checkpoint=True,
    ),
    JobKind.EVALUATION: JobRoute(
        label=_("Evaluation"), task="evaluation.run", queue=Queue.GPU, module="workers.evaluation.run"
    ),
    JobKind.COMPARISON: JobRoute(
        label=_("Comparison"),
        task="evaluation.compare",
        queue=Queue.DEFAULT,
        module="workers.evaluation.compare",
    ),
    JobKind.EXPORT: JobRoute(
        label=_("Export"), task="training.export", queue=Queue.DEFAULT, module="workers.training.export"
    ),
    JobKind.PARITY: JobRoute(
        label=_("Parity check"), task="serving.parity", queue=Queue.DEFAULT, module="workers.serving.parity"
    ),
}
