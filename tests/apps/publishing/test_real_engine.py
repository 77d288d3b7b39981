"""An app on the real engine, with a tiny model: what visitors, programs and the engine itself say is the same."""

import os
import subprocess
import sys
import time

import httpx
import openai
import pytest
from asgiref.sync import sync_to_async

from apps.publishing.errors import error_text
from apps.publishing.fanout import fanout
from apps.publishing.models import Message
from apps.publishing.services import replies
from tests.fixtures.patience import PATIENCE_SECONDS
from tests.workers.serving.models import make_folder

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once]

QUESTION = "the cat sat on the mat"


@pytest.fixture(scope="module")
def real_engine(tmp_path_factory, free_port):
    """The engine as a process of its own, over a store with one model of random weights."""
    store = tmp_path_factory.mktemp("store")
    make_folder(store / "models" / "llama", "llama")
    environment = {
        **os.environ,
        "STORAGE_URL": f"file://{store}",
        "CACHE_DIR": str(store / "cache"),
        "ENGINE_KEY": "engine-key",
        "ENGINE_PORT": str(free_port()),
        "ENGINE_THREADS": "1",
    }
    process = subprocess.Popen([sys.executable, "-m", "workers.serving.engine"], env=environment)
    url = f"http://127.0.0.1:{environment['ENGINE_PORT']}"
    for _ in range(2400):
        try:
            httpx.get(f"{url}/health", timeout=PATIENCE_SECONDS)
            break
        except httpx.TransportError:
            time.sleep(0.1)
    yield url
    process.terminate()
    process.wait()


@pytest.fixture
def real_app(real_engine, settings, make_app):
    settings.ENGINE_URL = real_engine
    app = make_app(max_tokens=24)
    model = app.live_version.model_version
    model.storage_key = "models/llama"
    model.save()
    return app


def said_by(url, **body):
    """The engine's own answer."""
    body = {"model": "models/llama", "temperature": 0, "max_tokens": 24, **body}
    headers = {"Authorization": "Bearer engine-key"}
    answer = httpx.post(f"{url}/v1/chat/completions", json=body, headers=headers, timeout=PATIENCE_SECONDS)
    return answer.raise_for_status().json()["choices"][0]["message"]["content"]


async def answer_to(entrance, streaming, engine_url, text):
    async with streaming(engine_url=engine_url):
        turn = await sync_to_async(replies.ask)(entrance=entrance, text=text)
        async with fanout().follow(str(turn.answer.pk)) as entries:
            said = [entry async for entry in entries]
    return "".join(e.data["text"] for e in said if e.kind == "text"), await Message.objects.aget(
        pk=turn.answer.pk
    )


@pytest.fixture
def member(real_app, owner):
    from apps.publishing.entrance import for_member

    return for_member(owner, real_app.pk)


async def test_a_visitor_reads_what_the_engine_says(member, streaming, real_engine):
    text, stored = await answer_to(member, streaming, real_engine, QUESTION)
    messages = [{"role": "user", "content": QUESTION}]
    assert text == stored.text == await sync_to_async(said_by)(real_engine, messages=messages)
    assert stored.output_tokens > 0
    assert stored.prompt_tokens > 0


async def test_the_engines_own_refusal_has_its_numbers(member, streaming, real_engine):
    _text, stored = await answer_to(member, streaming, real_engine, QUESTION * 400)
    assert stored.state == "failed"
    assert stored.error["tokens"] > stored.error["limit"] > 0
    assert str(stored.error["limit"]) in error_text(stored.error)


def test_programs_read_it_too(live_site, settings, real_app, real_engine, owner, workspace):
    from apps.workspaces.access.api_keys import create_api_key

    settings.ENGINE_URL = real_engine
    _key, secret = create_api_key(actor=owner, workspace=workspace, name="script", app=real_app)
    messages = [{"role": "user", "content": QUESTION}]
    with openai.OpenAI(base_url=f"{live_site.url}/v1", api_key=secret) as client:
        stream = client.chat.completions.create(model=real_app.slug, messages=messages, stream=True)
        text = "".join(chunk.choices[0].delta.content or "" for chunk in stream)
    assert text == said_by(real_engine, messages=messages)
