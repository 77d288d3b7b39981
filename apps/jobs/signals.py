"""News for the apps above. Receivers run inside the transaction that writes the state, and may raise UserError."""

from django.dispatch import Signal

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
