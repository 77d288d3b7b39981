"""What computes the objectives that workers/contracts/objectives declares: how rows become a loss. One file each; the loop
knows nothing of what they compute.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pkgutil import resolve_name
from typing import ClassVar

import torch

from workers.contracts.model_folder import ModelManifest
from workers.contracts.objectives import OBJECTIVES, ObjectiveInfo, objectives_for
from workers.contracts.recipes import Batching, Length, Recipe
from workers.contracts.texts import Text
from workers.models.loading import LoadedModel
from workers.models.prompts import Example
from workers.runtime.reporter import JobError
from workers.training.data import Row, encode_rows


@dataclass(frozen=True)
class Plan:
    """How long a model learns from random weights: so many steps, within the two bounds.

    In steps, not in minutes: the same data and settings give the same plan, however busy the machine is.
    """

    steps: int
    fewest_epochs: float
    most_epochs: float


class Objective(ABC):
    """What a run optimizes. The class says its usual settings; an object is set up for one model and recipe."""

    starter_rate: ClassVar[float]
    """Usual learning rate for random weights."""
    pretrained_rate: ClassVar[float]
    """Usual learning rate for all weights of a pretrained model."""
    starter_smoothing: ClassVar[float] = 0.0
    """Usual label smoothing for random weights."""
    starter_plans: ClassVar[Mapping[Length, Plan]] = {
        Length.QUICK: Plan(250, 2, 8),
        Length.STANDARD: Plan(1200, 4, 24),
        Length.THOROUGH: Plan(6000, 12, 60),
    }
    adapter_task: ClassVar[str]
    """The name that peft has for such models (peft.TaskType)."""
    has_own_targets: ClassVar[bool] = False
    """Whether a row's answer has a length of its own: its options are `TargetLengthOptions`."""
    example: ClassVar[type[Example]] = Example
    """What `encode` yields: a dataclass, whose fields become the columns of a file (workers.training.examples)."""
    has_accuracy: ClassVar[bool] = False
    """Whether an answer is right or wrong, so that validation counts the right ones."""

    batching: Batching
    """What the object decided on, never AUTO."""

    def __init__(self, loaded: LoadedModel, recipe: Recipe) -> None:
        self._loaded, self._device = loaded, loaded.device
        self._pad = loaded.tokenizer.pad_token_id
        self._budget = recipe.tokens_per_microbatch or 2048
        self._smoothing = recipe.label_smoothing or 0.0
        self.batching = Batching.PADDING if recipe.batching is Batching.PADDING else Batching.LENGTH_GROUPING

    @classmethod
    def divides_long_texts(cls, manifest: ModelManifest) -> bool:
        """Whether a text that is longer than a row may be is divided into several rows, instead of losing its end."""
        return False

    @classmethod
    def encode(
        cls,
        rows: Collection[Row],
        loaded: LoadedModel,
        *,
        max_length: int | None,
        max_target_length: int | None,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> Iterator[Example]:
        """Yield token ids of all rows, in their order. Raises JobError as `workers.training.data.encode_rows`."""
        return encode_rows(
            rows,
            loaded.tokenizer,
            loaded.manifest,
            max_length=max_length,
            max_target_length=max_target_length,
            divides=cls.divides_long_texts(loaded.manifest),
            on_progress=on_progress,
        )

    @classmethod
    def tokens(cls, example: Example) -> int:
        """Return the number of tokens of this row that go through the model, padding aside."""
        return len(example.input_ids) + (len(example.label_ids) if cls.has_own_targets else 0)

    @classmethod
    def learned(cls, example: Example) -> int:
        """Return the number of predictions that this row teaches, the weight of its loss."""
        return len(example.label_ids)

    @classmethod
    def teaches(cls, example: Example) -> bool:
        """Whether anything is learned from this row."""
        return bool(example.input_ids) and cls.learned(example) > 0

    @abstractmethod
    def microbatches(self, examples: Sequence[Example]) -> Iterator[list[Example]]:
        """Yield the rows of one optimizer step, in groups that go through the model at once."""

    @abstractmethod
    def size(self, examples: Sequence[Example]) -> int:
        """Return the number of tokens of one group that are computed, padding included."""

    @abstractmethod
    def loss_sum(self, examples: Sequence[Example]) -> torch.Tensor:
        """Return the training loss of one group, summed over everything learned in it; a scalar in fp32."""

    @abstractmethod
    def validate(self, examples: Sequence[Example]) -> tuple[float, int | None]:
        """Return the loss of one group without smoothing, summed, and how many of its rows are answered right where a
        row is right or wrong."""


def chosen_objective(loaded: LoadedModel, recipe: Recipe) -> ObjectiveInfo:
    """Return what the recipe names, else the usual objective of this model and its task.

    Raises JobError (objective_unfit) when it does not fit them, LookupError when none does.
    """
    fitting = objectives_for(loaded.family, loaded.manifest.task_type)
    if recipe.objective is None:
        if not fitting:
            raise LookupError(loaded.family)
        return fitting[0]
    named = OBJECTIVES[recipe.objective.kind]
    if named not in fitting:
        raise JobError(
            "objective_unfit",
            Text("training.objective_unfit", objective=Text.marked(named.label)),
            field="objective",
        )
    return named


def objective_for(loaded: LoadedModel, recipe: Recipe) -> type[Objective]:
    """Return the class of the chosen objective. Raises as `chosen_objective`."""
    found: type[Objective] = resolve_name(chosen_objective(loaded, recipe).implementation)
    return found


def create_objective(loaded: LoadedModel, recipe: Recipe) -> Objective:
    """Return the objective, set up for this model. Raises as `chosen_objective`."""
    return objective_for(loaded, recipe)(loaded, recipe)
