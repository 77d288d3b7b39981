"""The kinds of apps, each defined in a file of its own: settings, words, request and page."""

from pydantic.fields import FieldInfo

from apps.publishing.kinds.base import (
    AppKind,
    AppSettings,
    SamplingSettings,
    VisitorOption,
    setting,
    setting_group,
)
from workers.contracts.registry import Registry
from workers.contracts.tasks import TASKS

APP_KINDS: Registry[AppKind] = Registry("app_kinds", "apps.publishing.kinds")

__all__ = [
    "APP_KINDS",
    "AppKind",
    "AppSettings",
    "SamplingSettings",
    "VisitorOption",
    "can_answer",
    "kind_choices",
    "kind_of_task",
    "setting",
    "setting_group",
    "settings_fields",
]


def can_answer(task_type: str, family: str) -> bool:
    """Whether models of this task and family write or choose answers. A kind of app may name a task that is not loaded."""
    task = TASKS.get(task_type)
    return task is None or task.answers(family)


def kind_of_task(task_type: str, family: str) -> AppKind | None:
    """Return the kind of app that models of this task and family answer in; None where there is none."""
    if not can_answer(task_type, family):
        return None
    return next((kind for kind in APP_KINDS.values() if task_type in kind.tasks), None)


def kind_choices() -> list[tuple[str, str]]:
    """Return the names and labels of all kinds, for forms, filters and model fields."""
    return [(kind.name, kind.label) for kind in APP_KINDS.values()]


def settings_fields() -> dict[str, FieldInfo]:
    """Return the settings of all kinds by name. Kinds that share a name share its declaration."""
    return {name: field for kind in APP_KINDS.values() for name, field in kind.settings.model_fields.items()}
