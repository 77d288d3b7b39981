"""Giving disk back once rows are gone."""

import logging
from collections.abc import Iterable

from apps.core.storage import storage

logger = logging.getLogger(__name__)


def free_disk(keys: Iterable[str]) -> None:
    """Delete files and folders; call on commit. One that cannot be deleted is logged: its row is gone already."""
    for key in keys:
        try:
            storage().delete(key)
        except Exception:
            logger.exception("Could not delete %s from storage", key)
