"""Masked language modeling: hidden tokens are predicted from those on both sides (Devlin et al. 2019, "BERT: Pre-training of
Deep Bidirectional Transformers for Language Understanding", section 3.1, task 1)."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import ClassVar

import torch
from torch.nn.functional import cross_entropy

from workers.contracts.objectives.masked_lm import MASKED_ACCURACY, WholeWordOptions
from workers.contracts.recipes import Length, Recipe
from workers.models.draws import draw
from workers.models.loading import LoadedModel
from workers.models.masking import (
    MASKED_SHARE,
    Passage,
    asked,
    between_edges,
    edges,
    filled,
    hidden_logits,
    mask,
    with_words,
)
from workers.models.prompts import IGNORED, Example, Piece, decoded_pieces
from workers.training.checkpoints import Validation
from workers.training.data import Row, group_by_length, parts_of
from workers.training.objectives import SMALL_RATE, Objective, Plan

_SHOWN_TOKENS = 256
"""Of the first document, on the page before a run."""


class MaskedLanguageModeling(Objective[Example]):
    """Documents are laid end to end, with a separator between them, and cut into blocks of equal length (Liu et al. 2019,
    "RoBERTa", section 4.2, FULL-SENTENCES). Masks are drawn again in each epoch (ibid., section 4.1)."""

    starter_rate, pretrained_rate = 1e-3, 5e-5
    small_rate = SMALL_RATE
    starter_plans: ClassVar[Mapping[Length, Plan]] = {
        Length.QUICK: Plan(300, 2, 16),
        Length.STANDARD: Plan(1500, 4, 60),
        Length.THOROUGH: Plan(6000, 8, 200),
    }
    adapter_task = "FEATURE_EXTRACTION"
    fills_rows = True
    example = Passage
    counted: ClassVar[tuple[str, ...]] = ("masked_right", "masked")

    def __init__(self, loaded: LoadedModel, recipe: Recipe) -> None:
        super().__init__(loaded, recipe)
        options = recipe.objective
        self._whole_words = options.whole_words if isinstance(options, WholeWordOptions) else True
        self._seed = recipe.seed

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
        documents = read_documents(rows, loaded, on_progress)
        if max_length is None:
            return (between_edges(document, loaded.tokenizer) for document in documents)
        before, after = edges(loaded.tokenizer)
        size = max(1, max_length - len(before) - len(after))
        return (between_edges(block, loaded.tokenizer) for block in blocks(documents, size, after[-1:]))

    @classmethod
    def pieces(cls, row: Row, loaded: LoadedModel) -> list[Piece]:
        example = asked(loaded.tokenizer, row.target, _SHOWN_TOKENS, row.row_id)
        hidden = [label != IGNORED for label in example.label_ids]
        right = filled(example, [label for label in example.label_ids if label != IGNORED])
        return decoded_pieces(loaded.tokenizer, list(zip(right, hidden, strict=True)))

    def drawn(self, example: Example, *place: int) -> Example:
        if not isinstance(example, Passage):
            return example
        source = draw(self._seed, *place)
        return mask(example, self._loaded.tokenizer, source, whole_words=self._whole_words)

    @classmethod
    def learned(cls, example: Example) -> int:
        """Of a passage in which nothing is masked yet, the number of tokens that will be."""
        if isinstance(example, Passage):
            return round(MASKED_SHARE * len(example.words)) if any(word >= 0 for word in example.words) else 0
        return sum(label != IGNORED for label in example.label_ids)

    @classmethod
    def teaches(cls, example: Example) -> bool:
        return isinstance(example, Passage) and any(word >= 0 for word in example.words)

    def microbatches(self, examples: Sequence[Example]) -> Iterator[list[Example]]:
        return group_by_length(examples, self._budget, lambda example: (len(example.input_ids),))

    def size(self, examples: Sequence[Example]) -> int:
        return len(examples) * max(example.input_length for example in examples)

    def loss_sum(self, examples: Sequence[Example]) -> torch.Tensor:
        logits, hidden = hidden_logits(self._loaded, examples)
        return cross_entropy(logits, hidden, reduction="sum", label_smoothing=self._smoothing)

    def validate(self, examples: Sequence[Example]) -> tuple[float, int | None]:
        loss, right, _ = self.measure(examples)
        return loss, right

    def measure(self, examples: Sequence[Example]) -> tuple[float, int | None, Sequence[float]]:
        logits, hidden = hidden_logits(self._loaded, examples)
        right = int((logits.argmax(-1) == hidden).sum())
        return float(cross_entropy(logits, hidden, reduction="sum")), None, (right, len(hidden))

    def report(self, validation: Validation) -> dict[str, float]:
        share = validation.sums.get("masked_right", 0.0) / max(1.0, validation.sums.get("masked", 0.0))
        return {**super().report(validation), MASKED_ACCURACY.name: share}


def read_documents(
    rows: Collection[Row], loaded: LoadedModel, on_progress: Callable[[int, int], None] | None
) -> Iterator[Passage]:
    """Yield every document as tokens with their words."""
    done = 0
    for part in parts_of(rows):
        yield from with_words(loaded.tokenizer, [row.target for row in part])
        done += len(part)
        if on_progress:
            on_progress(done, len(rows))


def blocks(documents: Iterable[Passage], size: int, separator: Sequence[int]) -> Iterator[Passage]:
    """Yield the documents laid end to end in blocks of `size` tokens, `separator` between two; the last block may be shorter."""
    ids: list[int] = []
    words: list[int] = []
    for document in documents:
        if ids:
            ids += separator
            words += [-1] * len(separator)
        ids += document.input_ids
        words += document.words
        begin = 0
        while len(ids) - begin >= size:
            yield Passage(ids[begin : begin + size], [], False, words[begin : begin + size])
            begin += size
        ids, words = ids[begin:], words[begin:]
    if ids:
        yield Passage(ids, [], False, words)
