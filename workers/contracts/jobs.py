"""Job kinds: the queue of each, and the module that its child process runs."""

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
    JobKind.IMPORT: JobRoute(label=_("Import"), queue=Queue.DEFAULT, module="workers.ingest.parse"),
    JobKind.FREEZE: JobRoute(
        label=_("New data version"), queue=Queue.DEFAULT, module="workers.ingest.freeze"
    ),
    JobKind.PREFLIGHT: JobRoute(
        label=_("Pre-flight"),
        queue=Queue.DEFAULT,
        module="workers.training.preflight",
        shares_output=True,
    ),
    JobKind.RUN: JobRoute(
        label=_("Training"),
        queue=Queue.GPU,
        module="workers.training.run",
        resumes=True,
        keeps_checkpoint=True,
    ),
    JobKind.EVALUATION: JobRoute(label=_("Evaluation"), queue=Queue.GPU, module="workers.evaluation.run"),
    JobKind.COMPARISON: JobRoute(
        label=_("Comparison"),
        queue=Queue.DEFAULT,
        module="workers.evaluation.compare",
    ),
    JobKind.EXPORT: JobRoute(label=_("Export"), queue=Queue.DEFAULT, module="workers.training.export"),
    JobKind.PARITY: JobRoute(label=_("Parity check"), queue=Queue.DEFAULT, module="workers.serving.parity"),
}
