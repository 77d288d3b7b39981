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

APP_KINDS: Registry[AppKind] = Registry("app_kinds", "apps.publishing.kinds")

__all__ = [
    "APP_KINDS",
    "AppKind",
    "AppSettings",
    "SamplingSettings",
    "VisitorOption",
    "kind_choices",
    "kind_of_task",
    "setting",
    "setting_group",
    "settings_fields",
]


def kind_of_task(task_type: str) -> AppKind | None:
    """Return the kind of app that models of this task answer in; None where there is none."""
    return next((kind for kind in APP_KINDS.values() if task_type in kind.tasks), None)


def kind_choices() -> list[tuple[str, str]]:
    """Return the names and labels of all kinds, for forms, filters and model fields."""
    return [(kind.name, kind.label) for kind in APP_KINDS.values()]


def settings_fields() -> dict[str, FieldInfo]:
    """Return the settings of all kinds by name. Kinds that share a name share its declaration."""
    return {name: field for kind in APP_KINDS.values() for name, field in kind.settings.model_fields.items()}
