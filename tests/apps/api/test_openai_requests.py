"""What users of the openai package send beside a prompt: it is taken, or refused by its name; nothing is ignored silently."""

from __future__ import annotations

from typing import Any

import httpx
import openai
import pytest

from apps.serving.client import EngineClient
from tests.fixtures.rest import wait_for

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once]

HELLO = [{"role": "user", "content": "Hello there"}]
TOOL = {"type": "function", "function": {"name": "look_up", "parameters": {"type": "object"}}}
IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}


@pytest.fixture
def client(live_site: Any, app: Any, owner: Any, key_of: Any) -> Any:
    with openai.OpenAI(
        base_url=f"{live_site.url}/v1", api_key=key_of(owner, app=app), max_retries=0
    ) as client:
        yield client


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("n", 2),
        ("presence_penalty", 0.5),
        ("frequency_penalty", -1),
        ("logit_bias", {"5": 10}),
        ("logprobs", True),
        ("tools", [TOOL]),
        ("response_format", {"type": "json_object"}),
        ("modalities", ["text", "audio"]),
    ],
)
def test_what_the_models_cannot_do_is_refused_by_its_name(
    client: Any, app: Any, name: str, value: Any
) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model=app.slug, messages=HELLO, **{name: value})
    assert caught.value.code == "unsupported_value"
    assert str(caught.value.param).startswith(name)
    assert "Leave it out" in caught.value.message


@pytest.mark.parametrize(
    ("name", "value"), [("logprobs", 3), ("best_of", 2), ("echo", True), ("suffix", "the end"), ("n", 2)]
)
def test_so_it_is_with_completions(client: Any, app: Any, name: str, value: Any) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.completions.create(model=app.slug, prompt="Once", **{name: value})
    assert (caught.value.code, caught.value.param) == ("unsupported_value", name)


def test_the_same_fields_where_they_ask_for_nothing_are_taken(client: Any, app: Any) -> None:
    neutral = {
        "n": 1,
        "presence_penalty": 0.0,
        "frequency_penalty": 0,
        "logit_bias": {},
        "logprobs": False,
        "tools": [],
        "tool_choice": "auto",
        "response_format": {"type": "text"},
        "modalities": ["text"],
        "user": "somebody",
        "metadata": {"ticket": "7"},
        "store": False,
    }
    assert (
        client.chat.completions.create(model=app.slug, messages=HELLO, **neutral).choices[0].message.content
    )
    silent = {"best_of": 1, "echo": False, "suffix": None, "logprobs": None}
    assert client.completions.create(model=app.slug, prompt="Once", **silent).choices[0].text


def test_messages_as_the_package_gives_them_back_are_taken(client: Any, app: Any, engine: Any) -> None:
    first = client.chat.completions.create(model=app.slug, messages=HELLO).choices[0].message
    parts = [{"type": "text", "text": "And "}, {"type": "text", "text": "then?"}]
    client.chat.completions.create(
        model=app.slug,
        messages=[
            {"role": "developer", "content": "Be brief."},
            *HELLO,
            first,
            {"role": "assistant", "content": None, "tool_calls": [], "function_call": None, "refusal": None},
            {"role": "user", "content": parts, "name": "Ada"},
        ],
    )
    heard = engine.told()["calls"][-1]["messages"]
    assert [message["role"] for message in heard] == ["system", "user", "assistant", "assistant", "user"]
    assert [message["content"] for message in heard[-2:]] == ["", "And then?"]


@pytest.mark.parametrize(
    "turn",
    [
        {"tool_calls": [{"id": "1", "type": "function", "function": {"name": "look_up", "arguments": "{}"}}]},
        {"function_call": {"name": "look_up", "arguments": "{}"}},
        {"audio": {"id": "a-voice"}},
    ],
    ids=lambda turn: next(iter(turn)),
)
def test_a_turn_that_would_be_read_as_saying_nothing_is_refused(
    client: Any, app: Any, turn: dict[str, Any]
) -> None:
    messages = [*HELLO, {"role": "assistant", "content": None, **turn}, *HELLO]
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model=app.slug, messages=messages)
    (name,) = turn
    assert (caught.value.code, caught.value.param) == ("unsupported_value", f"messages.1.{name}")
    assert "Leave it out" in caught.value.message


def test_a_picture_in_a_message_is_refused_as_what_it_is(client: Any, app: Any) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model=app.slug, messages=[{"role": "user", "content": [IMAGE]}])
    assert 'messages.0.content.0.type must be "text".' in caught.value.message
    assert caught.value.param == "messages.0.content.0.type"


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [(b"{", 400, "invalid_request"), (b"[]", 400, "invalid_request"), (b"x" * (8 << 20), 413, "too_large")],
)
def test_a_body_that_cannot_be_read_is_told_as_an_error_of_no_field(
    client: Any, content: bytes, status: int, code: str
) -> None:
    url, headers = f"{client.base_url}chat/completions", {"Authorization": f"Bearer {client.api_key}"}
    response = httpx.post(url, content=content + b" ", headers=headers, trust_env=False)
    error = response.json()["error"]
    assert (response.status_code, error["code"], error["param"]) == (status, code, None)


def test_another_method_is_told_the_right_one(client: Any) -> None:
    response = httpx.get(f"{client.base_url}chat/completions", trust_env=False)
    assert (response.status_code, response.headers["allow"]) == (405, "POST, OPTIONS")


def test_many_at_once_read_no_certificates_each() -> None:
    """It keeps the one event loop for a tenth of a second: of many at once the last would find the engine away."""
    first, second = (EngineClient()._http._transport._pool._ssl_context for _ in range(2))  # type: ignore[attr-defined]
    assert first is second


def test_questions_after_one_another_share_a_connection_to_the_engine(
    client: Any, app: Any, engine: Any
) -> None:
    for _ in range(3):
        client.chat.completions.create(model=app.slug, messages=HELLO)
    told = engine.told()
    assert len(told["calls"]) == 3
    assert told["connections"] == 1


def test_several_stop_strings_or_none(client: Any, app: Any, engine: Any) -> None:
    for stop in (["\n", "END"], None, "END"):
        client.chat.completions.create(model=app.slug, messages=HELLO, stop=stop)
    assert [call["stop"] for call in engine.told()["calls"]] == [["\n", "END"], [], ["END"]]
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model=app.slug, messages=HELLO, stop=list("abcde"))
    assert caught.value.param == "stop"


def test_a_model_is_found_by_its_name(client: Any, app: Any) -> None:
    assert client.models.retrieve(app.slug).id == app.slug
    with pytest.raises(openai.NotFoundError) as caught:
        client.models.retrieve("gpt-4")
    assert caught.value.code == "model_not_found"


def test_what_is_not_there_is_said_as_an_error_not_as_a_page(client: Any, app: Any) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        client.embeddings.create(model=app.slug, input="Hello")
    assert caught.value.code == "unknown_url"
    assert "/v1/embeddings" in caught.value.message


def test_a_classifier_says_how_much_it_read(live_site: Any, make_app: Any, owner: Any, key_of: Any) -> None:
    app = make_app("classification", "classifier")
    with openai.OpenAI(base_url=f"{live_site.url}/v1", api_key=key_of(owner, app=app)) as client:
        whole = client.chat.completions.create(model=app.slug, messages=HELLO).usage
        asked = {"stream": True, "stream_options": {"include_usage": True}}
        *_, last = client.completions.create(model=app.slug, prompt="Hello there", **asked)
    for used in (whole, last.usage):
        assert (used.prompt_tokens, used.completion_tokens, used.total_tokens) == (2, 0, 2)


def test_several_prompts_are_answered_in_their_order(client: Any, app: Any, engine: Any) -> None:
    answer = client.completions.create(model=app.slug, prompt=["One", "Two", "Three"], max_tokens=2)
    assert [(choice.index, choice.text) for choice in answer.choices] == [
        (index, "word0 word1 ") for index in range(3)
    ]
    assert (answer.usage.completion_tokens, answer.usage.total_tokens) == (6, 9)
    assert sorted(call["prompt"] for call in engine.told()["calls"]) == ["One", "Three", "Two"]


@pytest.mark.parametrize(
    ("prompt", "more", "param"),
    [
        ([], {}, "prompt"),
        (["x"] * 17, {}, "prompt"),
        ([1, 2, 3], {}, "prompt"),
        (["x", "y"], {"stream": True}, "stream"),
    ],
)
def test_which_prompts_are_refused(client: Any, app: Any, prompt: Any, more: Any, param: str) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.completions.create(model=app.slug, prompt=prompt, **more)
    assert str(caught.value.param).startswith(param)


def test_one_prompt_that_fails_ends_the_others(client: Any, app: Any, engine: Any) -> None:
    engine.misbehave(too_long=1, pause=0.1, pieces=100)
    with pytest.raises(openai.BadRequestError) as caught:
        client.completions.create(model=app.slug, prompt=["One", "Two words"], max_tokens=90)
    assert caught.value.code == "context_length_exceeded"
    wait_for(lambda: engine.told()["cancelled"], "the end of the other answer")


def test_texts_are_classified_together(live_site: Any, make_app: Any, owner: Any, key_of: Any) -> None:
    app = make_app("classification", "classifier")
    with openai.OpenAI(base_url=f"{live_site.url}/v1", api_key=key_of(owner, app=app)) as client:
        answer = client.completions.create(model=app.slug, prompt=["First text", "Second text"])
    assert [choice.text for choice in answer.choices] == ["billing", "billing"]
    assert [choice.labels[0]["score"] for choice in answer.choices] == [0.9, 0.9]
    assert answer.usage.prompt_tokens == 4
