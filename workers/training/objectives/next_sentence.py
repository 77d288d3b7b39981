"""Masked language modeling with next-sentence prediction (Devlin et al. 2019, "BERT", section 3.1, tasks 1 and 2)."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from workers.contracts.objectives.masked_lm import MASKED_ACCURACY
from workers.contracts.objectives.next_sentence import MASKED_LOSS, PAIR_ACCURACY, PAIR_LOSS
from workers.contracts.recipes import Recipe
from workers.models.draws import draw
from workers.models.generation import logits_where, padded
from workers.models.loading import LoadedModel
from workers.models.masking import MASKED_SHARE, Passage, edges, mask, with_words
from workers.models.prompts import IGNORED, Example
from workers.models.sentence_pairs import SentencePair, pairs, sentences
from workers.training.checkpoints import Validation
from workers.training.data import Row, parts_of
from workers.training.objectives.masked_lm import MaskedLanguageModeling

_HEAD = "next_sentence"
_PAIRS_SEED = 17
"""Pairs are drawn once for the data, as for BERT. Their masks are drawn again in each epoch."""


@dataclass(frozen=True, slots=True)
class MaskedPair(Example):
    """A pair of which tokens are hidden."""

    second: int = 0
    follows: bool = False


class NextSentencePrediction(MaskedLanguageModeling):
    """The loss is the mean over hidden tokens plus the mean over pairs. A head on the first token says whether the second passage
    follows the first one; it is removed when the model is saved."""

    example = SentencePair
    counted = ("masked_right", "masked", "masked_nats", "pairs_right", "pairs", "pair_nats")

    def __init__(self, loaded: LoadedModel, recipe: Recipe) -> None:
        super().__init__(loaded, recipe)
        # Hidden tokens of a full pair: what one pair weighs, so that both means count alike however pairs are grouped.
        self._pair_weight = max(1, round(MASKED_SHARE * (recipe.max_length or 128)))
        # Adapters, which come later, replace modules inside of this model.
        self._base = loaded.model
        self._body: nn.Module = getattr(loaded.model, loaded.model.base_model_prefix)
        if not hasattr(loaded.model, _HEAD):
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(recipe.seed)
                head = nn.Linear(loaded.model.config.hidden_size, 2)
                nn.init.normal_(head.weight, std=0.02)
                nn.init.zeros_(head.bias)
            loaded.model.add_module(_HEAD, head.to(loaded.device))

    def finish(self) -> None:
        for model in {self._base, self._loaded.model}:
            if hasattr(model, _HEAD):
                delattr(model, _HEAD)

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
        if max_length is None:
            return super().encode(
                rows, loaded, max_length=None, max_target_length=None, on_progress=on_progress
            )
        return pairs(
            _divided(rows, loaded, on_progress),
            max_length,
            edges(loaded.tokenizer),
            draw(_PAIRS_SEED),
        )

    def drawn(self, example: Example, *place: int) -> Example:
        if not isinstance(example, SentencePair):
            return example
        hidden = mask(
            example, self._loaded.tokenizer, draw(self._seed, *place), whole_words=self._whole_words
        )
        return MaskedPair(hidden.input_ids, hidden.label_ids, False, example.second, example.follows)

    def loss_sum(self, examples: Sequence[Example]) -> torch.Tensor:
        logits, hidden, answers, right = self._outputs(examples)
        masked = cross_entropy(logits, hidden, reduction="sum", label_smoothing=self._smoothing)
        return masked + self._pair_weight * cross_entropy(answers, right, reduction="sum")

    def measure(self, examples: Sequence[Example]) -> tuple[float, int | None, Sequence[float]]:
        logits, hidden, answers, right = self._outputs(examples)
        masked = float(cross_entropy(logits, hidden, reduction="sum"))
        pair = float(cross_entropy(answers, right, reduction="sum"))
        counts = (
            int((logits.argmax(-1) == hidden).sum()),
            len(hidden),
            masked,
            int((answers.argmax(-1) == right).sum()),
            len(right),
            pair,
        )
        return masked + self._pair_weight * pair, None, counts

    def report(self, validation: Validation) -> dict[str, float]:
        sums = validation.sums
        hidden, every = max(1.0, sums.get("masked", 0)), max(1.0, sums.get("pairs", 0))
        return {
            "validation_loss": validation.loss,
            MASKED_LOSS.name: sums.get("masked_nats", 0.0) / hidden,
            PAIR_LOSS.name: sums.get("pair_nats", 0.0) / every,
            MASKED_ACCURACY.name: sums.get("masked_right", 0.0) / hidden,
            PAIR_ACCURACY.name: sums.get("pairs_right", 0.0) / every,
        }

    def _outputs(
        self, examples: Sequence[Example]
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
        """Logits of hidden tokens and the right ones, then logits of pairs and whether each follows; logits in fp32."""
        loaded = self._loaded
        ids, attended = padded([row.input_ids for row in examples], self._pad, self._device)
        labels, _ = padded([row.label_ids for row in examples], IGNORED, self._device)
        hidden = labels != IGNORED
        inputs = {"input_ids": ids, "attention_mask": attended}
        if "token_type_ids" in loaded.tokenizer.model_input_names:
            inputs["token_type_ids"] = self._sides(examples, ids.shape[1])
        states: list[torch.Tensor] = []
        with self._body.register_forward_hook(lambda _module, _given, output: states.append(output[0])):
            logits = logits_where(loaded.model, hidden, **inputs)
        answers = getattr(self._base, _HEAD)(states[0][:, 0])
        follows = [int(isinstance(row, MaskedPair) and row.follows) for row in examples]
        right = torch.tensor(follows, device=self._device)
        return logits.float(), labels[hidden], answers.float(), right

    def _sides(self, examples: Sequence[Example], width: int) -> torch.Tensor:
        """Which of the two passages each token belongs to, (rows, width)."""
        begins = [row.second if isinstance(row, MaskedPair) else width for row in examples]
        places = torch.arange(width, device=self._device)
        return (places[None] >= torch.tensor(begins, device=self._device)[:, None]).long()


def _divided(
    rows: Collection[Row], loaded: LoadedModel, on_progress: Callable[[int, int], None] | None
) -> Iterator[list[Passage]]:
    """Yield each document as sentences."""
    done = 0
    for part in parts_of(rows):
        for row in part:
            found = sentences(row.target)
            known = with_words(loaded.tokenizer, found) if found else iter(())
            yield [sentence for sentence in known if sentence.input_ids]
        done += len(part)
        if on_progress:
            on_progress(done, len(rows))
