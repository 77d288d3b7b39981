"""OpenAI's requests, answers and stream events, as the site's /v1 and the serving engine both speak them.

A field that is not declared here is refused by its name, as OpenAI refuses it: a misspelled `max_token` that is ignored
gives an answer of the wrong length and no hint. Declared fields that neither server applies are accepted where they ask
for nothing, because client libraries send them with every request.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError

from workers.contracts.engine import RepetitionPenalty, StopTexts, Temperature, TopP
from workers.contracts.model_folder import PromptMessage

UNSUPPORTED = frozenset(
    {
        *("n", "best_of", "presence_penalty", "frequency_penalty", "logit_bias", "logprobs", "top_logprobs"),
        *("tools", "tool_choice", "functions", "function_call", "response_format", "modalities", "audio"),
        *("echo", "suffix", "store", "reasoning_effort", "verbosity", "prediction", "web_search_options"),
        *("min_p", "ignore_eos", "service_tier", "tool_calls"),
    }
)
"""Parameters that are known and not applied: accepted where they ask for nothing, refused otherwise."""
NO_LIMIT = -1
MOST_PROMPTS = 16
"""In one request: each takes a place in the engine's queue."""


class ContentPart(BaseModel):
    type: Literal["text"]
    text: str


Content = Annotated[
    Annotated[str, Tag("text")] | Annotated[list[ContentPart], Tag("parts")],
    Discriminator(lambda value: "parts" if isinstance(value, list) else "text"),
]
Prompt = Annotated[
    Annotated[str, Tag("one")]
    | Annotated[list[str], Field(min_length=1, max_length=MOST_PROMPTS), Tag("several")],
    Discriminator(lambda value: "several" if isinstance(value, list) else "one"),
]


def field_of(loc: Sequence[str | int]) -> str:
    """The dotted name of a field as callers wrote it, without pydantic's tags for a text and for a list of parts."""
    tags = {"content": ("text", "parts"), "prompt": ("one", "several")}
    before = ("", *loc)
    return ".".join(
        str(part) for last, part in zip(before, loc, strict=False) if part not in tags.get(str(last), ())
    )


class ChatMessage(BaseModel):
    """One turn. Unknown fields are ignored here: clients send back the messages that they got from other servers."""

    role: Literal["system", "developer", "user", "assistant"]
    content: Content | None = ""
    # Without its tool calls or its audio, such a turn would be read as one that says nothing.
    tool_calls: list[Any] | None = Field(None, max_length=0)
    function_call: None = None
    audio: None = None

    def prompt(self) -> PromptMessage:
        """Return the turn as models read it: one text, with the role of the system for `developer`."""
        parts = self.content if isinstance(self.content, list) else []
        text = self.content if isinstance(self.content, str) else "".join(part.text for part in parts)
        return PromptMessage(role="system" if self.role == "developer" else self.role, content=text)


class StreamOptions(BaseModel):
    model_config = ConfigDict(extra="forbid")

    include_usage: bool | None = False
    include_obfuscation: bool | None = None
    """Accepted and not needed: it hides the lengths of pieces from observers of the network."""
    continuous_usage_stats: Literal[False] | None = None


def _unlimited_is_none(value: int | None) -> int | None:
    return None if value == NO_LIMIT else value


def _not_zero(value: int | None) -> int | None:
    """Between "no limit" and one token there is nothing to ask for."""
    if value == 0:
        raise PydanticCustomError(
            "greater_than_equal", "Input should be greater than or equal to 1", {"ge": 1}
        )
    return value


TokenLimit = Annotated[
    int | None, Field(ge=NO_LIMIT), AfterValidator(_not_zero), AfterValidator(_unlimited_is_none)
]
"""A limit of tokens. -1 means none, as many clients write it."""


class GenerationRequest(BaseModel):
    """The fields that chat and completions share. None means that the caller leaves the setting to the server."""

    model_config = ConfigDict(extra="forbid")

    model: str
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    max_tokens: TokenLimit = None
    max_completion_tokens: TokenLimit = None
    min_tokens: int | None = Field(None, ge=0)
    temperature: Temperature | None = None
    top_p: TopP | None = None
    top_k: Annotated[int | None, Field(ge=NO_LIMIT), AfterValidator(_unlimited_is_none)] = None
    min_p: Literal[0] | None = None
    repetition_penalty: RepetitionPenalty | None = None
    seed: int | None = None
    stop: StopTexts = Field(default_factory=list)
    n: Literal[1] | None = 1
    presence_penalty: Literal[0] | None = 0
    frequency_penalty: Literal[0] | None = 0
    logit_bias: dict[str, float] | None = Field(None, max_length=0)
    ignore_eos: Literal[False] | None = None
    store: Literal[False] | None = None
    service_tier: Literal["auto", "default"] | None = None
    # Labels of the caller's own, which change no answer.
    user: str | None = None
    metadata: dict[str, Any] | None = None
    safety_identifier: str | None = None
    prompt_cache_key: str | None = None
    prompt_cache_retention: str | None = None

    @field_validator("stop", mode="before")
    @classmethod
    def _stop_as_list(cls, value: str | list[str] | None) -> list[str]:
        return [value] if isinstance(value, str) else value or []

    @property
    def wants_usage(self) -> bool:
        return bool(self.stream_options and self.stream_options.include_usage)

    @property
    def most_tokens(self) -> int | None:
        """The limit of the answer by either of its names."""
        return self.max_completion_tokens or self.max_tokens


class TextFormat(BaseModel):
    type: Literal["text"]


class ChatRequest(GenerationRequest):
    messages: list[ChatMessage] = Field(min_length=1)
    logprobs: Literal[False] | None = None
    top_logprobs: Literal[0] | None = None
    tool_choice: Literal["none", "auto"] | None = None
    tools: list[Any] | None = None
    parallel_tool_calls: bool | None = None
    functions: list[Any] | None = Field(None, max_length=0)
    function_call: Literal["none", "auto"] | None = None
    response_format: TextFormat | None = None
    reasoning_effort: Literal["none"] | None = None
    verbosity: Literal["medium"] | None = None
    prediction: None = None
    web_search_options: None = None
    modalities: list[Literal["text"]] | None = None
    audio: None = None

    @field_validator("tools")
    @classmethod
    def _tools_are_not_called(cls, value: list[Any] | None, info: ValidationInfo) -> list[Any] | None:
        """A caller who chooses "none" only describes them."""
        if value and info.data.get("tool_choice") != "none":
            message = "Input should have no items unless tool_choice is none"
            raise PydanticCustomError("too_long", message, {"max_length": 0})
        return value


class CompletionRequest(GenerationRequest):
    """`prompt` is raw text, which a causal model continues: no chat template and no system prompt surround it. An
    encoder-decoder model reads it as its input, a classifier labels it."""

    prompt: Prompt
    best_of: Literal[1] | None = None
    logprobs: None = None
    echo: Literal[False] | None = None
    suffix: Literal[""] | None = None

    @field_validator("prompt", mode="before")
    @classmethod
    def _begin_a_text(cls, value: Any) -> Any:
        return "" if value is None else value

    @property
    def prompts(self) -> list[str]:
        return [self.prompt] if isinstance(self.prompt, str) else self.prompt


class Usage(BaseModel):
    prompt_tokens: int = 0
    completion_tokens: int = 0

    def dump(self) -> dict[str, int]:
        return {**self.model_dump(), "total_tokens": self.prompt_tokens + self.completion_tokens}


@dataclass(frozen=True)
class Whole:
    """The answer to one prompt. `labels` is an addition to OpenAI's shape: a classifier's scores, highest first."""

    text: str
    finish_reason: str
    usage: Usage
    labels: list[dict[str, Any]] | None = None


class Answer:
    """Builds the bodies of one answer, whole or in chunks, for either endpoint."""

    def __init__(self, *, chat: bool, model: str) -> None:
        self.chat = chat
        self.prompt_field = "messages" if chat else "prompt"
        self._has_begun = False
        self._common = {
            "id": f"{'chatcmpl' if chat else 'cmpl'}-{uuid.uuid4().hex}",
            "created": int(time.time()),
            "model": model,
        }

    def whole(self, parts: Sequence[Whole]) -> dict[str, Any]:
        kind = "chat.completion" if self.chat else "text_completion"
        usage = Usage(
            prompt_tokens=sum(part.usage.prompt_tokens for part in parts),
            completion_tokens=sum(part.usage.completion_tokens for part in parts),
        )
        choices = [self._choice(index, part) for index, part in enumerate(parts)]
        return {**self._common, "object": kind, "choices": choices, "usage": usage.dump()}

    def _choice(self, index: int, part: Whole) -> dict[str, Any]:
        content: dict[str, Any] = (
            {"message": {"role": "assistant", "content": part.text, "refusal": None}}
            if self.chat
            else {"text": part.text}
        )
        labels = {} if part.labels is None else {"labels": part.labels}
        return {"index": index, "finish_reason": part.finish_reason, "logprobs": None, **content, **labels}

    def chunk(
        self,
        text: str | None,
        *,
        finish_reason: str | None = None,
        labels: list[dict[str, Any]] | None = None,
        usage: Usage | None = None,
    ) -> dict[str, Any]:
        """A piece of the answer. The first one of a chat names the role; the last one has a finish reason and no text."""
        choice: dict[str, Any] = {"index": 0, "finish_reason": finish_reason, "logprobs": None}
        choice |= {"delta": self._delta(text)} if self.chat else {"text": text or ""}
        self._has_begun = True
        if labels is not None:
            choice["labels"] = labels
        body = {**self._common, "object": self._chunk_kind, "choices": [choice]}
        return body if usage is None else {**body, "usage": usage.dump()}

    def _delta(self, text: str | None) -> dict[str, str]:
        if not self._has_begun:
            return {"role": "assistant", "content": text or ""}
        return {} if text is None else {"content": text}

    def usage_chunk(self, usage: Usage) -> dict[str, Any]:
        """The last chunk of a stream whose caller asked for it with `stream_options.include_usage`."""
        return {**self._common, "object": self._chunk_kind, "choices": [], "usage": usage.dump()}

    @property
    def _chunk_kind(self) -> str:
        return "chat.completion.chunk" if self.chat else "text_completion"


def error_body(status: int, code: str, message: str, param: str | None = None) -> dict[str, Any]:
    """The shape from which OpenAI's clients make their exceptions."""
    kind = {401: "authentication_error", 429: "rate_limit_error"}.get(status)
    kind = kind or ("server_error" if status >= 500 else "invalid_request_error")
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}
