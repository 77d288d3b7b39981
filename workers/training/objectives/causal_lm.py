"""Causal language modeling: every token of a corpus is predicted from those before it (Radford et al. 2018, "Improving
Language Understanding by Generative Pre-Training", equation 1)."""

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import ClassVar

from workers.contracts.model_folder import PromptMessage
from workers.contracts.recipes import Length
from workers.models.loading import LoadedModel
from workers.models.prompts import Example
from workers.models.windows import beginning_and_rest
from workers.training.checkpoints import Validation
from workers.training.data import Row, encode_rows
from workers.training.objectives import Plan
from workers.training.objectives.sft import SupervisedFineTuning


class CausalLanguageModeling(SupervisedFineTuning):
    """Documents are laid end to end and cut into blocks of equal length, each of them full.

    A block may hold the end of one document and the beginning of the next. Between them stands the end token, and attention
    is not masked there, as in Brown et al. 2020, "Language Models are Few-Shot Learners", appendix B.
    """

    starter_rate, pretrained_rate = 2e-3, 5e-5
    starter_plans: ClassVar[Mapping[Length, Plan]] = {
        Length.QUICK: Plan(150, 1, 8),
        Length.STANDARD: Plan(600, 1, 24),
        Length.THOROUGH: Plan(3000, 2, 60),
    }
    fills_rows = True

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
        documents = encode_rows(
            rows,
            loaded.tokenizer,
            loaded.manifest,
            max_length=None,
            max_target_length=None,
            on_progress=on_progress,
        )
        return documents if max_length is None else blocks(documents, max_length)

    @classmethod
    def shown(cls, row: Row) -> Row:
        given, rest = beginning_and_rest(row.target)
        beginning = [PromptMessage(role="user", content=given)] if given else []
        return replace(row, messages=[*row.messages, *beginning], target=rest)

    def report(self, validation: Validation) -> dict[str, float]:
        return {**super().report(validation), "validation_perplexity": perplexity(validation.loss)}


def blocks(documents: Iterable[Example], length: int) -> Iterator[Example]:
    """Yield the documents laid end to end in blocks of `length` tokens; the last block may be shorter.

    Each block begins with the last token of the one before it, so that every token but the very first is predicted once.
    """
    ids: list[int] = []
    labels: list[int] = []
    for document in documents:
        ids += document.input_ids
        labels += document.label_ids
        begin = 0
        while len(ids) - begin > length:
            yield Example(ids[begin : begin + length], labels[begin : begin + length])
            begin += length - 1
        ids, labels = ids[begin:], labels[begin:]
    if ids:
        yield Example(ids, labels)


def perplexity(loss: float) -> float:
    """Return the perplexity per token of a loss in nats, within what JSON can hold."""
    return math.exp(min(loss, 80.0))
