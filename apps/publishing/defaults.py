"""What an app is set to before anyone touches a setting: right for its model, task by task."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import duckdb
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.catalog.models import ModelVersion
from apps.datasets.rows import DataRows
from apps.publishing.models import AppType
from workers.contracts.tasks import TaskName
from workers.shared.storage import StorageError

MOST_SUGGESTIONS = 6
SUGGESTED_BY_DEFAULT = 3
ROWS_LOOKED_AT = 50
LONGEST_SUGGESTION = 160
LONGEST_NAME = 80
LONGEST_ANSWER = 4096

_TYPES: dict[TaskName, AppType] = {
    "chat": AppType.CHAT,
    "instruction": AppType.CHAT,
    "summarization": AppType.SUMMARIZATION,
    "translation": AppType.TRANSLATION,
    "generation": AppType.GENERATION,
    "code": AppType.CODE,
    "classification": AppType.CLASSIFICATION,
}
ICONS: dict[str, str] = {
    AppType.CHAT: "message-circle",
    AppType.SUMMARIZATION: "article",
    AppType.TRANSLATION: "language",
    AppType.GENERATION: "writing",
    AppType.CODE: "code",
    AppType.CLASSIFICATION: "tags",
}
CHOICE_OF_ICONS = {
    "message-circle": gettext_lazy("Speech bubble"),
    "article": gettext_lazy("Page of text"),
    "language": gettext_lazy("Two languages"),
    "writing": gettext_lazy("Pen and line"),
    "code": gettext_lazy("Angle brackets"),
    "tags": gettext_lazy("Tags"),
    "books": gettext_lazy("Books"),
    "lifebuoy": gettext_lazy("Lifebuoy"),
    "robot": gettext_lazy("Robot"),
    "school": gettext_lazy("Graduation cap"),
    "heart": gettext_lazy("Heart"),
    "bulb": gettext_lazy("Light bulb"),
    "ticket": gettext_lazy("Ticket"),
    "notes": gettext_lazy("Sheet of notes"),
    "rocket": gettext_lazy("Rocket"),
    "feather": gettext_lazy("Feather"),
    "mood-smile": gettext_lazy("Smiling face"),
}
"""What can be chosen, and what it shows, in words."""


@dataclass(frozen=True)
class AppSettings:
    """The fields of an AppVersion that people set; limits as on the model."""

    description: str = ""
    icon: str = "message-circle"
    welcome: str = ""
    suggestions: list[str] = field(default_factory=list)
    system_prompt: str = ""
    source_label: str = ""
    target_label: str = ""
    max_tokens: int = 256
    temperature: float = 0.0
    top_p: float = 1.0
    repetition_penalty: float = 1.0

    @classmethod
    def from_form(cls, data: dict[str, Any]) -> AppSettings:
        return cls(**{name: data[name] for name in cls.__dataclass_fields__ if data.get(name) is not None})


def app_type_of(model: ModelVersion) -> AppType:
    return _TYPES[model.task_type]


def task_types_of(app_type: str) -> list[str]:
    """What the models do that can answer in an app of this type."""
    return [task for task, kind in _TYPES.items() if kind == app_type]


def settings_for(model: ModelVersion) -> AppSettings:
    """Greedy, as the model was evaluated; only free text generation gets some randomness."""
    kind = app_type_of(model)
    welcome = {
        AppType.CHAT: _("Ask me something."),
        AppType.SUMMARIZATION: _("Paste a long text and get the short version."),
        AppType.TRANSLATION: _("Give me a text, and read it in the other language."),
        AppType.GENERATION: _("Give me a beginning, and I will go on."),
        AppType.CODE: _("Start a program, and I will complete it."),
        AppType.CLASSIFICATION: _("Paste a text and see where it belongs."),
    }
    room = model.context_length // 2 if model.context_length else LONGEST_ANSWER
    return AppSettings(
        icon=ICONS[kind],
        welcome=welcome[kind],
        max_tokens=max(16, min(256, room)),
        temperature=0.8 if kind == AppType.GENERATION else 0.0,
        top_p=0.95 if kind == AppType.GENERATION else 1.0,
    )


def default_name(model: ModelVersion) -> str:
    """What visitors read at the top: what the data is called, not what the engineers call the model."""
    name = model.dataset_version.dataset.name if model.dataset_version else model.name
    return name[:LONGEST_NAME]


def suggestions_for(model: ModelVersion) -> list[str]:
    """Short inputs from rows that were held out of training, in their order; none where these are gone.

    Classification takes one for each label, as long as there are others.
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
    is_classification = app_type_of(model) == AppType.CLASSIFICATION
    first = {target: text for text, target in reversed(found.items())} if is_classification else {}
    ordered = [text for text, target in found.items() if first.get(target) == text]
    ordered += [text for text in found if text not in ordered]
    return ordered[:SUGGESTED_BY_DEFAULT]
