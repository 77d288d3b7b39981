"""Keep what a studio writes readable by its own account alone."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

OWNER_ONLY_UMASK = 0o077
OWNER_ONLY_FOLDER = 0o700


def create_files_privately() -> None:
    """Deny other accounts of the machine every file that this process and its children create from now on."""
    os.umask(OWNER_ONLY_UMASK)


def make_private_folder(folder: Path) -> None:
    """Create `folder`, or close an existing one to other accounts.

    A folder of another account stays as it is (a volume that a container runtime made): only its owner may change it.
    Raises OSError when it cannot be created.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=OWNER_ONLY_FOLDER)
    with suppress(PermissionError):
        folder.chmod(OWNER_ONLY_FOLDER)
