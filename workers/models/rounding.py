"""How far rounding alone moves log-probabilities; workers/models/agreement.py says how it was measured."""

ROUNDING = 2.5
LEAST_NATS = 0.01
"""Allowed in any case below fp32: a model that rounds to nearly nothing may be off by a little more than that."""


def allowed_by_rounding(nats: float) -> float:
    """How far apart two ways may be that are each about `nats` away from the exact answer."""
    return max(LEAST_NATS, ROUNDING * nats)
