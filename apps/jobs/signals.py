"""News for the apps above. Receivers run inside the transaction that writes the state, and may raise UserError."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.dispatch import Signal

from workers.contracts.job_kinds import JobKind

if TYPE_CHECKING:
    from apps.jobs.models import Job

job_started = Signal()
"""Arguments: job. Sent when an attempt was claimed."""

attempt_goes_on = Signal()
"""Arguments: job, seconds (how long this attempt has been at work). Sent with each heartbeat, outside of a transaction."""

attempt_ended = Signal()
"""Arguments: job, seconds (how long this attempt was at work). Sent however an attempt ends, before job_ended."""

job_retried = Signal()
"""Arguments: job, actor. A person asked for it again; a receiver refuses by raising UserError."""

job_succeeded = Signal()
"""Arguments: job, with its result set."""

job_ended = Signal()
"""Arguments: job, in any ended state; after job_succeeded where there is one."""


def receives(signal: Signal, kind: JobKind) -> Callable[[Callable[[Job], None]], Callable[..., None]]:
    """Connect a function to a signal above, for jobs of this kind alone: `@receives(job_succeeded, EXPORT)`. Return what
    is connected, which takes the arguments of the signal."""

    def connect(take: Callable[[Job], None]) -> Callable[..., None]:
        def receiver(job: Job, **_: Any) -> None:
            if job.kind == kind.name:
                take(job)

        signal.connect(receiver, weak=False)
        return receiver

    return connect
