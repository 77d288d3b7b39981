"""OpenAI's requests and answers: what is read of theirs, and how ours look."""

import time
import uuid
from typing import Any, Literal

from pydantic import BaseModel, Field, field_validator

from workers.contracts.engine import Sampling
from workers.contracts.model_folder import PromptMessage
from workers.serving.errors import unsupported


class _ContentPart(BaseModel):
    type: str
    text: str = ""


class _ChatMessage(BaseModel):
    role: str
    content: str | list[_ContentPart] | None = ""

    def prompt(self) -> PromptMessage:
        """Raises EngineError for roles and contents that our models do not know."""
        role = "system" if self.role == "developer" else self.role
        if role not in ("system", "user", "assistant"):
            raise unsupported(f"Messages of role {self.role} are not supported.", "messages")
        content = self.content or ""
        if isinstance(content, list):
            if any(part.type != "text" for part in content):
                raise unsupported("Only text can be sent in messages.", "messages")
            content = "".join(part.text for part in content)
        return PromptMessage(role=role, content=content)


class _StreamOptions(BaseModel):
    include_usage: bool = False


class _CommonRequest(Sampling):
    """Sampling plus what both endpoints share. Settings that we do not have are ignored, as OpenAI's servers do."""

    model: str
    stream: bool = False
    stream_options: _StreamOptions | None = None
    n: Literal[1] = 1

    @field_validator("stop", mode="before")
    @classmethod
    def _stop_list(cls, value: Any) -> Any:
        if value is None:
            return []
        return [value] if isinstance(value, str) else value

    @field_validator(
        *("temperature", "top_p", "top_k", "repetition_penalty", "n", "stream", "min_tokens", "room"),
        mode="before",
    )
    @classmethod
    def _null_is_default(cls, value: Any, info: Any) -> Any:
        return cls.model_fields[info.field_name].default if value is None else value

    @property
    def sampling(self) -> Sampling:
        return Sampling(**{name: getattr(self, name) for name in Sampling.model_fields})

    @property
    def wants_usage(self) -> bool:
        return bool(self.stream_options and self.stream_options.include_usage)


class ChatRequest(_CommonRequest):
    messages: list[_ChatMessage] = Field(min_length=1)
    max_completion_tokens: int | None = Field(None, ge=1)

    def prompt(self) -> list[PromptMessage]:
        return [message.prompt() for message in self.messages]

    @property
    def sampling(self) -> Sampling:
        chosen = super().sampling
        return chosen.model_copy(update={"max_tokens": chosen.max_tokens or self.max_completion_tokens})


class CompletionRequest(_CommonRequest):
    """`prompt` is raw text, which a causal model continues and the others read."""

    prompt: str | list[str] = ""

    def text(self) -> str:
        texts = [self.prompt] if isinstance(self.prompt, str) else self.prompt
        if len(texts) != 1:
            raise unsupported("The engine takes one prompt in a request.", "prompt")
        return texts[0]


class Usage(BaseModel):
    prompt_tokens: int
    completion_tokens: int

    def dump(self) -> dict[str, int]:
        return {**self.model_dump(), "total_tokens": self.prompt_tokens + self.completion_tokens}


class Answer:
    """Builds the bodies of one answer, whole or in chunks, for either endpoint."""

    def __init__(self, request: _CommonRequest) -> None:
        self._chat = isinstance(request, ChatRequest)
        self._head = {
            "id": f"{'chatcmpl' if self._chat else 'cmpl'}-{uuid.uuid4().hex}",
            "created": int(time.time()),
            "model": request.model,
        }
        self._begun = False

    def whole(self, text: str, finish_reason: str, usage: Usage) -> dict[str, Any]:
        said = {"message": {"role": "assistant", "content": text}} if self._chat else {"text": text}
        choice = {"index": 0, **said, "logprobs": None, "finish_reason": finish_reason}
        kind = "chat.completion" if self._chat else "text_completion"
        return {**self._head, "object": kind, "choices": [choice], "usage": usage.dump()}

    def chunk(
        self, text: str, finish_reason: str | None = None, usage: Usage | None = None
    ) -> dict[str, Any]:
        """A piece of the answer; the last one carries the finish reason and the usage."""
        said: dict[str, Any] = {"text": text}
        if self._chat:
            delta: dict[str, str] = {} if self._begun else {"role": "assistant"}
            if text or not self._begun:
                delta["content"] = text
            said = {"delta": delta}
        self._begun = True
        choice = {"index": 0, **said, "logprobs": None, "finish_reason": finish_reason}
        body = {**self._head, "object": self._chunk_kind, "choices": [choice]}
        return body if usage is None else {**body, "usage": usage.dump()}

    def usage_chunk(self, usage: Usage) -> dict[str, Any]:
        """The extra chunk that `stream_options.include_usage` asks for."""
        return {**self._head, "object": self._chunk_kind, "choices": [], "usage": usage.dump()}

    @property
    def _chunk_kind(self) -> str:
        return "chat.completion.chunk" if self._chat else "text_completion"
