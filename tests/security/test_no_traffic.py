"""The block on outgoing traffic works in this process and in those that tests start, and nothing reports about its use."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

ROOT = Path(__file__).resolve().parents[2]
ELSEWHERE = "192.0.2.1"
"""An address for documentation, which nobody has."""


def _connect() -> None:
    socket.create_connection((ELSEWHERE, 80), timeout=1)


def _connect_ex() -> None:
    with socket.socket() as line:
        line.settimeout(1)
        line.connect_ex((ELSEWHERE, 80))


def _connect_v6() -> None:
    with socket.socket(socket.AF_INET6) as line:
        line.settimeout(1)
        line.connect(("2001:db8::1", 80))


def _send_datagram() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.sendto(b"hello", (ELSEWHERE, 53))


def _look_up() -> None:
    socket.getaddrinfo("example.org", 443)


def _ask_http() -> None:
    httpx.get("http://example.org/", trust_env=False)


def _connect_asynchronously() -> None:
    asyncio.run(asyncio.wait_for(asyncio.open_connection(ELSEWHERE, 80), 1))


@pytest.mark.parametrize(
    "attempt",
    [_connect, _connect_ex, _connect_v6, _send_datagram, _look_up, _ask_http, _connect_asynchronously],
)
def test_nothing_leaves_this_process(attempt: Callable[[], None], refused_traffic: list[str]) -> None:
    with pytest.raises(RuntimeError, match="may not reach beyond this machine"):
        attempt()
    assert len(refused_traffic) == 1
    refused_traffic.clear()


def test_loopback_stays_open(redis_server: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        socket.create_connection(("localhost", listening.getsockname()[1]), timeout=5).close()


def test_nothing_leaves_a_process_that_a_test_starts() -> None:
    program = f"import socket; socket.create_connection(({ELSEWHERE!r}, 80), timeout=1)"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert "may not reach beyond this machine" in done.stderr


def test_the_child_of_a_supervisor_is_watched_too(tmp_path: Path) -> None:
    from apps.jobs.runner.child import environment_of

    environment = environment_of(tmp_path, 1, {})
    program = "import sitecustomize; print(sitecustomize.__file__)"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert "no_network" in done.stdout


def test_libraries_are_told_not_to_report() -> None:
    program = (
        "import os, workers, huggingface_hub.constants as hub;"
        "print(hub.HF_HUB_DISABLE_TELEMETRY, os.environ['DO_NOT_TRACK'])"
    )
    environment = {**os.environ, "HF_HUB_DISABLE_TELEMETRY": "0", "DO_NOT_TRACK": "0"}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["True", "1"]


def test_pages_name_no_other_site() -> None:
    """Fonts, scripts, pictures and styles are ours: what a page loads tells nobody that it was opened."""
    loading = ("src=", "<link", "@import", "url(")
    files: list[Any] = [
        *ROOT.glob("templates/**/*.html"),
        *ROOT.glob("static/**/*.css"),
        *ROOT.glob("static/**/*.js"),
    ]
    assert len(files) > 50
    for file in files:
        for number, line in enumerate(file.read_text().splitlines(), start=1):
            has_address = "http://" in line or "https://" in line or '"//' in line
            assert not (has_address and any(word in line for word in loading)), f"{file}:{number}"
