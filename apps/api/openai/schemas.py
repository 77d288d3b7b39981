"""What is read of OpenAI's requests, and how answers look."""

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

from apps.publishing.models import AppVersion
from workers.contracts.engine import Sampling
from workers.contracts.model_folder import PromptMessage

Stop = str | list[str] | None
UNSUPPORTED = frozenset(
    {
        *("n", "best_of", "presence_penalty", "frequency_penalty", "logit_bias", "logprobs", "top_logprobs"),
        *("tools", "tool_choice", "functions", "function_call", "response_format", "modalities", "audio"),
        *("echo", "suffix", "store", "reasoning_effort", "verbosity", "prediction", "web_search_options"),
        *("min_p", "ignore_eos", "service_tier", "tool_calls"),
    }
)
"""Known parameters for what this server does not do: taken where they ask for nothing, refused otherwise."""


class ContentPart(BaseModel):
    type: Literal["text"]
    text: str


Content = Annotated[
    Annotated[str, Tag("text")] | Annotated[list[ContentPart], Tag("parts")],
    Discriminator(lambda value: "parts" if isinstance(value, list) else "text"),
]


def field_of(loc: Sequence[str | int]) -> str:
    """The dotted name of a field, as callers wrote it: without what tells a text from a list of parts."""
    tags = {"content": ("text", "parts"), "prompt": ("one", "several")}
    before = ("", *loc)
    return ".".join(
        str(part) for last, part in zip(before, loc, strict=False) if part not in tags.get(str(last), ())
    )


class ChatMessage(BaseModel):
    role: Literal["system", "developer", "user", "assistant"]
    content: Content | None = ""
    # Without what was called or said aloud, the turn would be read as one that says nothing.
    tool_calls: list[Any] | None = Field(None, max_length=0)
    function_call: None = None
    audio: None = None

    def prompt(self) -> PromptMessage:
        parts = self.content if isinstance(self.content, list) else []
        text = self.content if isinstance(self.content, str) else "".join(part.text for part in parts)
        return PromptMessage(role="system" if self.role == "developer" else self.role, content=text)


class StreamOptions(BaseModel):
    model_config = ConfigDict(extra="forbid")

    include_usage: bool | None = False
    include_obfuscation: bool | None = None
    """Taken and not needed: it hides lengths from those who watch the network."""
    continuous_usage_stats: Literal[False] | None = None


class TextFormat(BaseModel):
    type: Literal["text"]


NO_LIMIT = -1


def _unlimited_is_none(value: int | None) -> int | None:
    return None if value == NO_LIMIT else value


def _not_zero(value: int | None) -> int | None:
    """Between "no limit" and one token there is nothing to ask for."""
    if value == 0:
        raise PydanticCustomError("greater_than_equal", "", {"ge": 1})
    return value


MostTokens = Annotated[
    int | None, Field(ge=NO_LIMIT), AfterValidator(_not_zero), AfterValidator(_unlimited_is_none)
]
"""A limit of tokens; -1 means none, as many clients say it."""


class GenerationRequest(BaseModel):
    """Sampling as OpenAI names it. What this server does not do or does not know is refused rather than ignored."""

    model_config = ConfigDict(extra="forbid")

    model: str
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    max_tokens: MostTokens = None
    max_completion_tokens: MostTokens = None
    min_tokens: int | None = Field(None, ge=0)
    temperature: float | None = Field(None, ge=0, le=2)
    top_p: float | None = Field(None, ge=0, le=1)
    top_k: Annotated[int | None, Field(ge=NO_LIMIT), AfterValidator(_unlimited_is_none)] = None
    min_p: Literal[0] | None = None
    repetition_penalty: float | None = Field(None, gt=0, le=2)
    seed: int | None = None
    stop: list[str] = Field(default_factory=list, max_length=4)
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
    def _stop_as_list(cls, value: Stop) -> list[str]:
        return [value] if isinstance(value, str) else value or []

    @property
    def wants_usage(self) -> bool:
        return bool(self.stream_options and self.stream_options.include_usage)

    def sampling(self, version: AppVersion) -> Sampling:
        """The app's own settings where the caller is silent; never a longer answer than the app allows. The nucleus of
        `top_p` 0 is the likeliest token alone, which is what temperature 0 takes."""
        usual = version.kind.sampling(version.settings)
        asked = [most for most in (self.max_completion_tokens or self.max_tokens, usual.max_tokens) if most]
        chosen = {
            name: getattr(self, name) if getattr(self, name) is not None else getattr(usual, name)
            for name in ("temperature", "top_p", "repetition_penalty")
        }
        if chosen["top_p"] == 0:
            chosen |= {"top_p": 1.0, "temperature": 0.0}
        return Sampling(
            max_tokens=min(asked, default=None),
            min_tokens=self.min_tokens or 0,
            top_k=self.top_k or 0,
            seed=self.seed,
            stop=self.stop,
            **chosen,
        )


class ChatRequest(GenerationRequest):
    messages: list[ChatMessage] = Field(min_length=1, max_length=1000)
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
            raise PydanticCustomError("too_long", "", {"max_length": 0})
        return value

    def prompt(self, version: AppVersion) -> list[PromptMessage]:
        """What the app's model reads; the system prompt of a chat leads, unless the caller brings one."""
        return version.kind.messages(version.settings, [message.prompt() for message in self.messages])


MOST_PROMPTS = 16
"""In one request: each takes a place in the engine's queue."""
Prompt = Annotated[
    Annotated[str, Tag("one")]
    | Annotated[list[str], Field(min_length=1, max_length=MOST_PROMPTS), Tag("several")],
    Discriminator(lambda value: "several" if isinstance(value, list) else "one"),
]


class CompletionRequest(GenerationRequest):
    """`prompt` is raw text for a causal model: no chat template and no system prompt stands around it. An encoder-decoder
    model reads it as its input, a classifier sorts it."""

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


@dataclass(frozen=True)
class Whole:
    """What became of one prompt. `labels` is ours: what a classifier thinks of each label, highest first."""

    text: str
    finish_reason: str
    prompt_tokens: int
    completion_tokens: int
    labels: list[dict[str, Any]] | None = None


class Answer:
    """Builds the bodies of one answer, whole or in chunks."""

    def __init__(self, *, chat: bool, model: str) -> None:
        self.chat = chat
        self.prompt_field = "messages" if chat else "prompt"
        self._common = {
            "id": f"{'chatcmpl' if chat else 'cmpl'}-{uuid.uuid4().hex}",
            "created": int(time.time()),
            "model": model,
        }

    def whole(self, parts: Sequence[Whole]) -> dict[str, Any]:
        kind = "chat.completion" if self.chat else "text_completion"
        read = sum(part.prompt_tokens for part in parts)
        said = sum(part.completion_tokens for part in parts)
        choices = [self._choice(index, part) for index, part in enumerate(parts)]
        return {**self._common, "object": kind, "choices": choices, "usage": usage(read, said)}

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
        first: bool = False,
        labels: list[dict[str, Any]] | None = None,
    ) -> dict[str, Any]:
        if self.chat:
            delta: dict[str, str] = {"role": "assistant"} if first else {}
            content: dict[str, Any] = {"delta": delta | ({"content": text} if text is not None else {})}
        else:
            content = {"text": text or ""}
        said = {} if labels is None else {"labels": labels}
        choice = {"index": 0, "finish_reason": finish_reason, "logprobs": None, **content, **said}
        return {**self._common, "object": self._chunk_kind, "choices": [choice]}

    def usage_chunk(self, usage: dict[str, int]) -> dict[str, Any]:
        return {**self._common, "object": self._chunk_kind, "choices": [], "usage": usage}

    @property
    def _chunk_kind(self) -> str:
        return "chat.completion.chunk" if self.chat else "text_completion"


def usage(prompt_tokens: int, completion_tokens: int) -> dict[str, int]:
    return {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": completion_tokens,
        "total_tokens": prompt_tokens + completion_tokens,
    }
