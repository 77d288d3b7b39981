"""A model, an app and a link; an engine that misbehaves on command; a streamer."""

import asyncio
import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class FaultyEngine:
    """Starts, commands and ends the process in faulty_engine.py."""

    def __init__(self) -> None:
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        script = Path(__file__).with_name("faulty_engine.py")
        self._process = subprocess.Popen([sys.executable, str(script), str(self.port)])
        for _ in range(200):
            with contextlib.suppress(httpx.HTTPError):
                httpx.get(f"{self.url}/health", trust_env=False)
                return
            time.sleep(0.05)
        raise RuntimeError("The faulty engine did not start")

    def end(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()

    def misbehave(self, **faults: Any) -> None:
        httpx.post(f"{self.url}/faults", json=faults, trust_env=False).raise_for_status()

    def told(self) -> dict[str, Any]:
        return httpx.get(f"{self.url}/calls", trust_env=False).json()


@pytest.fixture(scope="session")
def _engine_process() -> Iterator[FaultyEngine]:
    engine = FaultyEngine()
    engine.start()
    yield engine
    engine.end()


@pytest.fixture
def engine(_engine_process: FaultyEngine, settings: Any) -> FaultyEngine:
    """The engine, without faults."""
    settings.ENGINE_URL = _engine_process.url
    _engine_process.misbehave()
    return _engine_process


@pytest.fixture
def make_model(workspace: Any, owner: Any) -> Callable[..., Any]:
    """Rows of models whose files are said to be there."""
    from apps.catalog.models import ModelVersion
    from apps.workspaces.services import next_number

    def make(task_type: str = "chat", family: str = "causal", **fields: Any) -> ModelVersion:
        number = next_number(workspace, "model")
        values = {
            "name": f"model {number}",
            "kind": "tuned",
            "origin": {"kind": "starter"},
            "origin_label": "starter",
            "storage_key": f"models/{number}",
            "bytes": 1000,
            "context_length": 2048,
        }
        return ModelVersion.objects.create(
            workspace=workspace,
            created_by=owner,
            number=number,
            task_type=task_type,
            family=family,
            **values | fields,
        )

    return make


@pytest.fixture
def make_app(workspace: Any, owner: Any, make_model: Any) -> Callable[..., Any]:
    """Published apps."""
    from apps.publishing.defaults import settings_for
    from apps.publishing.services.apps import create_app, publish

    def make(
        task_type: str = "chat", family: str = "causal", *, published: bool = True, **changes: Any
    ) -> Any:
        model = make_model(task_type, family)
        chosen = settings_for(model).__class__(**{**settings_for(model).__dict__, **changes})
        app = create_app(
            actor=owner, workspace=workspace, model_version=model, name="Front desk", app_settings=chosen
        )
        if published:
            publish(actor=owner, app=app, version=app.versions.get())
        return app

    return make


@pytest.fixture
def app(make_app: Any) -> Any:
    return make_app()


@pytest.fixture
def link(app: Any, owner: Any) -> tuple[Any, str]:
    """A share link and its token."""
    from apps.publishing.services.links import create_share_link

    return create_share_link(actor=owner, app=app)


@pytest.fixture
def entrance(link: Any) -> Any:
    from apps.publishing.entrance import by_link

    return by_link(link[1], "a-visitor")


@pytest.fixture
def streaming(engine: FaultyEngine) -> Callable[..., AbstractAsyncContextManager[Any]]:
    """`async with streaming(): …` runs a streamer in this event loop."""

    @asynccontextmanager
    async def run(name: str = "one", **options: Any) -> AsyncIterator[Any]:
        from apps.publishing.connections import async_redis
        from apps.publishing.streamer.service import Streamer
        from apps.serving.client import EngineClient

        async with EngineClient() as client:
            streamer = Streamer(name=name, connection=async_redis(), engine=client, **options)
            task = asyncio.create_task(streamer.run())
            try:
                yield streamer
            finally:
                streamer.stop.set()
                await task

    return run
