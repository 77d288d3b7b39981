"""What an app is set to before anybody touches a setting: right for its model, task by task."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.catalog.models import ModelVersion
from apps.publishing.models import AppType
from workers.contracts.task_types import TaskType

MOST_SUGGESTIONS = 6
LONGEST_ANSWER = 4096

_TYPES: dict[TaskType, AppType] = {
    TaskType.CHAT: AppType.CHAT,
    TaskType.INSTRUCTION: AppType.CHAT,
    TaskType.SUMMARIZATION: AppType.SUMMARIZATION,
    TaskType.TRANSLATION: AppType.TRANSLATION,
    TaskType.GENERATION: AppType.GENERATION,
    TaskType.CODE: AppType.CODE,
    TaskType.CLASSIFICATION: AppType.CLASSIFICATION,
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
    return _TYPES[TaskType(model.task_type)]


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
