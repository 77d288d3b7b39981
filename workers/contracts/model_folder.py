"""What lies in a ModelVersion's folder, so that trainer, evaluator and engine read the same thing.

    maquette.json       ModelManifest
    config.json, model.safetensors, tokenizer.json, tokenizer_config.json, generation_config.json   as transformers saves them
    README.md           the card
    parity.json         ParityRecord list, written when the run ended

Adapters are merged before a folder is written: software that serves it needs no peft.
"""

from collections.abc import Iterable
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from workers.contracts.families import Family
from workers.contracts.recipes import Precision
from workers.contracts.tasks import TASKS, Task, TaskName

MANIFEST_NAME = "maquette.json"
PARITY_NAME = "parity.json"
CARD_NAME = "README.md"


class PromptMessage(BaseModel):
    role: Literal["system", "user", "assistant"]
    content: str
    learned: bool = Field(default=True, exclude=True)
    """False for an earlier answer that is read, and not learned. Matters to training alone, so it is never sent."""


def asked_text(messages: Iterable[PromptMessage]) -> str:
    """Return what was asked, as one text: everything but the system's messages."""
    return "\n".join(message.content for message in messages if message.role != "system")


class ModelManifest(BaseModel):
    model_config = ConfigDict(extra="forbid", protected_namespaces=())

    manifest_version: Literal[1] = 1
    family: Family
    task_type: TaskName
    architecture: str
    parameters: int
    context_length: int
    """Prompt and output together for causal models; input alone for the others."""
    learned_length: int | None = None
    """Tokens of the longest row that a model has learned from, where all its training is known. Beyond that it can read, but
    never learned to."""
    max_target_length: int | None = None
    """Longest output, for sequence-to-sequence models."""
    labels: list[str] = Field(default_factory=list)
    precision: Precision = Precision.FP32
    """What it was trained in, and is served in by default; never auto."""
    trained: bool = False
    """False for a starter's initial weights."""
    lineage: dict[str, str] = Field(default_factory=dict)

    @property
    def task(self) -> Task:
        return TASKS[self.task_type]


class ParityRecord(BaseModel):
    """The trainer's own greedy answer to a validation row, with the log-probability (nats) of each output token.

    `rounding` is how far they are from those in fp32, on average in nats: what the model's precision alone explains.
    """

    row_id: str
    prompt: list[PromptMessage]
    prompt_ids: list[int]
    output_ids: list[int]
    output: str
    log_probabilities: list[float]
    label_scores: dict[str, float] = Field(default_factory=dict)
    rounding: float = 0.0


def manifest_from(data: dict[str, Any]) -> ModelManifest:
    """Raises pydantic.ValidationError when the folder was written by something else."""
    return ModelManifest.model_validate(data)
