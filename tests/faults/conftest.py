"""One studio for all faults, with the patience of the reaper counted in seconds."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, StorageState

from examples import get_example
from launcher.throwaway import Studio, throwaway_studio
from tests.fixtures.rest import Rest
from tests.fixtures.studio import new_database

OWNER, PASSWORD = "owner@example.com", "a rather long password"
IMPATIENT = {
    "JOB_HEARTBEAT_SECONDS": "1",
    "JOB_REAP_EVERY_SECONDS": "1",
    "JOB_LOST_AFTER_SECONDS": "15",
    "JOB_RESEND_AFTER_SECONDS": "3",
    "BOOTSTRAP_PASSWORD": PASSWORD,
}


DISK_MB = 256


@contextmanager
def small_file_system(folder: Path) -> Iterator[Path | None]:
    """`folder` with 256 MB of room; None where we may not mount anything."""
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "maquette-test", str(folder)]
    try:
        mounted = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        mounted = False
    yield folder if mounted else None
    if mounted:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def _free(disk: Path) -> int:
    space = os.statvfs(disk)
    return space.f_bavail * space.f_frsize


@contextmanager
def full(disk: Path) -> Iterator[None]:
    """Nothing fits on the disk meanwhile."""
    filler, taken = disk / "filler", 0
    with filler.open("wb") as file:
        while free := _free(disk):
            # Other processes may write between the question and the answer.
            with contextlib.suppress(OSError):
                os.posix_fallocate(file.fileno(), taken, free)
                taken += free
    try:
        yield
    finally:
        filler.unlink()


@pytest.fixture(scope="session")
def small_disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path | None]:
    """A file system of 256 MB for storage and work; None where we may not mount one."""
    with small_file_system(tmp_path_factory.mktemp("disk")) as mounted:
        yield mounted


@pytest.fixture(scope="session")
def shaken(small_disk: Path | None) -> Iterator[Studio]:
    """The studio that things are done to."""
    kept = {}
    if small_disk:
        kept = {"STORAGE_URL": f"file://{small_disk}/storage", "WORK_DIR": f"{small_disk}/work"}
    with throwaway_studio({**new_database(), **IMPATIENT, **kept}) as running:
        yield running


@pytest.fixture(scope="session")
def rest(shaken: Studio) -> Rest:
    printed = json.loads(shaken.manage("bootstrap", "--owner", OWNER, "--token", "--json"))
    return Rest(shaken.url, printed["token"])


@pytest.fixture(scope="session")
def signed_in(shaken: Studio, rest: Rest, browser: Browser) -> StorageState:
    """The owner's cookies."""
    context = browser.new_context(base_url=shaken.url)
    page = context.new_page()
    page.goto("/accounts/login/")
    page.get_by_label("E-mail address").fill(OWNER)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Your account").wait_for()
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture(scope="session")
def tickets(rest: Rest) -> dict[str, Any]:
    """The ticket example as a dataset version."""
    return rest.confirm(rest.upload(get_example("support_tickets").path))
