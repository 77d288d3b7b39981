"""Encodes the rows of a run into a file, within the lengths of its recipe."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import overload

from workers.contracts.recipes import Recipe
from workers.models.examples import Examples, store
from workers.models.loading import LoadedModel
from workers.models.prompts import Example
from workers.training.data import Row
from workers.training.objectives import objective_for


@dataclass
class Encoded:
    """The examples that teach something, and counts: `rows` of all examples, the others of these alone.

    `tokens` go through the model in one epoch, `learned` are predictions, `longest` is the most tokens of one example.
    """

    examples: Examples[Example] = field(init=False)
    rows: int = 0
    cut: int = 0
    tokens: int = 0
    learned: int = 0
    longest: int = 0

    @property
    def unlearnable(self) -> int:
        return self.rows - len(self.examples)


def encode(
    rows: Collection[Row],
    loaded: LoadedModel,
    recipe: Recipe,
    path: Path,
    on_progress: Callable[[int, int], None] | None = None,
) -> Encoded:
    """Encode rows into a file at `path`. Raises JobError as `workers.training.data.encode_rows`."""
    objective = objective_for(loaded, recipe)
    found = Encoded()

    def usable() -> Iterator[Example]:
        for example in objective.encode(
            rows,
            loaded,
            max_length=recipe.max_length,
            max_target_length=recipe.max_target_length,
            on_progress=on_progress,
        ):
            found.rows += 1
            if objective.teaches(example):
                found.cut += example.cut
                found.tokens += objective.tokens(example)
                found.learned += objective.learned(example)
                found.longest = max(found.longest, example.input_length)
                yield example

    found.examples = store(usable(), path, objective.example)
    return found


class Spread(Sequence[Example]):
    """At most `most` examples from all over some, always the same ones."""

    def __init__(self, examples: Sequence[Example], most: int) -> None:
        self._examples, self._most = examples, most

    def __len__(self) -> int:
        return min(self._most, len(self._examples))

    @overload
    def __getitem__(self, index: int) -> Example: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Example]: ...
    def __getitem__(self, index: int | slice) -> Example | Sequence[Example]:
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(len(self)))]
        return self._examples[range(len(self))[index] * len(self._examples) // len(self)]


def encode_watched(
    rows: Collection[Row], loaded: LoadedModel, recipe: Recipe, path: Path
) -> Sequence[Example]:
    """Encode the rows that validation looks at. Of rows that documents fill, it looks at no more than the recipe says."""
    examples = encode(rows, loaded, recipe, path).examples
    fills = objective_for(loaded, recipe).fills_rows
    return Spread(examples, recipe.validation_rows) if fills else examples
