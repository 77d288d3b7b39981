"""What a studio keeps is its own account's, and what a program of this machine says of others is not believed."""

from __future__ import annotations

import re
import stat
from pathlib import Path

import httpx
import psutil
import pytest

from launcher.throwaway import Studio
from tests.faults.conftest import OWNER, PASSWORD
from tests.fixtures.rest import Rest

pytestmark = pytest.mark.faults


def umask_of(process: psutil.Process) -> str:
    status = Path(f"/proc/{process.pid}/status").read_text()
    found = re.search(r"^Umask:\s+(\d+)$", status, re.MULTILINE)
    assert found, "this kernel does not tell the umask of a process"
    return found[1]


def test_no_other_account_can_read_what_the_studio_keeps(shaken: Studio, rest: Rest) -> None:
    assert stat.S_IMODE(shaken.data_dir.stat().st_mode) == 0o700
    open_to_others = [
        path for path in shaken.data_dir.rglob("*") if not path.is_symlink() and path.stat().st_mode & 0o077
    ]
    assert not open_to_others
    processes = shaken.processes()
    assert len(processes) > 8
    assert {umask_of(process) for process in processes} == {"0077"}


def test_a_forwarded_address_is_not_believed_without_a_proxy(shaken: Studio, rest: Rest) -> None:
    """Limits and the audit trail count addresses: whoever could choose one would never reach a limit."""
    claimed = "198.51.100.77"
    with httpx.Client(base_url=shaken.url, headers={"X-Forwarded-For": claimed}) as client:
        client.get("/accounts/login/")
        form = {"login": OWNER, "password": PASSWORD, "csrfmiddlewaretoken": client.cookies["csrftoken"]}
        signed_in = client.post("/accounts/login/", data=form, headers={"Origin": shaken.url})
        assert signed_in.status_code == 302
        sessions = client.get("/accounts/sessions/").text
    assert claimed not in sessions
    assert "127.0.0.1" in sessions
