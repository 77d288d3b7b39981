"""A store of tiny models and one real engine process for the whole session."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.fixtures.patience import PATIENCE_SECONDS
from tests.workers.serving.models import make_folder
from workers.contracts.recipes import Precision
from workers.serving.hosted import HostedModel

KEY = "test-engine-key"
_START_SECONDS = 180


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A storage root with models/llama, bart, marian, t5 and bert."""
    root = tmp_path_factory.mktemp("store")
    for kind in ("llama", "bart", "marian", "t5", "bert"):
        make_folder(root / "models" / kind, kind)
    return root


@pytest.fixture(scope="session")
def host(store: Path) -> Callable[..., HostedModel]:
    """Loads a model of the store the way the engine does."""

    def load(kind: str, **options: int) -> HostedModel:
        settings = {"slots": 8, "cache_bytes": 64 << 20} | options
        return HostedModel.load(store / "models" / kind, precision=Precision.AUTO, **settings)

    return load


@dataclass
class RunningEngine:
    """`process` reads its standard input to know when its launcher has died."""

    url: str
    process: subprocess.Popen[bytes]

    def client(self, **options: object) -> httpx.Client:
        headers = {"Authorization": f"Bearer {KEY}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=PATIENCE_SECONDS, **options)

    def health(self) -> dict:
        return httpx.get(f"{self.url}/health", timeout=PATIENCE_SECONDS).json()

    def wait_until(self, holds: Callable[[dict], bool], seconds: float = PATIENCE_SECONDS) -> dict:
        """Poll /health until `holds` says so; fail the test when it never does."""
        deadline = time.monotonic() + seconds
        while not holds(state := self.health()):
            assert time.monotonic() < deadline, state
            time.sleep(0.02)
        return state


def start_engine(store: Path, cache: Path, **settings: str) -> RunningEngine:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {
        "STORAGE_URL": f"file://{store}",
        "CACHE_DIR": str(cache),
        "ENGINE_KEY": KEY,
        "ENGINE_PORT": str(port),
        "ENGINE_THREADS": "1",
        "MAQUETTE_WATCH_STDIN": "1",
        **settings,
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "workers.serving.engine"], env=environment, stdin=subprocess.PIPE
    )
    engine = RunningEngine(f"http://127.0.0.1:{port}", process)
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, "the engine ended while starting"
        try:
            engine.health()
            return engine
        except httpx.TransportError:
            time.sleep(0.1)
    process.kill()
    raise AssertionError("the engine did not start")


def stop_engine(engine: RunningEngine) -> None:
    engine.process.terminate()
    try:
        engine.process.wait(PATIENCE_SECONDS)
    finally:
        engine.process.kill()


@pytest.fixture(scope="session")
def engine(store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEngine]:
    """Few slots and a short queue, so that tests can fill both."""
    settings = {"ENGINE_SLOTS": "4", "ENGINE_QUEUE_LIMIT": "2"}
    running = start_engine(store, tmp_path_factory.mktemp("cache"), **settings)
    yield running
    stop_engine(running)
