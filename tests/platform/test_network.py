"""The switch that opens an embedded studio to its local network: what the launcher reads, and where web listens then."""

from __future__ import annotations

import http.client
import time
from pathlib import Path

import pytest

from launcher import network
from launcher.environment import NETWORK_FILE, Environment, Options, hosts_of, lan_address, shown_host
from launcher.throwaway import Studio, throwaway_studio

ALL = network.ALL_ADDRESSES


def test_only_the_two_addresses_can_be_chosen(tmp_path: Path) -> None:
    file = tmp_path / NETWORK_FILE
    assert network.chosen_host(file) == "127.0.0.1"
    network.choose(file, is_open=True)
    assert network.chosen_host(file) == ALL
    assert file.stat().st_mode & 0o077 == 0
    network.choose(file, is_open=False)
    assert network.chosen_host(file) == "127.0.0.1"
    for broken in ("", "[]", '{"host": "evil.example"}', '{"host": 7}'):
        file.write_text(broken)
        assert network.chosen_host(file) == "127.0.0.1"


def test_processes_are_told_the_address_that_others_open(tmp_path: Path) -> None:
    environment = Environment(Options(tmp_path, may_move=True), 8123, {"ALLOWED_HOSTS": "lab.example"})
    secrets = {name: environment[name] for name in ("REDIS_URL", "ENGINE_KEY", "SECRET_KEY")}
    assert environment["SITE_URL"] == "http://127.0.0.1:8123"
    assert environment["NETWORK_FILE"] == str(tmp_path / NETWORK_FILE)
    environment.move(Options(tmp_path, host=ALL, may_move=True), 8123)
    assert environment["SITE_URL"] == f"http://{shown_host(ALL)}:8123"
    assert environment["ALLOWED_HOSTS"].split(",") == hosts_of(ALL, "lab.example")
    assert secrets == {name: environment[name] for name in secrets}


def test_who_names_the_host_or_the_site_keeps_it(tmp_path: Path) -> None:
    assert "NETWORK_FILE" not in Environment(Options(tmp_path), 8123, {})
    given = {"SITE_URL": "https://studio.example"}
    environment = Environment(Options(tmp_path, may_move=True), 8123, given)
    assert "NETWORK_FILE" not in environment
    environment.move(Options(tmp_path, host=ALL), 8123)
    assert environment["SITE_URL"] == "https://studio.example"


@pytest.mark.faults
def test_web_moves_to_the_network_and_back(tmp_path: Path) -> None:
    lan = lan_address()
    if lan is None:
        pytest.skip("this machine is in no network")
    with throwaway_studio() as studio:
        port = int(studio.url.rsplit(":", 1)[1])
        assert _listens(studio, port) == {"127.0.0.1"}
        assert _status(port, lan) == 400, "a name that nobody may use yet"
        workers = _workers(studio)
        network.choose(studio.data_dir / NETWORK_FILE, is_open=True)
        _wait(studio, f"http://{lan}:{port}", port)
        assert _listens(studio, port) == {ALL}
        assert _status(port, lan) == _status(port, "127.0.0.1") == 200
        assert _workers(studio) == workers, "only web starts again"
        network.choose(studio.data_dir / NETWORK_FILE, is_open=False)
        _wait(studio, f"http://127.0.0.1:{port}", port)
        assert _listens(studio, port) == {"127.0.0.1"}
        assert _status(port, lan) == 400


def _workers(studio: Studio) -> set[int]:
    return {process.pid for process in studio.processes() if "celery" in " ".join(process.cmdline())}


def _listens(studio: Studio, port: int) -> set[str]:
    """The addresses on which the studio takes connections, as the system says."""
    found = [one for process in studio.processes() for one in process.net_connections("tcp")]
    return {one.laddr.ip for one in found if one.status == "LISTEN" and one.laddr.port == port}


def _wait(studio: Studio, address: str, port: int) -> None:
    deadline = time.monotonic() + 90
    while studio.note.get("address") != address or _status(port, "127.0.0.1") != 200:
        assert time.monotonic() < deadline, studio.log.read_text()[-2000:]
        time.sleep(0.2)


def _status(port: int, host: str) -> int:
    """What the studio answers to whoever calls it `host`."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/healthz", headers={"Host": f"{host}:{port}"})
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()
