"""What the specs of all job kinds share; each kind's own spec and result are in workers/contracts/job_kinds.

In the database a spec's `inputs` hold storage keys. The supervisor fetches each and hands the child the same
spec with local paths, plus `work`, an empty folder; what the child leaves in `work/out` is published under
`output`, a storage key, when it has finished.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from workers.contracts.tasks import TASKS, Task, TaskName

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
