"""Span corruption, the objective of T5 (Raffel et al. 2020, section 3.1.4): the decoder writes what was removed from a text."""

import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import ClassVar

from workers.contracts.objectives.span_corruption import SPAN_PERPLEXITY, SpanCorruptionOptions
from workers.contracts.recipes import Length, Recipe
from workers.contracts.texts import Text
from workers.models.draws import draw
from workers.models.loading import LoadedModel
from workers.models.masking import Passage
from workers.models.prompts import Example, Piece, decoded_pieces
from workers.models.spans import REMOVED_SHARE, SPAN_LENGTH, corrupt, marked, removed, sentinels
from workers.runtime.reporter import JobError
from workers.training.checkpoints import Validation
from workers.training.data import Row
from workers.training.objectives import Plan
from workers.training.objectives.masked_lm import blocks, read_documents
from workers.training.objectives.seq2seq import Seq2Seq

_SHOWN_TOKENS = 256
"""Of the first document, on the page before a run. With them all marks of a block are enough."""


class SpanCorruption(Seq2Seq):
    """Documents are laid end to end and cut into blocks of equal length. What is removed is drawn again in each epoch."""

    starter_rate, pretrained_rate = 1e-3, 1e-4
    starter_plans: ClassVar[Mapping[Length, Plan]] = {
        Length.QUICK: Plan(300, 2, 16),
        Length.STANDARD: Plan(1500, 4, 60),
        Length.THOROUGH: Plan(6000, 8, 200),
    }
    has_own_targets = False
    fills_rows = True
    example = Passage

    def __init__(self, loaded: LoadedModel, recipe: Recipe) -> None:
        super().__init__(loaded, recipe)
        options = recipe.objective
        self._span_length = options.span_length if isinstance(options, SpanCorruptionOptions) else SPAN_LENGTH
        self._seed = recipe.seed
        self._marks = _marks(loaded)

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
        """Raises JobError (no_sentinels) too."""
        _marks(loaded)
        documents = read_documents(rows, loaded, on_progress)
        end = loaded.tokenizer.eos_token_id
        return documents if max_length is None else blocks(documents, max_length - 1, (end,))

    @classmethod
    def pieces(cls, row: Row, loaded: LoadedModel) -> list[Piece]:
        marks = sentinels(loaded.tokenizer)
        example = removed(loaded.tokenizer, row.target, _SHOWN_TOKENS, row.row_id)
        return decoded_pieces(loaded.tokenizer, marked(example.input_ids, example.label_ids, marks))

    def drawn(self, example: Example, *place: int) -> Example:
        if not isinstance(example, Passage):
            return example
        source, end = draw(self._seed, *place), self._loaded.tokenizer.eos_token_id
        return corrupt(example.input_ids, self._marks, end, source, span_length=self._span_length)

    @classmethod
    def tokens(cls, example: Example) -> int:
        return len(example.input_ids) + len(example.label_ids)

    @classmethod
    def learned(cls, example: Example) -> int:
        """Of a block of which nothing is removed yet, about the tokens that will be."""
        if isinstance(example, Passage):
            return max(1, round(REMOVED_SHARE * len(example.input_ids)))
        return len(example.label_ids)

    @classmethod
    def teaches(cls, example: Example) -> bool:
        return len(example.input_ids) > 1

    def report(self, validation: Validation) -> dict[str, float]:
        return {**super().report(validation), SPAN_PERPLEXITY.name: math.exp(min(validation.loss, 80.0))}


def _marks(loaded: LoadedModel) -> Sequence[int]:
    found = sentinels(loaded.tokenizer)
    if not found:
        raise JobError("no_sentinels", Text("training.no_sentinels"), field="base")
    return found
