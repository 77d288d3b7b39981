"""Causal models over a slot cache: one batched forward pass for rows of any lengths."""

from collections.abc import Sequence
from typing import Any

import torch

from workers.contracts.families import Family
from workers.models.agreement import Reference, probe_rows
from workers.models.loading import LoadedModel
from workers.serving.attention import additive_mask, choose_cache_dtype
from workers.serving.backends.agreement import require_agreement, require_batchable
from workers.serving.backends.answers import AnswerRules
from workers.serving.errors import unsupported
from workers.serving.packing import memory_of, pack_linear_layers
from workers.serving.slot_cache import SlotCache, allocated_tokens

_KNOWN_LAYERS = {"full_attention", "sliding_attention"}


class CausalModel:
    """Turns rows of tokens into next-token logits. `cache_bytes` bounds keys and values of all rows together."""

    name = "slots"
    family = Family.CAUSAL
    chunk_tokens: int | None = 256

    def __init__(self, loaded: LoadedModel, *, slots: int, cache_bytes: int, pack: bool = False) -> None:
        """`pack` packs the linear layers. Raises EngineError (unsupported) when the architecture cannot be batched this
        way."""
        self.model, self.device, self.precision = loaded.model, loaded.device, loaded.precision
        self.config = loaded.model.config.get_text_config(decoder=True)
        self.dtype = choose_cache_dtype(self.model, self.device)
        rules = AnswerRules.of(loaded)
        self.suppressed, self.first_token = rules.suppressed, rules.first_token
        unknown = set(getattr(self.config, "layer_types", None) or []) - _KNOWN_LAYERS
        if unknown:
            raise unsupported(
                f"The engine cannot serve {self.config.model_type} models: {', '.join(unknown)}."
            )
        self.cache = SlotCache(self.config.num_hidden_layers, self.device, self.dtype)
        require_batchable(self.model, lambda: self._check(pack))
        self._token_bytes = self.cache.token_bytes
        self.cache.truncate(0)
        most = allocated_tokens(slots, loaded.manifest.context_length) * self._token_bytes
        self.cache_bytes = min(cache_bytes, most)
        self.memory_bytes = memory_of(loaded.model) + self.cache_bytes

    def caches(self) -> Sequence[SlotCache]:
        return (self.cache,)

    def needed_bytes(self, rows: Sequence[tuple[int, int]]) -> int:
        return allocated_tokens(len(rows), max(map(sum, rows))) * self._token_bytes

    def begin(self, first: int, prompts: Sequence[Sequence[int]]) -> torch.Tensor:
        return self.extend(first, prompts)

    @torch.inference_mode()
    def extend(self, first: int, tokens: Sequence[Sequence[int]]) -> torch.Tensor:
        """Logits [rows, vocabulary], float32, after the last of each row's new tokens."""
        widths = [len(row) for row in tokens]
        positions = self.cache.open(first, widths)
        width = max(widths)
        ids = torch.tensor([[0] * (width - len(row)) + list(row) for row in tokens], device=self.device)
        logits = self.model(
            input_ids=ids,
            position_ids=positions,
            attention_mask=self._masks(positions),
            past_key_values=self.cache,
            use_cache=True,
            logits_to_keep=1,
        ).logits
        self.cache.commit()
        return logits[:, -1].float()

    def _masks(self, positions: torch.Tensor) -> Any:
        """What each new token sees: its row's columns up to its own, or the last ones of them in sliding layers."""
        columns = torch.arange(self.cache.window.columns, device=self.device)
        distance = positions[:, None, :, None] - columns
        full = additive_mask(distance >= 0, self.dtype)
        window = getattr(self.config, "sliding_window", None)
        if window is None:
            return full
        sliding = additive_mask((distance >= 0) & (distance < window), self.dtype)
        if getattr(self.config, "layer_types", None):
            return {"full_attention": full, "sliding_attention": sliding}
        return sliding

    @torch.inference_mode()
    def _check(self, pack: bool) -> None:
        """Compare a batch of unequal rows, in steps, with plain forward passes: an architecture that computes
        positions or masks in a way that the slot cache does not serve must not answer at all."""
        rows = probe_rows(self.config.vocab_size)
        alone = Reference.of(self.model, lambda: self._plain(rows))
        if pack:
            pack_linear_layers(self.model)
        self.begin(0, [row[:-1] for row in rows])
        stepped = self.extend(0, [row[-1:] for row in rows])
        require_agreement(alone.compare(stepped), self.config.model_type)

    def _plain(self, rows: Sequence[Sequence[int]]) -> torch.Tensor:
        """Logits after the last token of each row, computed without the slot cache."""
        ids = [torch.tensor([row], device=self.device) for row in rows]
        return torch.stack([self.model(input_ids=row, use_cache=False).logits[0, -1] for row in ids])
