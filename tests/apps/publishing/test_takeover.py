"""Streamers as processes of their own: one is killed, or paused until its lease lapses; the answer comes whole."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
import uuid

import pytest
from django.conf import settings
from django.db import connection

from apps.publishing.connections import async_redis, sync_redis
from apps.publishing.fanout import fanout
from apps.publishing.reply_queue import ReplyRequest, live_streamers, send_request
from tests.fixtures.patience import PATIENCE_SECONDS
from workers.contracts.model_folder import PromptMessage

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]

WHOLE = "".join(f"word{number} " for number in range(30))


def database_url():
    """This test's database: a streamer counts in the ledger what it answered."""
    name = connection.settings_dict["NAME"]
    server = os.environ.get("DATABASE_URL", "")
    return f"{server.rpartition('/')[0]}/{name}" if server else f"sqlite:///{name}"


@contextlib.contextmanager
def streamer_process(name, engine):
    """A real `manage.py streamer` with a short lease."""
    environment = {
        **os.environ,
        "ENGINE_URL": engine.url,
        "DATABASE_URL": database_url(),
        "DJANGO_SETTINGS_MODULE": "studio.settings",
    }
    command = [sys.executable, "manage.py", "streamer", "--name", name, "--lease", "1.5"]
    process = subprocess.Popen(command, env=environment, cwd=settings.BASE_DIR)
    try:
        for _ in range(300):
            if name in live_streamers():
                break
            time.sleep(0.05)
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGCONT)
        process.kill()
        process.wait()


def ask():
    """A reply that no row remembers."""
    reply = str(uuid.uuid4())
    prompt = [PromptMessage(role="user", content="Hello")]
    send_request(
        ReplyRequest(reply=reply, model="models/1", family="causal", messages=prompt, kept=False),
        workspace_id="",
    )
    return reply


async def listen(reply, meanwhile):
    """All entries; `meanwhile` is called when the first text has come."""
    entries = []
    async with asyncio.timeout(PATIENCE_SECONDS), fanout().follow(reply) as found:
        async for entry in found:
            if entry.kind == "text" and not any(e.kind == "text" for e in entries):
                meanwhile()
            entries.append(entry)
    return entries


@pytest.mark.parametrize("fate", [signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM])
async def test_another_streamer_goes_on(engine, fate):
    engine.misbehave(pause=0.05, pieces=30)
    with streamer_process("first", engine) as first:
        reply = ask()
        listening = asyncio.create_task(listen(reply, lambda: first.send_signal(fate)))
        while not listening.done() and not await async_redis().exists(f"reply:{reply}"):
            await asyncio.sleep(0.02)
        with streamer_process("second", engine):
            if fate is signal.SIGSTOP:
                await asyncio.sleep(2)
                first.send_signal(signal.SIGCONT)
            entries = await listening
    assert "".join(e.data["text"] for e in entries if e.kind == "text") == WHOLE
    assert [e.seq for e in entries] == list(range(1, len(entries) + 1))
    assert entries[-1].data["state"] == "done"


def test_a_streamer_gives_signs_of_life_and_takes_them_back(engine):
    with streamer_process("alone", engine) as process:
        signs = set()
        for _ in range(5000):
            # Between two signs of life a busy machine may let more time pass than one lasts.
            if live_streamers() == ["alone"]:
                signs.add(sync_redis().ttl("streamer:alone"))
                break
            time.sleep(0.05)
        assert signs <= {0, 1, 2}
        assert signs
        process.terminate()
        process.wait(timeout=PATIENCE_SECONDS)
        assert live_streamers() == []
