"""What an app is set to before anyone touches a setting: right for its model, task by task."""

from __future__ import annotations

import duckdb
from django.utils.translation import gettext as _

from apps.catalog.models import ModelVersion
from apps.core.errors import UserError
from apps.datasets.rows import DataRows
from apps.publishing.kinds import AppKind, AppSettings, kind_of_task
from workers.shared.storage import StorageError

SUGGESTED_BY_DEFAULT = 3
ROWS_LOOKED_AT = 50
LONGEST_SUGGESTION = 160
LONGEST_NAME = 80


def kind_of(model: ModelVersion) -> AppKind:
    """Return the kind of app that this model answers in. Raises UserError where there is none."""
    kind = kind_of_task(model.task_type, model.family)
    if kind is None:
        raise UserError(_("There is no kind of app for models of this task."), field="model")
    return kind


def settings_for(model: ModelVersion) -> AppSettings:
    """Return the settings of a new app with this model."""
    return kind_of(model).new_settings(model.context_length)


def default_name(model: ModelVersion) -> str:
    """What visitors read at the top: what the data is called, not what the engineers call the model."""
    name = model.dataset_version.dataset.name if model.dataset_version else model.name
    return name[:LONGEST_NAME]


def suggestions_for(model: ModelVersion) -> list[str]:
    """Short inputs from rows that were held out of training, in their order; none where these are gone.

    Where answers are labels, one for each label, as long as there are others.
    """
    version = model.dataset_version
    if version is None or not version.is_ready:
        return []
    try:
        rows = [
            row
            for split in ("test", "validation")
            for row in DataRows(version, split=split)[0:ROWS_LOOKED_AT]
            if len(row.prompt) == 1 and row.prompt[0]["role"] == "user"
        ]
    except (OSError, StorageError, duckdb.Error):
        return []
    found: dict[str, str] = {}
    for row in rows:
        text = " ".join(row.prompt[0]["content"].split())
        if 0 < len(text) <= LONGEST_SUGGESTION:
            found.setdefault(text, row.target)
    kind = kind_of_task(model.task_type, model.family)
    has_labels = kind is not None and kind.answers_with_labels
    first = {target: text for text, target in reversed(found.items())} if has_labels else {}
    ordered = [text for text, target in found.items() if first.get(target) == text]
    ordered += [text for text in found if text not in ordered]
    return ordered[:SUGGESTED_BY_DEFAULT]
