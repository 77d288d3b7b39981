"""Export: a model folder to download."""

from pydantic import BaseModel, Field

from workers.contracts.i18n import gettext_noop as _
from workers.contracts.job_kinds import JOB_KINDS, JobKind, Queue
from workers.contracts.specs import JobSpec


class ExportSpec(JobSpec):
    """inputs: model. Leaves <name>.zip with the model folder, README.md (the card) first."""

    name: str = Field(pattern=r"^[\w.-]+$")


class ExportResult(BaseModel):
    filename: str
    bytes: int
    sha256: str


EXPORT = JOB_KINDS.add(
    JobKind(name="export", label=_("Export"), queue=Queue.DEFAULT, module="workers.training.export"), order=7
)
