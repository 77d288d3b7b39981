"""What computes the objectives that workers/contracts/objectives declares: how rows become a loss. One file each; the loop
knows nothing of what they compute.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from pkgutil import resolve_name
from typing import Any, ClassVar, Generic, TypeVar

import torch

from workers.contracts.model_folder import ModelManifest
from workers.contracts.objectives import OBJECTIVES, ObjectiveInfo, objectives_for
from workers.contracts.recipes import Batching, Length, Recipe
from workers.contracts.roles import Role
from workers.contracts.texts import Text
from workers.models.loading import LoadedModel
from workers.models.prompts import Example, Piece, learned_pieces
from workers.runtime.reporter import JobError
from workers.training.checkpoints import Validation
from workers.training.data import Order, Row, encode_rows

E = TypeVar("E", bound=Example)

SMALL_RATE = 10.0
"""For objectives on labels and texts: ten times 3e-5 is the highest rate that was tried for the compact BERT models of Turc et al.
2019, "Well-Read Students Learn Better" (https://github.com/google-research/bert)."""


@dataclass(frozen=True)
class Plan:
    """How long a model learns from random weights: so many steps, within the two bounds.

    In steps, not in minutes: the same data and settings give the same plan, however busy the machine is.
    """

    steps: int
    fewest_epochs: float
    most_epochs: float


class Objective(ABC, Generic[E]):
    """What a run optimizes. The class says its usual settings; an object is set up for one model and recipe.

    E is its type of example. An objective with a type of its own, say `Objective[Pair]`, also sets `example` and overrides
    `encode`.
    """

    starter_rate: ClassVar[float]
    """Usual learning rate for random weights."""
    pretrained_rate: ClassVar[float]
    """Usual learning rate for all weights of a pretrained model."""
    small_rate: ClassVar[float] = 1.0
    """Times `pretrained_rate` that suits a pretrained model with few parameters."""
    lora_rate: ClassVar[float] = 2e-4
    """Usual learning rate for adapters."""
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
    fills_rows: ClassVar[bool] = False
    """Whether documents are laid end to end, so that every row has the greatest length. The longest document does not decide it."""
    example: ClassVar[type[Example]] = Example
    """What `encode` yields, E: a dataclass, whose fields become the columns of a file (workers.models.examples)."""
    counted: ClassVar[tuple[str, ...]] = ()
    """Names of more sums that validation takes over all rows, for figures of this objective alone (`Validation.sums`)."""
    needs_reference: ClassVar[bool] = False
    """Whether `prepare` takes a pass of the untrained model over all rows."""

    learns_at_once: ClassVar[bool] = False
    """Whether `solve` takes the place of steps."""

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
    def shown(cls, row: Row) -> Row:
        """Return the row as samples ask it: what the model is given, and what it should answer."""
        return row

    @classmethod
    def pieces(cls, row: Row, loaded: LoadedModel) -> list[Piece]:
        """Return a row in words, as the model sees it: texts, and whether each is learned."""
        return learned_pieces(loaded.tokenizer, loaded.manifest, row.messages, row.target)

    @classmethod
    def tokens(cls, example: E) -> int:
        """Return the number of tokens of this row that go through the model, padding aside."""
        return len(example.input_ids) + (len(example.label_ids) if cls.has_own_targets else 0)

    @classmethod
    def learned(cls, example: E) -> int:
        """Return the number of predictions that this row teaches, the weight of its loss."""
        return len(example.label_ids)

    def drawn(self, example: E, *place: int) -> E:
        """Return what is learned of this row at one place in a run: (step, row) or, in validation, (row,).

        Objectives that draw something, such as masks, draw it from the recipe's seed and the place alone
        (workers.models.draws). A resumed run and a run of several ranks then learn the same.
        """
        return example

    @classmethod
    def weight(cls, examples: Sequence[E]) -> int:
        """Return what the summed loss of these rows is divided by: how much they teach."""
        return sum(map(cls.learned, examples))

    @classmethod
    def teaches(cls, example: E) -> bool:
        """Whether anything is learned from this row."""
        return bool(example.input_ids) and cls.learned(example) > 0

    def prepare(self, examples: Sequence[E], path: Path, tick: Callable[[int, int], None]) -> Sequence[E]:
        """Return the examples with what only the model as it is before training can say of them, in a file at `path`.
        `tick` is called with rows done and rows in all."""
        return examples

    def shared_sums(self, examples: Sequence[Example]) -> Sequence[float]:
        """Return sums over rows that the loss of every row of a step (or of a validation round) depends on."""
        return ()

    def use_sums(self, sums: Sequence[float]) -> None:
        """Take these sums of all rows of a step, before the loss of any of them is asked for."""

    @classmethod
    def order(cls, recipe: Recipe, rows: int) -> Order:
        """Return which rows each step holds."""
        return Order(rows, rows if cls.learns_at_once else recipe.batch_rows or 1, recipe.seed)

    def used(self, examples: Sequence[E]) -> int:
        """Return how many of these examples are learned from."""
        return len(examples)

    def solve(self, examples: Sequence[E], tick: Callable[[], None]) -> float:
        """Set all weights from all rows, and return the mean training loss. `tick` is called between its parts, and may raise. Only for an objective that learns at once."""
        raise NotImplementedError

    @abstractmethod
    def microbatches(self, examples: Sequence[E]) -> Iterator[list[E]]:
        """Yield the rows of one optimizer step, in groups that go through the model at once. A rank may have no row of a step."""

    @abstractmethod
    def size(self, examples: Sequence[E]) -> int:
        """Return the number of tokens of one group that are computed, padding included."""

    @abstractmethod
    def loss_sum(self, examples: Sequence[E]) -> torch.Tensor:
        """Return the training loss of one group, summed over everything learned in it; a scalar in fp32."""

    @abstractmethod
    def validate(self, examples: Sequence[E]) -> tuple[float, int | None]:
        """Return the loss of one group without smoothing, summed, and how many of its rows are right where a row is right or
        wrong: a label, or which of two answers is preferred."""

    def measure(self, examples: Sequence[E]) -> tuple[float, int | None, Sequence[float]]:
        """Return what `validate` does, and the sums of one group that `counted` names."""
        return *self.validate(examples), ()

    def finish(self) -> None:
        """Remove from the model what only its training needed, before it is saved."""

    def report(self, validation: Validation) -> dict[str, float]:
        """Return the figures of a validation round that the run page draws, by name."""
        figures = {"validation_loss": validation.loss}
        if validation.accuracy is not None:
            figures["validation_accuracy"] = validation.accuracy
        return figures


def chosen_objective(loaded: LoadedModel, recipe: Recipe) -> ObjectiveInfo:
    """Return what the recipe names, else the usual objective of this model and its task, whatever else the data has.

    Raises JobError (objective_unfit) when it does not fit them, LookupError when none does.
    """
    return _chosen(loaded, recipe, roles=() if recipe.objective is None else set(Role))


def _chosen(loaded: LoadedModel, recipe: Recipe, roles: Collection[Role]) -> ObjectiveInfo:
    fitting = objectives_for(
        loaded.family, loaded.manifest.task_type, roles=roles, from_random=not loaded.manifest.trained
    )
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


def with_objective(recipe: Recipe, loaded: LoadedModel, roles: Collection[Role]) -> Recipe:
    """Return the recipe with an objective: its own, else the usual one of this model, its task and data whose columns have
    these roles. Raises as `chosen_objective`."""
    chosen = _chosen(loaded, recipe, roles)
    return recipe if recipe.objective else recipe.model_copy(update={"objective": chosen.options()})


def objective_for(loaded: LoadedModel, recipe: Recipe) -> type[Objective[Any]]:
    """Return the class of the chosen objective. Raises as `chosen_objective`."""
    found: Any = resolve_name(chosen_objective(loaded, recipe).implementation)
    implementation: type[Objective[Any]] = found if isinstance(found, type) else found()
    return implementation


def create_objective(loaded: LoadedModel, recipe: Recipe) -> Objective[Any]:
    """Return the objective, set up for this model. Raises as `chosen_objective`."""
    return objective_for(loaded, recipe)(loaded, recipe)
