"""The audit log: its entries, their words, and the triggers that make it append-only."""

from apps.workspaces.audit.log import (
    COLUMNS,
    as_plain,
    expire_entries,
    export,
    record,
)

__all__ = ["COLUMNS", "as_plain", "expire_entries", "export", "record"]
