"""Whether there is room on the disk, and giving some back once rows are gone."""

import logging
import shutil
from collections.abc import Iterable

from django.conf import settings

from apps.core.storage import storage

logger = logging.getLogger(__name__)
_LEAST_BYTES = 4 << 20
"""SQLite and Redis need some to read as well."""


def is_disk_full() -> bool:
    """Whether this host's data folder lies on a disk without room."""
    return shutil.disk_usage(settings.DATA_DIR).free < _LEAST_BYTES


def free_disk(keys: Iterable[str]) -> None:
    """Delete files and folders; call on commit. One that cannot be deleted is logged: its row is gone already."""
    for key in keys:
        try:
            storage().delete(key)
        except Exception:
            logger.exception("Could not delete %s from storage", key)
