"""OpenAI's shapes: the site's /v1 and the engine read the same fields and write the same answers."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from apps.api.openai import schemas
from workers.contracts.openai import UNSUPPORTED, Answer, ChatRequest, CompletionRequest, Usage, Whole
from workers.serving import protocol

ENGINE_ONLY = {"sentence_after", "room"}
HELLO = [{"role": "user", "content": "Hello"}]
BODIES: dict[str, dict[str, Any]] = {
    "ChatRequest": {"model": "m", "messages": HELLO},
    "CompletionRequest": {"model": "m", "prompt": "Hello"},
}


@pytest.mark.parametrize("name", BODIES)
def test_both_servers_know_the_same_fields(name: str) -> None:
    site, engine = getattr(schemas, name), getattr(protocol, name)
    assert site.model_fields.keys() == engine.model_fields.keys() - ENGINE_ONLY


@pytest.mark.parametrize("module", [schemas, protocol], ids=lambda module: module.__name__)
@pytest.mark.parametrize("name", BODIES)
def test_an_unknown_field_is_refused_by_its_name(module: Any, name: str) -> None:
    request: type[BaseModel] = getattr(module, name)
    request.model_validate(BODIES[name])
    with pytest.raises(ValidationError) as refused:
        request.model_validate(BODIES[name] | {"max_token": 5})
    (problem,) = refused.value.errors()
    assert (problem["type"], problem["loc"]) == ("extra_forbidden", ("max_token",))


def test_every_unsupported_parameter_is_a_field() -> None:
    turn = set(ChatRequest.model_fields["messages"].annotation.__args__[0].model_fields)  # type: ignore[union-attr]
    assert ChatRequest.model_fields.keys() | CompletionRequest.model_fields.keys() | turn >= UNSUPPORTED


def test_the_engine_takes_either_name_of_the_limit_and_fills_its_defaults() -> None:
    body = BODIES["ChatRequest"]
    request = protocol.ChatRequest.model_validate(body | {"max_completion_tokens": 7, "temperature": None})
    assert (request.sampling.max_tokens, request.sampling.temperature) == (7, 0.7)
    assert protocol.ChatRequest.model_validate(body | {"max_tokens": -1}).sampling.max_tokens is None


@pytest.mark.parametrize("chat", [True, False])
def test_chunks_join_to_the_whole_answer(chat: bool) -> None:
    answer = Answer(chat=chat, model="m")
    usage = Usage(prompt_tokens=2, completion_tokens=3)
    chunks = [answer.chunk("Good "), answer.chunk("day"), answer.chunk(None, finish_reason="stop")]
    choices = [chunk["choices"][0] for chunk in chunks]
    whole = answer.whole([Whole("Good day", "stop", usage)])
    said = [choice["delta"].get("content", "") if chat else choice["text"] for choice in choices]
    choice = whole["choices"][0]
    assert "".join(said) == (choice["message"]["content"] if chat else choice["text"])
    assert [choice["finish_reason"] for choice in choices] == [None, None, "stop"]
    assert [choice.get("delta", {}).get("role") for choice in choices] == [
        "assistant" if chat else None,
        None,
        None,
    ]
    assert whole["usage"] == answer.usage_chunk(usage)["usage"]
    assert whole["usage"]["total_tokens"] == 5
