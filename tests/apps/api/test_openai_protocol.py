"""What clients of OpenAI's protocol rely on beside the answer itself: streams that begin, words that they recognise, addresses
and headers."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import openai
import pytest
from django.test import Client

from apps.workspaces.access.live_access import SILENCE_SECONDS
from tests.fixtures.patience import PATIENCE_SECONDS

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once]

HELLO = [{"role": "user", "content": "Hello there"}]
TOOL = {"type": "function", "function": {"name": "look_up", "parameters": {"type": "object"}}}


@pytest.fixture
def secret(app: Any, owner: Any, key_of: Callable[..., str]) -> str:
    return key_of(owner, app=app)


@pytest.fixture
def open_client(live_site: Any, secret: str) -> Callable[..., openai.OpenAI]:
    return lambda path="/v1", **options: openai.OpenAI(
        base_url=f"{live_site.url}{path}", api_key=secret, max_retries=0, **options
    )


@pytest.fixture
def client(open_client: Any) -> Iterator[openai.OpenAI]:
    with open_client() as client:
        yield client


def _stream(live_site: Any, secret: str, **body: Any) -> Any:
    return httpx.stream(
        "POST",
        f"{live_site.url}/v1/chat/completions",
        json={"stream": True, "messages": HELLO, **body},
        headers={"Authorization": f"Bearer {secret}"},
        trust_env=False,
        timeout=PATIENCE_SECONDS,
    )


def test_a_stream_begins_though_the_engine_is_stopped(
    live_site: Any, secret: str, app: Any, engine: Any
) -> None:
    """Headers and a comment come before the engine goes on, and so within five seconds on a machine that is not busy."""
    assert SILENCE_SECONDS < 5
    engine.misbehave(pieces=2)
    os.kill(engine._process.pid, signal.SIGSTOP)
    try:
        with _stream(live_site, secret, model=app.slug) as response:
            lines = response.iter_lines()
            first = next(lines)
            os.kill(engine._process.pid, signal.SIGCONT)
            rest = [line for line in lines if line.startswith("data:")]
    finally:
        os.kill(engine._process.pid, signal.SIGCONT)
    assert response.status_code == 200
    assert first.startswith(": ")
    assert "word0" in "".join(rest)
    assert rest[-1] == "data: [DONE]"


@pytest.fixture
def short_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same in tenths of a second."""
    for module in ("apps.api.openai.streams", "apps.api.openai.views", "apps.workspaces.access.live_access"):
        monkeypatch.setattr(f"{module}.SILENCE_SECONDS", 0.2)


@pytest.mark.usefixtures("short_silence")
def test_a_pause_in_a_stream_is_filled_with_comments(
    live_site: Any, secret: str, app: Any, engine: Any
) -> None:
    engine.misbehave(pieces=2, pause=1)
    with _stream(live_site, secret, model=app.slug) as response:
        lines = [line for line in response.iter_lines() if line]
    kinds = "".join("c" if line.startswith(": ") else "d" for line in lines)
    assert kinds.startswith("ccc")
    assert "dccc" in kinds, "between two pieces too"


@pytest.mark.usefixtures("short_silence")
def test_what_fails_after_the_headers_is_an_error_event(client: Any, app: Any, engine: Any) -> None:
    engine.misbehave(pieces=3, pause=1, die_after=1, breaks=1)
    stream = client.chat.completions.create(model=app.slug, messages=HELLO, stream=True)
    with pytest.raises(openai.APIError) as caught:
        list(stream)
    assert caught.value.code == "engine_unreachable"


@pytest.mark.parametrize("pause", [0.1, 0.7])
@pytest.mark.usefixtures("short_silence")
def test_a_long_stream_is_looked_at_and_goes_on(
    client: Any, app: Any, engine: Any, monkeypatch: pytest.MonkeyPatch, pause: float
) -> None:
    """Whether the key still opens the app is asked every few seconds, also long after the view has returned."""
    monkeypatch.setattr("apps.workspaces.access.live_access.LOOK_SECONDS", 0.2)
    engine.misbehave(pieces=round(2.1 / pause), pause=pause)
    stream = client.chat.completions.create(model=app.slug, messages=HELLO, stream=True)
    chunks = list(stream)
    assert chunks[-1].choices[0].finish_reason == "stop"


@pytest.mark.usefixtures("short_silence")
def test_the_official_client_reads_past_comments(client: Any, app: Any, engine: Any) -> None:
    engine.misbehave(pieces=2, pause=0.7)
    stream = client.chat.completions.create(model=app.slug, messages=HELLO, stream=True)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in stream) == "word0 word1 "


def test_a_streamed_label_comes_with_all_labels(
    live_site: Any, make_app: Any, owner: Any, key_of: Any, engine: Any
) -> None:
    app = make_app("classification", "classifier")
    with openai.OpenAI(base_url=f"{live_site.url}/v1", api_key=key_of(owner, app=app)) as client:
        whole = client.chat.completions.create(model=app.slug, messages=HELLO)
        chunks = list(client.chat.completions.create(model=app.slug, messages=HELLO, stream=True))
        raw = list(client.completions.create(model=app.slug, prompt="Hello there", stream=True))
    for streamed in (chunks, raw):
        [labels] = [chunk.choices[0].labels for chunk in streamed if hasattr(chunk.choices[0], "labels")]
        assert labels == whole.choices[0].labels
        assert labels[0]["label"] == "billing"


NOTHING_ASKED = {
    **dict.fromkeys(
        ("temperature", "top_p", "seed", "stop", "n", "logit_bias", "user", "tools", "tool_choice")
    ),
    **dict.fromkeys(("max_tokens", "max_completion_tokens", "stream_options", "response_format", "metadata")),
    **dict.fromkeys(("presence_penalty", "frequency_penalty", "logprobs", "top_logprobs", "store", "top_k")),
}


def test_null_asks_for_nothing(client: Any, app: Any, engine: Any) -> None:
    client.chat.completions.create(model=app.slug, messages=HELLO, extra_body=NOTHING_ASKED)
    client.completions.create(
        model=app.slug, prompt=None, extra_body={"echo": None, "suffix": None, "stop": None}
    )
    chat, completion = engine.told()["calls"]
    assert (chat["temperature"], chat["top_p"]) == (
        app.live_version.settings.temperature,
        app.live_version.settings.top_p,
    )
    assert completion["prompt"] == ""


def test_no_limit_and_no_choice_are_taken(client: Any, app: Any, engine: Any) -> None:
    client.chat.completions.create(
        model=app.slug,
        messages=HELLO,
        top_p=0,
        tools=[TOOL],
        tool_choice="none",
        extra_body={"max_tokens": -1, "top_k": -1, "min_p": 0, "ignore_eos": False},
    )
    [call] = engine.told()["calls"]
    assert call["temperature"] == 0, "the likeliest token alone"
    assert call["top_k"] == 0
    assert call["max_tokens"] == app.live_version.settings.max_tokens


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"max_token": 5}, "max_token"),
        ({"best": 1}, "best"),
        ({"stream_options": {"include_use": True}}, "stream_options.include_use"),
    ],
)
def test_an_unknown_parameter_is_refused_by_name(client: Any, app: Any, body: Any, param: str) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model=app.slug, messages=HELLO, extra_body=body)
    assert (caught.value.code, caught.value.param) == ("unknown_parameter", param)
    assert f"does not know the parameter {param}" in caught.value.message


@pytest.mark.parametrize(
    "body",
    [
        {"tools": [TOOL]},
        {"tools": [TOOL], "tool_choice": "required"},
        {"reasoning_effort": "high"},
        {"store": True},
        {"min_p": 0.1},
        {"ignore_eos": True},
    ],
)
def test_what_is_refused_is_refused_by_the_server(client: Any, app: Any, body: Any) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model=app.slug, messages=HELLO, extra_body=body)
    assert caught.value.code == "unsupported_value"
    assert "This server does not support" in caught.value.message


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"messages": []}, "messages"),
        ({"messages": None}, "messages"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages.0.role"),
        ({"messages": [{"role": "user", "content": 5}]}, "messages.0.content"),
        ({"messages": ["x"]}, "messages.0"),
        ({"temperature": 3}, "temperature"),
        ({"temperature": "hot"}, "temperature"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_tokens": -2}, "max_tokens"),
        ({"stop": ["a", "b", "c", "d", "e"]}, "stop"),
        ({"seed": 1.5}, "seed"),
        ({"stream": "perhaps"}, "stream"),
    ],
)
def test_refusals_are_in_our_own_words(client: Any, app: Any, body: Any, param: str) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.post("/chat/completions", body={"model": app.slug, "messages": HELLO, **body}, cast_to=object)
    assert caught.value.param == param
    message = caught.value.body["message"]
    assert message.startswith(param)
    for word in ("Input should", "validation", "Field required", "valid dictionary", "instance of"):
        assert word not in message


def test_a_long_prompt_is_refused_in_the_words_that_clients_look_for(
    client: Any, app: Any, engine: Any
) -> None:
    engine.misbehave(too_long=1)
    with pytest.raises(openai.BadRequestError) as chat:
        client.chat.completions.create(model=app.slug, messages=HELLO)
    with pytest.raises(openai.BadRequestError) as raw:
        client.completions.create(model=app.slug, prompt="Hello there")
    for caught, field in ((chat.value, "messages"), (raw.value, "prompt")):
        assert (caught.code, caught.param) == ("context_length_exceeded", field)
        assert "Input tokens exceed the configured limit of 1 tokens" in caught.message
        assert f"Your {field} resulted in 2 tokens" in caught.message


def test_a_completion_is_asked_for_as_raw_text(client: Any, app: Any, engine: Any) -> None:
    client.completions.create(model=app.slug, prompt="Once upon")
    assert engine.told()["calls"][0]["prompt"] == "Once upon"


@pytest.mark.parametrize(
    "path", ["models", "chat/completions", "completions", "responses", "embeddings", "models/front-desk"]
)
@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_base_url_without_v1_is_told_so(
    live_site: Any, secret: str, path: str, slash: str, method: str
) -> None:
    response = httpx.request(
        method,
        f"{live_site.url}/{path}{slash}",
        headers={"Authorization": f"Bearer {secret}"},
        json={} if method == "POST" else None,
        trust_env=False,
    )
    assert response.status_code == 404
    error = response.json()["error"]
    assert f"ends with /v1: {live_site.url}/v1" in error["message"]
    assert (error["code"], error["type"]) == ("unknown_url", "invalid_request_error")
    assert response.headers["x-request-id"].startswith("req_")


def test_the_client_is_told_so_too_and_browsers_still_find_the_page(open_client: Any, live_site: Any) -> None:
    with open_client("") as client:
        with pytest.raises(openai.NotFoundError, match="ends with /v1"):
            client.models.list()
        with pytest.raises(openai.NotFoundError, match="ends with /v1"):
            client.chat.completions.create(model="front-desk", messages=HELLO)
    page = httpx.get(f"{live_site.url}/models/", trust_env=False)
    assert page.status_code == 302
    assert page.headers["location"].startswith("/accounts/login/")


def test_what_is_not_offered_says_what_is(client: Any, app: Any, open_client: Any) -> None:
    asked: list[Callable[[], Any]] = [
        lambda: client.responses.create(model=app.slug, input="Hello"),
        lambda: client.embeddings.create(model=app.slug, input="Hello"),
        lambda: client.files.list(),
        lambda: client.batches.list(),
        lambda: client.fine_tuning.jobs.list(),
    ]
    for ask in asked:
        with pytest.raises(openai.NotFoundError, match="does not offer /v1/") as caught:
            ask()
        assert "/v1/chat/completions" in caught.value.message
        assert caught.value.code == "unknown_url"
    with open_client("/v1/v1") as doubled, pytest.raises(openai.NotFoundError, match="/v1, once"):
        doubled.models.list()


@pytest.mark.parametrize(
    "path", ["/v1/models/", "/v1/models/front-desk/", "/v1/chat/completions/", "/v1/completions/"]
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_slash_too_many_is_named(db: None, path: str, method: str) -> None:
    response = getattr(Client(), method)(path)
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (404, "unknown_url")
    assert error["message"] == f"There is nothing at {path}. Leave out the slash at its end."


@pytest.mark.parametrize(
    "path",
    ["/v1", "/v1/", "/v1/nothing", "/v1/nothing/", "/v1/responses", "/v1//models", "/v1/completions/x/"],
)
def test_whatever_is_not_there_is_said_in_one_shape(db: None, path: str) -> None:
    response = Client().get(path)
    assert (response.status_code, response.json()["error"]["code"]) == (404, "unknown_url")
    assert path in response.json()["error"]["message"]
    assert "Leave out" not in response.json()["error"]["message"]
    assert response["x-request-id"].startswith("req_")


def test_every_answer_has_a_request_id(client: Any, app: Any) -> None:
    answer = client.chat.completions.create(model=app.slug, messages=HELLO)
    assert answer._request_id.startswith("req_")
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model=app.slug, messages=HELLO, n=3)
    assert caught.value.request_id.startswith("req_")
    assert caught.value.request_id != answer._request_id


def test_pages_of_other_sites_get_no_access(live_site: Any) -> None:
    response = httpx.options(
        f"{live_site.url}/v1/chat/completions",
        headers={"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "POST"},
        trust_env=False,
    )
    assert (response.status_code, response.headers["allow"]) == (204, "POST, OPTIONS")
    assert not [name for name in response.headers if name.startswith("access-control")]


def test_the_rate_is_a_setting_and_says_what_is_left(client: Any, app: Any, settings: Any) -> None:
    settings.APP_QUESTIONS_PER_MINUTE = 2
    ask = client.chat.completions.with_raw_response.create
    left = [ask(model=app.slug, messages=HELLO).headers["x-ratelimit-remaining-requests"] for _ in range(2)]
    assert left == ["1", "0"]
    with pytest.raises(openai.RateLimitError) as caught:
        ask(model=app.slug, messages=HELLO)
    headers = caught.value.response.headers
    assert headers["x-ratelimit-limit-requests"] == "2"
    assert headers["x-ratelimit-remaining-requests"] == "0"
    assert int(headers["retry-after"]) == int(headers["x-ratelimit-reset-requests"].removesuffix("s"))
