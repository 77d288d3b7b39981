"""The whole studio, started as a person starts it, with its processes killed in every way that happens."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import psutil
import pytest

from launcher.environment import ROOT
from launcher.throwaway import Studio, processes_of, start_studio, throwaway_studio
from tests.fixtures.studio import new_database

pytestmark = pytest.mark.faults
WAIT_SECONDS = 90
OWN_PROCESSES = {
    "redis": ["redis-server"],
    "engine": ["workers.serving.engine"],
    "web": ["studio.asgi"],
    "streamer": ["streamer"],
    "default": ["-Q", "default"],
    "upkeep": ["-Q", "upkeep"],
    "gpu": ["-Q", "gpu"],
    "beat": ["beat-schedule"],
}


def wait_for(condition: Callable[[], bool], seconds: float = WAIT_SECONDS) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.1)
    return condition()


def get(url: str) -> tuple[int, str]:
    with urllib.request.urlopen(url, timeout=60) as response:
        return response.status, response.read().decode()


def beside(studio: Studio, *arguments: str) -> Any:
    """What manage.py prints when somebody who knows of nothing but the data folder types it beside the studio."""
    known = ("DATA_DIR", "DATABASE_URL", "PATH")
    environment = {name: studio.environment[name] for name in known if name in studio.environment}
    command = [sys.executable, str(ROOT / "manage.py"), *arguments]
    return json.loads(subprocess.check_output(command, env=environment, cwd="/", timeout=WAIT_SECONDS))


@pytest.fixture(scope="module")
def running() -> Iterator[Studio]:
    """On an empty database, as at the first start: the others start on a migrated one."""
    with throwaway_studio(new_database(migrated=False)) as studio:
        yield studio


def test_one_address_is_printed_and_its_set_up_page_opens(running: Studio) -> None:
    printed = re.findall(r"http\S+", running.log.read_text())
    assert printed == [f"{running.url}/setup/?token={running.setup_token}"]
    status, page = get(printed[0])
    assert status == 200
    assert "<form" in page
    assert get(f"{running.url}/")[0] == 200


def test_every_process_runs_and_the_engine_answers(running: Studio) -> None:
    for words in OWN_PROCESSES.values():
        assert running.process_of(*words).is_running()
    environment = running.note["environment"]
    assert json.loads(get(f"{environment['ENGINE_URL']}/health")[1])["status"]


def test_secrets_are_not_readable_by_others(running: Studio) -> None:
    for name in ("secret_key", "setup_token", "launcher.json", "redis/redis.conf"):
        assert (running.data_dir / name).stat().st_mode & 0o077 == 0


def test_a_second_launcher_on_the_same_folder_is_refused(running: Studio) -> None:
    command = [sys.executable, "-m", "launcher", "--data-dir", str(running.data_dir)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=WAIT_SECONDS)
    assert result.returncode == 1
    assert f"already running on {running.data_dir} at {running.url}" in result.stderr
    assert get(f"{running.url}/healthz")[0] == 200


@pytest.mark.parametrize("name", ["web", "redis", "gpu", "engine"])
def test_a_killed_process_is_started_again(running: Studio, name: str) -> None:
    words = OWN_PROCESSES[name]
    before = running.process_of(*words)
    before.kill()

    def is_back() -> bool:
        try:
            return running.process_of(*words).pid != before.pid
        except LookupError:
            return False

    assert wait_for(is_back)
    # The launcher keeps the listening socket: asking while web is away waits instead of failing.
    assert get(f"{running.url}/healthz")[0] == 200


def test_busy_port_kill_9_restart_and_an_orderly_end(studio_dir, request: pytest.FixtureRequest) -> None:
    database = new_database()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        first = start_studio(studio_dir, database, port=port)
        request.addfinalizer(first.process.kill)
        first.wait_until_ready()
        assert first.url == f"http://127.0.0.1:{port + 1}" or f"Port {port} is taken" in first.log.read_text()
        assert not first.url.endswith(f":{port}")
        token = beside(first, "bootstrap", "--owner", "owner@example.com", "--token", "--json")["token"]
        asked = urllib.request.Request(
            f"{first.url}/api/v1/datasets/", headers={"Authorization": f"Bearer {token}"}
        )
        with urllib.request.urlopen(asked, timeout=60) as response:
            assert response.status == 200

        first.process.kill()
        first.process.wait()
        assert wait_for(lambda: not processes_of(studio_dir), 15), "kill -9 of the launcher left processes"

    second = start_studio(studio_dir, database)
    request.addfinalizer(second.process.kill)
    wait_for(lambda: second.note.get("pid") == second.process.pid)
    second.wait_until_ready()
    assert second.note["path"] == "/", "the owner of the first start is still there"
    assert psutil.pid_exists(second.note["pid"])

    started = time.monotonic()
    assert second.stop() == 0
    assert time.monotonic() - started < 15, "ending takes too long"
    assert not processes_of(studio_dir)
