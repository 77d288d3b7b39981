"""A loaded model with its limits: turns what HTTP asks into work for its backend."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from transformers import PreTrainedTokenizerBase

from workers.contracts.engine import Sampling
from workers.contracts.families import Family
from workers.contracts.model_folder import PromptMessage
from workers.contracts.recipes import Precision
from workers.models.generation import end_token_ids
from workers.models.loading import LoadedModel, load_folder
from workers.models.prompts import PromptTooLong, encode_prompt, encode_text, prompt_limit
from workers.serving.backends.base import Backend
from workers.serving.backends.causal import CausalModel
from workers.serving.backends.classifier import ClassifierBackend
from workers.serving.backends.seq2seq import Seq2SeqModel
from workers.serving.backends.slots import SlotBackend, TokenModel
from workers.serving.detokenizer import Detokenizer
from workers.serving.errors import EngineError, context_length_exceeded, out_of_memory, unsupported
from workers.serving.packing import pack_linear_layers, packing_available
from workers.serving.step_threads import adapt_threads
from workers.serving.work import Classification, Generation

_GREEDY = Sampling(temperature=0)
_UNBOUNDED = 1 << 30
Prompt = Sequence[PromptMessage] | str
"""A conversation, or raw text to continue: an encoder-decoder model and a classifier read both alike."""


@dataclass(eq=False)
class HostedModel:
    """`token_model` is None for classifiers."""

    loaded: LoadedModel
    backend: Backend
    token_model: TokenModel | None

    @classmethod
    def load(
        cls, folder: Path, *, precision: Precision, slots: int, cache_bytes: int, threads: int = 0
    ) -> "HostedModel":
        """`threads` is the most that compute, 0 as many as torch chooses.

        Raises JobError when the folder cannot be read, EngineError when its model cannot be served.
        """
        loaded = load_folder(folder, precision=None if precision is Precision.AUTO else precision)
        pack = packing_available(loaded.device, loaded.model.dtype)
        if loaded.device.type == "cpu":
            adapt_threads(loaded.model, loaded.manifest.parameters, threads or torch.get_num_threads())
        if loaded.family.has_labels:
            if pack:
                pack_linear_layers(loaded.model)
            return cls(loaded, ClassifierBackend(loaded, slots=slots), None)
        kind = CausalModel if loaded.family is Family.CAUSAL else Seq2SeqModel
        model = kind(loaded, slots=slots, cache_bytes=cache_bytes, pack=pack)
        return cls(loaded, SlotBackend(model, slots=slots), model)

    def prompt_ids(self, prompt: Prompt, *, room: int = 0) -> list[int]:
        """`room` is that of Sampling. Raises EngineError (context_length_exceeded)."""
        manifest = self.loaded.manifest
        limit = prompt_limit(manifest)
        if manifest.family is Family.CAUSAL:
            limit = min(limit, manifest.context_length - min(room, manifest.context_length // 2))
        try:
            if not isinstance(prompt, str):
                return encode_prompt(self.loaded.tokenizer, manifest, prompt, limit=limit)
            if manifest.family is Family.CAUSAL:
                return encode_text(self.loaded.tokenizer, manifest, prompt, limit=limit)
            read = [PromptMessage(role="user", content=prompt)]
            return encode_prompt(self.loaded.tokenizer, manifest, read, limit=limit)
        except PromptTooLong as error:
            param = "prompt" if isinstance(prompt, str) else "messages"
            raise context_length_exceeded(error.tokens, error.limit, param) from error

    def classification(self, text: str) -> Classification:
        if not self.loaded.family.has_labels:
            raise unsupported("This model writes text; ask /v1/chat/completions.", "model")
        return Classification(self.prompt_ids([PromptMessage(role="user", content=text)]))

    def generation(self, prompt: Prompt, sampling: Sampling) -> Generation:
        """A request for text. `max_tokens` is cut to what the model has room for.

        Raises EngineError: unsupported, context_length_exceeded, out_of_memory.
        """
        if self.token_model is None:
            raise unsupported("This model sorts texts into labels; ask /classify.", "model")
        prompt_ids = self.prompt_ids(prompt, room=sampling.room)
        room = min(self._room(prompt_ids), self.loaded.manifest.max_target_length or _UNBOUNDED)
        return Generation(
            prompt_ids,
            sampling=sampling,
            max_new_tokens=min(sampling.max_tokens or room, room),
            min_new_tokens=min(sampling.min_tokens, len(prompt_ids) // 2),
            end_ids=frozenset(end_token_ids(self.loaded)),
            detokenizer=Detokenizer(_decoder(self.loaded.tokenizer)),
            prompt_counts=self.loaded.family is Family.CAUSAL,
        )

    def forced(self, messages: Sequence[PromptMessage], output_ids: list[int]) -> Generation:
        """A request that is told what to say, to learn how likely the model finds it."""
        work = self._scored(messages, len(output_ids))
        if len(output_ids) > work.max_new_tokens:
            message = f"output_ids has {len(output_ids)} tokens; there is room for {work.max_new_tokens}."
            raise EngineError("context_length_exceeded", message, status=400, param="output_ids")
        work.forced_ids = output_ids
        return work

    def greedy(self, messages: Sequence[PromptMessage], tokens: int) -> Generation:
        """A request for up to `tokens` most likely tokens, their ids rather than their text."""
        return self._scored(messages, tokens)

    def _scored(self, messages: Sequence[PromptMessage], tokens: int) -> Generation:
        """Bound by what fits, not by the longest answer in training: a trainer may have let the model go on."""
        work = self.generation(messages, _GREEDY)
        work.max_new_tokens, work.detokenizer = min(tokens, self._room(work.prompt_ids)), None
        return work

    def _room(self, prompt_ids: Sequence[int]) -> int:
        """Most tokens of answer, at least 1, that positions and cache have room for."""
        assert self.token_model is not None  # noqa: S101
        manifest = self.loaded.manifest
        if manifest.family is Family.CAUSAL:
            room = manifest.context_length - len(prompt_ids)
        else:
            room = getattr(self.loaded.model.config, "max_position_embeddings", manifest.context_length)
        while self.token_model.needed_bytes([(len(prompt_ids), room)]) > self.token_model.cache_bytes:
            room -= 64
            if room < 1:
                raise out_of_memory("This text needs more memory than the engine has for one request.")
        return room


def _decoder(tokenizer: PreTrainedTokenizerBase) -> Callable[[Sequence[int]], str]:
    """`tokenizer.decode` without special tokens, by the shortest way: it is called for every token of every stream."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None or tokenizer.clean_up_tokenization_spaces:
        return lambda ids: tokenizer.decode(ids, skip_special_tokens=True)
    return lambda ids: backend.decode(ids, skip_special_tokens=True)
