"""What a child says about the error that ended it. What becomes of it is tried in test_supervisor."""

import errno
import subprocess
import sys
from pathlib import Path

import pytest
from safetensors import SafetensorError

from workers.runtime.reporter import NICENESS
from workers.shared.failures import failed_by_system

_AUTOGROUP = Path("/proc/self/autogroup")
_MAKE_WAY = """
import os
from pathlib import Path
from workers.runtime.reporter import _make_way
_make_way()
print(Path("/proc/self/autogroup").read_text().split()[-1], os.nice(0))
"""


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "disk_full"),
        (
            SafetensorError(
                f"Error while serializing: I/O error: No space left on device (os error {errno.ENOSPC})"
            ),
            "disk_full",
        ),
        (OSError(errno.EACCES, "Permission denied"), "internal"),
        (SafetensorError("Error while serializing: invalid shape"), "internal"),
    ],
)
def test_a_full_disk_is_told_whoever_noticed_it(error: Exception, code: str) -> None:
    assert failed_by_system(error).code == code


@pytest.mark.skipif(not _AUTOGROUP.is_file(), reason="the kernel does not schedule by session")
@pytest.mark.parametrize(("leads", "expected"), [(True, f"{NICENESS}"), (False, "0")])
def test_only_a_session_of_its_own_is_made_nicer(leads: bool, expected: str) -> None:
    """The child's parent stands for a terminal: a session in which other processes are at work."""
    terminal = f"""
import subprocess, sys
print(subprocess.check_output([sys.executable, "-c", {_MAKE_WAY!r}], start_new_session={leads}, text=True))
print(open("/proc/self/autogroup").read().split()[-1])
"""
    said = subprocess.check_output([sys.executable, "-c", terminal], start_new_session=True, text=True)
    childs, own, terminals = said.split()
    assert (childs, terminals) == (expected, "0")
    assert int(own) >= NICENESS
