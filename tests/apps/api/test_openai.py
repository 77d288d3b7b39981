"""The openai package, unchanged, against a live site."""

import time

import httpx
import openai
import pytest

from apps.publishing.services.apps import archive_app
from apps.workspaces.access.api_keys import create_api_key, revoke_api_key
from apps.workspaces.models import Membership

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once]

WHOLE = "".join(f"word{number} " for number in range(8))
HELLO = [{"role": "user", "content": "Hello there"}]


@pytest.fixture
def key(app, owner, workspace):
    return create_api_key(actor=owner, workspace=workspace, name="script", app=app)


@pytest.fixture
def client(live_site, key):
    with openai.OpenAI(base_url=f"{live_site.url}/v1", api_key=key[1], max_retries=0) as client:
        yield client


def test_a_whole_answer(client, app, engine):
    answer = client.chat.completions.create(model=app.slug, messages=HELLO)
    assert answer.choices[0].message.content == WHOLE
    assert answer.choices[0].finish_reason == "stop"
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens, answer.usage.total_tokens) == (
        2,
        8,
        10,
    )
    assert answer.model == app.slug
    assert engine.told()["calls"][0]["model"] == app.live_version.model_version.storage_key


def test_a_streamed_answer_with_usage(client, app):
    stream = client.chat.completions.create(
        model=app.slug, messages=HELLO, stream=True, stream_options={"include_usage": True}
    )
    chunks = list(stream)
    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == WHOLE
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "stop"
    assert chunks[-1].usage.total_tokens == 10


def test_streams_are_not_buffered_by_proxies(live_site, key, app):
    with httpx.stream(
        "POST",
        f"{live_site.url}/v1/chat/completions",
        headers={"Authorization": f"Bearer {key[1]}"},
        json={"model": app.slug, "messages": HELLO, "stream": True},
    ) as response:
        assert response.headers["x-accel-buffering"] == "no"
        assert response.headers["cache-control"] == "no-store"
        assert response.read().endswith(b"data: [DONE]\n\n")


def test_completions(client, app):
    assert client.completions.create(model=app.slug, prompt="Once upon").choices[0].text == WHOLE
    stream = client.completions.create(model=app.slug, prompt="Once upon", stream=True)
    assert "".join(chunk.choices[0].text for chunk in stream) == WHOLE


def test_the_one_model_is_listed(client, app):
    assert [model.id for model in client.models.list()] == [app.slug]


def test_sampling_within_the_limits_of_the_app(client, app, engine):
    client.chat.completions.create(
        model=app.slug, messages=HELLO, temperature=1.5, top_p=0.5, seed=7, stop="x", max_tokens=100_000
    )
    call = engine.told()["calls"][0]
    assert (call["temperature"], call["top_p"], call["seed"], call["stop"]) == (1.5, 0.5, 7, ["x"])
    assert call["max_tokens"] == app.live_version.settings.max_tokens


def test_a_short_limit_ends_with_length(client, app):
    answer = client.chat.completions.create(model=app.slug, messages=HELLO, max_completion_tokens=2)
    assert answer.choices[0].finish_reason == "length"
    assert answer.choices[0].message.content == "word0 word1 "


def test_the_apps_system_prompt_leads(live_site, make_app, owner, workspace, engine):
    app = make_app(system_prompt="Be kind.")
    _key, secret = create_api_key(actor=owner, workspace=workspace, name="script", app=app)
    with openai.OpenAI(base_url=f"{live_site.url}/v1", api_key=secret) as client:
        client.chat.completions.create(model=app.slug, messages=HELLO)
    assert engine.told()["calls"][0]["messages"][0] == {"role": "system", "content": "Be kind."}


def test_a_classifier_answers_with_its_label(live_site, make_app, owner, workspace):
    app = make_app("classification", "classifier")
    _key, secret = create_api_key(actor=owner, workspace=workspace, name="script", app=app)
    with openai.OpenAI(base_url=f"{live_site.url}/v1", api_key=secret) as client:
        answer = client.chat.completions.create(model=app.slug, messages=HELLO)
        streamed = client.chat.completions.create(model=app.slug, messages=HELLO, stream=True)
        assert "".join(chunk.choices[0].delta.content or "" for chunk in streamed) == "billing"
    assert answer.choices[0].message.content == "billing"
    assert answer.choices[0].labels[0] == {"label": "billing", "score": 0.9}


def test_a_wrong_key_is_401(live_site, app):
    with (
        openai.OpenAI(base_url=f"{live_site.url}/v1", api_key="mq-wrong") as client,
        pytest.raises(openai.AuthenticationError),
    ):
        client.chat.completions.create(model=app.slug, messages=HELLO)


@pytest.mark.parametrize("path", ["chat/completions", "completions"])
def test_the_key_is_asked_before_the_body_is_read(live_site, key, path):
    def status(secret):
        headers = {"Authorization": f"Bearer {secret}"}
        url = f"{live_site.url}/v1/{path}"
        return httpx.post(url, headers=headers, content=b"not json", trust_env=False).status_code

    assert (status("mq-wrong"), status(key[1])) == (401, 400)


def test_a_workspace_key_does_not_open_an_app(live_site, app, owner, workspace):
    _key, secret = create_api_key(actor=owner, workspace=workspace, name="whole workspace")
    with (
        openai.OpenAI(base_url=f"{live_site.url}/v1", api_key=secret) as client,
        pytest.raises(openai.AuthenticationError),
    ):
        client.models.list()


def test_a_revoked_key_is_401(client, key, owner):
    revoke_api_key(actor=owner, key=key[0])
    with pytest.raises(openai.AuthenticationError):
        client.models.list()


def test_a_key_ends_with_the_membership_of_its_maker(live_site, app, editor, workspace):
    _key, secret = create_api_key(actor=editor, workspace=workspace, name="script", app=app)
    Membership.objects.filter(user=editor).delete()
    with (
        openai.OpenAI(base_url=f"{live_site.url}/v1", api_key=secret) as client,
        pytest.raises(openai.AuthenticationError),
    ):
        client.models.list()


def test_another_model_is_404(client):
    with pytest.raises(openai.NotFoundError) as caught:
        client.chat.completions.create(model="gpt-4", messages=HELLO)
    assert caught.value.code == "model_not_found"


def test_an_archived_app_is_404(client, app, owner):
    archive_app(actor=owner, app=app)
    with pytest.raises(openai.NotFoundError):
        client.chat.completions.create(model=app.slug, messages=HELLO)


def test_a_long_prompt_is_400_with_numbers(client, app, engine):
    engine.misbehave(too_long=1)
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model=app.slug, messages=HELLO, stream=True)
    assert caught.value.code == "context_length_exceeded"
    assert "2 tokens" in caught.value.message


def test_a_full_queue_is_429_with_retry_after(client, app, engine):
    engine.misbehave(busy=1)
    with pytest.raises(openai.RateLimitError) as caught:
        client.chat.completions.create(model=app.slug, messages=HELLO)
    assert caught.value.response.headers["retry-after"] == "1"


def test_what_the_models_cannot_do_is_refused(client, app):
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model=app.slug, messages=HELLO, n=3)
    assert caught.value.param == "n"


def test_an_absent_engine_is_503(client, app, engine):
    engine.end()
    try:
        with pytest.raises(openai.InternalServerError) as caught:
            client.chat.completions.create(model=app.slug, messages=HELLO)
    finally:
        engine.start()
    assert caught.value.code == "engine_unreachable"


def test_an_answer_that_breaks_off_raises_in_the_client(client, app, engine):
    engine.misbehave(die_after=3, breaks=1, pause=0.02)
    with pytest.raises(openai.APIError):
        list(client.chat.completions.create(model=app.slug, messages=HELLO, stream=True))


def is_cancelled(engine):
    for _ in range(60):
        if engine.told()["cancelled"]:
            return True
        time.sleep(0.05)
    return False


def test_a_client_that_leaves_a_stream_cancels_at_the_engine(client, app, engine):
    engine.misbehave(pause=0.1, pieces=100)
    with client.chat.completions.create(model=app.slug, messages=HELLO, stream=True) as stream:
        next(iter(stream))
    assert is_cancelled(engine)


def test_a_client_that_does_not_wait_cancels_at_the_engine(client, app, engine):
    engine.misbehave(pause=0.1, pieces=100)
    with pytest.raises(openai.APITimeoutError):
        client.chat.completions.create(model=app.slug, messages=HELLO, timeout=0.5)
    assert is_cancelled(engine)
