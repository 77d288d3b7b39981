"""The filter by state that lists of things with a job share."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from apps.core.listing import Filter
from apps.jobs.states import ACTIVE, FAILURES, State

_STATES: dict[str, tuple[State, ...]] = {
    "active": ACTIVE,
    "succeeded": (State.SUCCEEDED,),
    "failed": FAILURES,
    "cancelled": (State.CANCELLED,),
}
STATE_CHOICES = (
    ("active", _("In progress")),
    ("succeeded", _("Succeeded")),
    ("failed", _("Failed")),
    ("cancelled", _("Cancelled")),
)


def by_state(path: str = "job__state") -> Filter:
    """A filter by the state of the job that `path` leads to."""

    def apply(rows: Any, value: str) -> Any:
        return rows.filter(**{f"{path}__in": _STATES[value]})

    return Filter("state", _("State"), STATE_CHOICES, apply)
