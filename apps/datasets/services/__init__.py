"""Every write to datasets, imports and versions."""

from apps.datasets.services.freezing import confirm_import, take_freeze_result
from apps.datasets.services.importing import start_import, take_import_result
from apps.datasets.services.keeping import delete_dataset, discard_import, set_archived, update_dataset

__all__ = [
    "confirm_import",
    "delete_dataset",
    "discard_import",
    "set_archived",
    "start_import",
    "take_freeze_result",
    "take_import_result",
    "update_dataset",
]
