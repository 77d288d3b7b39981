"""What a child process tells its supervisor: one JSON object a line on the descriptor in MAQUETTE_EVENTS_FD."""

import re
import signal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, TypeAdapter

from workers.contracts.texts import Text

EVENTS_FD_VARIABLE = "MAQUETTE_EVENTS_FD"
PAUSE_SIGNAL = signal.SIGUSR1
"""Asks a child whose kind resumes to write a checkpoint and end without a result. SIGTERM asks for a result."""
STARTING = Text("jobs.phase_starting")
"""The phase of a job whose process has not spoken yet, after it waited for something."""
TRAINING = Text("jobs.phase_training")
"""The phase of a run in which it takes its steps."""
SAVING = Text("jobs.phase_saving")
"""The phase of a run in which it writes the model that it leaves."""
WAITING_FOR_MEMORY = Text("jobs.phase_waiting_for_memory")
"""The phase of an import that starts once others have ended."""


class Started(BaseModel):
    type: Literal["started"] = "started"
    pid: int
    device: str = "cpu"
    precision: str = ""
    threads: int = 0


class Progress(BaseModel):
    """`done` of `total` units within `phase`; `fraction` is that of the whole job, 0 to 1."""

    type: Literal["progress"] = "progress"
    phase: Text
    done: float = 0
    total: float | None = None
    fraction: float | None = Field(default=None, ge=0, le=1)
    seconds_left: float | None = None


class Metric(BaseModel):
    """Numbers at one optimizer step: train_loss, smoothed_train_loss, validation_loss, learning_rate, gradient_norm,
    tokens_per_second, memory_bytes…
    """

    type: Literal["metric"] = "metric"
    step: int
    epoch: float = 0
    values: dict[str, float]


Level = Literal["debug", "info", "warning", "error"]


class Log(BaseModel):
    type: Literal["log"] = "log"
    level: Level = "info"
    text: Text


class Checkpoint(BaseModel):
    """A finished folder below the job's work folder, ready to be published; `best` marks the best validation round so far."""

    type: Literal["checkpoint"] = "checkpoint"
    path: str
    step: int
    best: bool = False


class SampleRow(BaseModel):
    row_id: str
    input: str
    target: str
    output: str
    share: float | None = None
    """How certain a classifier is of its label, from 0 to 1."""


class Sample(BaseModel):
    """What the model says now for fixed validation rows."""

    type: Literal["sample"] = "sample"
    step: int
    rows: list[SampleRow]


class Finished(BaseModel):
    """`result` is the result model of the job's kind (specs.py), dumped."""

    type: Literal["finished"] = "finished"
    result: dict[str, Any]


class Fix(BaseModel):
    """A change that would make the job succeed, offered as a button: recipe fields with their new values."""

    label: Text
    recipe: dict[str, Any] = Field(default_factory=dict)


class Failed(BaseModel):
    """`user_error` tells failed (the user can fix it) from errored (we must)."""

    type: Literal["failed"] = "failed"
    code: str
    message: Text
    user_error: bool = True
    field: str | None = None
    fix: Fix | None = None
    trace: str = ""
    note: str = ""
    """For the log of the worker alone: what no member may read, for instance about the network that it stands in."""


Event = Annotated[
    Started | Progress | Metric | Log | Checkpoint | Sample | Finished | Failed,
    Field(discriminator="type"),
]

_adapter: TypeAdapter[Event] = TypeAdapter(Event)


_NUL = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")
"""A NUL as JSON escapes it. Postgres stores none, and a byte-level model may say one."""


def parse_event(line: bytes | str) -> Event:
    """Parse one line; a NUL in a text becomes U+FFFD. Raises pydantic.ValidationError on anything that is not an event."""
    raw = line.encode() if isinstance(line, str) else line
    return _adapter.validate_json(_NUL.sub(rb"\1\\ufffd", raw))
