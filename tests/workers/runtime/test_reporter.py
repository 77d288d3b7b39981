"""What a child says about the error that ended it. What becomes of it is tried in test_supervisor."""

import errno

import pytest
from safetensors import SafetensorError

from workers.runtime.reporter import failed_by_system


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
