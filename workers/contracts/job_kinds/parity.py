"""Parity check: the engine's numbers against those that the trainer recorded."""

from pydantic import BaseModel

from workers.contracts.i18n import gettext_noop as _
from workers.contracts.job_kinds import JOB_KINDS, JobKind, Queue
from workers.contracts.specs import JobSpec
from workers.contracts.texts import Text


class ParitySpec(JobSpec):
    """Compares what the engine computes with what the trainer recorded in the model folder's parity.json.
    inputs: model. `engine_url` comes from settings, the key travels in the environment (ENGINE_KEY)."""

    engine_url: str
    model: str
    """The model's name at the engine: its storage key."""


class ParityResult(BaseModel):
    """`max_nat_per_token`: largest mean absolute log-probability difference of a row, in nats a token."""

    rows: int
    ids_identical: bool
    max_nat_per_token: float
    limit_nat_per_token: float
    exact_match: float
    passed: bool
    message: Text


PARITY = JOB_KINDS.add(
    JobKind(
        name="parity",
        label=_("Parity check"),
        queue=Queue.DEFAULT,
        module="workers.serving.parity",
        announced=False,
        asks_engine=True,
    ),
    order=8,
)
