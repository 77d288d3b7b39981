"""Encoder-decoder models over slot caches: a row holds a request's encoded input beside what was said so far."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn
from torch.nn.utils.rnn import pad_sequence
from transformers.cache_utils import EncoderDecoderCache
from transformers.modeling_outputs import BaseModelOutput

from workers.contracts.families import Family
from workers.models.agreement import Reference, probe_rows
from workers.models.loading import LoadedModel
from workers.serving.attention import additive_mask, choose_cache_dtype
from workers.serving.backends.agreement import require_agreement, require_batchable
from workers.serving.backends.answers import AnswerRules
from workers.serving.errors import unsupported
from workers.serving.packing import memory_of, pack_linear_layers
from workers.serving.slot_cache import SlotCache, allocated_tokens


class _Positions:
    """Where the decoder's current tokens stand, [rows, width]; None outside the engine's own forward passes."""

    columns: torch.Tensor | None = None
    keys = 0


class _RowPositions(nn.Module):
    """Stands in for a decoder's position embedding, which assumes that all rows are equally long."""

    def __init__(self, plain: nn.Module, positions: _Positions) -> None:
        super().__init__()
        self.plain, self.positions = plain, positions
        table = getattr(plain, "weight", None)
        if table is None:
            # M2M-100 keeps its sinusoids in a buffer and counts from the padding index on.
            table, self.offset = plain.weights, plain.padding_idx + 1
        else:
            self.offset = getattr(plain, "offset", 0)
        self.table = table

    def forward(self, *args: Any, **kwargs: Any) -> torch.Tensor:
        if self.positions.columns is None:
            return self.plain(*args, **kwargs)
        return nn.functional.embedding(self.positions.columns + self.offset, self.table)


def _bias_by_row(attention: Any, positions: _Positions) -> Any:
    """T5's relative position bias, [rows, heads, width, keys], for rows that stand at different positions."""
    plain = attention.compute_bias

    def compute_bias(*args: Any, **kwargs: Any) -> torch.Tensor:
        if positions.columns is None:
            return plain(*args, **kwargs)
        keys = torch.arange(positions.keys, device=positions.columns.device)
        bucket = attention._relative_position_bucket(
            keys[None, None, :] - positions.columns[:, :, None],
            bidirectional=False,
            num_buckets=attention.relative_attention_num_buckets,
            max_distance=attention.relative_attention_max_distance,
        )
        return attention.relative_attention_bias(bucket).permute(0, 3, 1, 2)

    return compute_bias


class Seq2SeqModel:
    """Turns inputs and rows of answer tokens into next-token logits."""

    name = "seq2seq"
    family = Family.SEQ2SEQ
    chunk_tokens: int | None = None

    def __init__(self, loaded: LoadedModel, *, slots: int, cache_bytes: int, pack: bool = False) -> None:
        """`pack` packs the linear layers. Raises EngineError (unsupported) when the architecture cannot be batched this
        way."""
        self.model, self.device, self.precision = loaded.model, loaded.device, loaded.precision
        self.dtype = choose_cache_dtype(self.model, self.device)
        rules = AnswerRules.of(loaded)
        self.suppressed, self.first_token = rules.suppressed, rules.first_token
        config = loaded.model.config
        self.pad = config.pad_token_id or 0
        settings = loaded.model.generation_config
        starts = (settings.decoder_start_token_id, config.decoder_start_token_id, settings.bos_token_id)
        self.start = next((start for start in starts if start is not None), self.pad)
        layers = getattr(config, "num_decoder_layers", None) or config.decoder_layers
        self.positions = _Positions()
        self._place_positions()
        self.said = SlotCache(layers, self.device, self.dtype)
        self.source = SlotCache(layers, self.device, self.dtype)
        self.cache = EncoderDecoderCache(self.said, self.source)
        require_batchable(self.model, lambda: self._check(pack))
        self._said_bytes, self._source_bytes = self.said.token_bytes, self.source.token_bytes
        for cache in self.caches():
            cache.truncate(0)
        longest = loaded.manifest.context_length
        most = self.needed_bytes([(longest, loaded.manifest.max_target_length or longest)] * slots)
        self.cache_bytes = min(cache_bytes, most)
        self.memory_bytes = memory_of(loaded.model) + self.cache_bytes

    def _place_positions(self) -> None:
        decoder = self.model.get_decoder()
        biased = [m for m in decoder.modules() if getattr(m, "has_relative_attention_bias", False)]
        for attention in biased:
            attention.compute_bias = _bias_by_row(attention, self.positions)
        if biased:
            return
        try:
            decoder.embed_positions = _RowPositions(decoder.embed_positions, self.positions)
        except AttributeError as error:
            kind = self.model.config.model_type
            raise unsupported(f"The engine cannot serve {kind} models: unknown position encoding.") from error

    def caches(self) -> Sequence[SlotCache]:
        return (self.said, self.source)

    def needed_bytes(self, rows: Sequence[tuple[int, int]]) -> int:
        said = allocated_tokens(len(rows), 1 + max(output for _, output in rows))
        source = allocated_tokens(len(rows), max(prompt for prompt, _ in rows))
        return said * self._said_bytes + source * self._source_bytes

    @torch.inference_mode()
    def begin(self, first: int, prompts: Sequence[Sequence[int]]) -> torch.Tensor:
        """Encode inputs into new rows and let the decoder see its start token."""
        lengths = [len(prompt) for prompt in prompts]
        ids = pad_sequence(
            [torch.tensor(prompt, device=self.device) for prompt in prompts],
            batch_first=True,
            padding_value=self.pad,
        )
        self.source.open(first, [ids.shape[1]] * len(prompts))
        mask = self._source_mask(lengths)
        padding = mask[:, : ids.shape[1]].long()
        states = self.model.get_encoder()(input_ids=ids, attention_mask=padding).last_hidden_state
        self.cache.is_updated = dict.fromkeys(self.cache.is_updated, False)
        logits = self._decode(first, [[self.start]] * len(prompts), states, mask)
        self.source.lengths[first:] = lengths
        return logits

    @torch.inference_mode()
    def extend(self, first: int, tokens: Sequence[Sequence[int]]) -> torch.Tensor:
        self.source.look(first, len(tokens))
        self.cache.is_updated = dict.fromkeys(self.cache.is_updated, True)
        mask = self._source_mask(self.source.lengths[first : first + len(tokens)])
        width = self.model.config.hidden_size
        # The decoder wants to see encoded states before it looks into the cache; it never reads these.
        unread = torch.zeros((len(tokens), 1, width), dtype=self.model.dtype, device=self.device)
        return self._decode(first, tokens, unread, mask)

    def _source_mask(self, lengths: Sequence[int]) -> torch.Tensor:
        """Which columns of the window hold encoded input, [rows, columns]."""
        columns = torch.arange(self.source.window.columns, device=self.device)
        return columns < torch.tensor(lengths, device=self.device)[:, None]

    def _decode(
        self, first: int, tokens: Sequence[Sequence[int]], states: torch.Tensor, source_mask: torch.Tensor
    ) -> torch.Tensor:
        """One decoder pass; every row gets the same number of tokens, always one."""
        columns = self.said.open(first, [len(row) for row in tokens])
        self.positions.columns, self.positions.keys = columns, self.said.window.columns
        keys = torch.arange(self.said.window.columns, device=self.device)
        try:
            logits = self.model(
                encoder_outputs=BaseModelOutput(last_hidden_state=states),
                attention_mask=additive_mask(source_mask[:, None, None, :], self.dtype),
                decoder_input_ids=torch.tensor(tokens, device=self.device),
                decoder_attention_mask=additive_mask(keys <= columns[:, None, :, None], self.dtype),
                past_key_values=self.cache,
                use_cache=True,
            ).logits
        finally:
            self.positions.columns = None
        self.said.commit()
        return logits[:, -1].float()

    @torch.inference_mode()
    def _check(self, pack: bool) -> None:
        """Compare unequal rows with plain forward passes, as the causal backend does."""
        *prompts, words = probe_rows(self.model.config.vocab_size)[:3]
        said = [words[:2], words[:1]]
        alone = Reference.of(self.model, lambda: self._plain(prompts, said))
        if pack:
            pack_linear_layers(self.model)
        self.begin(0, prompts[:1])
        self.extend(0, [said[0][:1]])
        self.begin(1, prompts[1:])
        stepped = self.extend(0, [said[0][1:], said[1]])
        require_agreement(alone.compare(stepped), self.model.config.model_type)

    def _plain(self, prompts: Sequence[Sequence[int]], said: Sequence[Sequence[int]]) -> torch.Tensor:
        """Logits after the last token said to each prompt, computed without the slot caches."""
        return torch.stack(
            [
                self.model(
                    input_ids=torch.tensor([prompt], device=self.device),
                    decoder_input_ids=torch.tensor([[self.start, *tokens]], device=self.device),
                    use_cache=False,
                ).logits[0, -1]
                for prompt, tokens in zip(prompts, said, strict=True)
            ]
        )
