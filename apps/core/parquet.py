"""Reading Parquet files of storage a page at a time, small enough for a web process."""

from pathlib import Path
from typing import Any

import duckdb

from apps.core.storage import local_copies, storage

_CONFIG = {"threads": 1, "memory_limit": "512MB", "autoinstall_known_extensions": False}


def local_file(folder: str, name: str) -> Path:
    """A file of a published folder. The folder is fetched as a whole: workers on this host share the cache, and need all of it.

    Raises StorageError when there is nothing under `folder`.
    """
    return storage().fetch(folder, local_copies()) / name


def select(sql: str, values: list[Any]) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Run one query in a DuckDB of its own; return the names of its columns and its rows."""
    with duckdb.connect(config=_CONFIG) as connection:
        cursor = connection.execute(sql, values)
        return [column[0] for column in cursor.description], cursor.fetchall()
