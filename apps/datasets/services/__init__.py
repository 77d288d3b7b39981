"""Every write to datasets, imports and versions."""

from apps.datasets.services.fetching import count_fetch, import_from_address
from apps.datasets.services.freezing import confirm_import, take_freeze_result
from apps.datasets.services.importing import start_import, take_import_result
from apps.datasets.services.keeping import delete_dataset, discard_import, set_archived, update_dataset
from apps.datasets.services.rereading import can_reread, parts_of, reread_import
from apps.datasets.services.uploading import (
    PART_BYTES,
    discard_parts,
    is_upload_id,
    missing_part_message,
    new_upload_id,
    read_parts,
    store_part,
    stored_parts,
)

__all__ = [
    "PART_BYTES",
    "can_reread",
    "confirm_import",
    "count_fetch",
    "delete_dataset",
    "discard_import",
    "discard_parts",
    "import_from_address",
    "is_upload_id",
    "missing_part_message",
    "new_upload_id",
    "parts_of",
    "read_parts",
    "reread_import",
    "set_archived",
    "start_import",
    "store_part",
    "stored_parts",
    "take_freeze_result",
    "take_import_result",
    "update_dataset",
]
