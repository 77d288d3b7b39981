"""Every write to pre-flights and runs."""

from apps.training.services.preflights import (
    ANSWER_MINUTES,
    is_stale,
    request_preflight,
    take_preflight,
)
from apps.training.services.runs import (
    RunPlan,
    TimeLimit,
    active_runs,
    create_run,
    rename_run,
    require_room_again,
    require_rows,
    require_startable,
    start_run,
    take_run,
)

__all__ = [
    "ANSWER_MINUTES",
    "RunPlan",
    "TimeLimit",
    "active_runs",
    "create_run",
    "is_stale",
    "rename_run",
    "request_preflight",
    "require_room_again",
    "require_rows",
    "require_startable",
    "start_run",
    "take_preflight",
    "take_run",
]
