"""Freeze: roles are applied, rows are checked and split; the result never changes."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field

from workers.contracts.i18n import gettext_noop as _
from workers.contracts.job_kinds import JOB_KINDS, JobKind, Queue
from workers.contracts.roles import Role
from workers.contracts.specs import Split, TaskSpec
from workers.contracts.texts import Text


class FreezeSpec(TaskSpec):
    """inputs: rows (the folder an import left). Leaves data.parquet, sorted by line, with
    row_id string, line int64, split string, prompt list<struct<role, content>>, target string; the struct also holds
    learned bool where some row has an earlier answer that is read and not learned; rejected string and
    feedback bool (whether the target is a good answer) where a column has that role;
    and rejected.parquet (line, reason, text, code, params), the import's own rejects included."""

    roles: dict[str, Role]
    split_key: str
    """Hex key of the workspace; a row's split is HMAC-SHA256(key, normalized input)."""
    validation_share: float = 0.1
    test_share: float = 0.1
    min_rows: int = 20
    test_only: bool = False
    """Every row becomes a test row, also where a split column says otherwise."""
    merge_label_case: bool = True
    """Whether labels that differ in spelling only, such as in case, are one label."""


class RejectGroup(BaseModel):
    """How many rows were rejected for a reason."""

    reason: Text
    rows: int


def _as_groups(stored: Any) -> Any:
    """Earlier releases stored the rows by the English of their reason."""
    if not isinstance(stored, dict):
        return stored
    return [{"reason": reason, "rows": rows} for reason, rows in stored.items()]


class FreezeResult(BaseModel):
    rows: dict[Split, int]
    split_by: Literal["hash", "column", "test_only"] = "hash"
    """How rows got their split: by a keyed hash of the input, by the split column, or all of them are test rows."""
    rejected: int
    reasons: Annotated[list[RejectGroup], BeforeValidator(_as_groups)]
    labels: dict[str, int] = Field(default_factory=dict)
    """Rows per label, for classification."""
    input_characters: dict[str, float]
    """mean, p50, p95, max."""
    target_characters: dict[str, float]
    rejected_characters: dict[str, float] = Field(default_factory=dict)
    """Of the rejected answers, in preference data."""
    bad_rows: int = 0
    """Rows whose answer is rated as a bad one, and kept."""
    warnings: list[Text] = Field(default_factory=list)
    bytes: int
    sha256: str


FREEZE = JOB_KINDS.add(
    JobKind(
        name="freeze",
        label=_("New data version"),
        queue=Queue.DEFAULT,
        module="workers.ingest.freeze",
        announced=False,
        shares_memory=True,
    ),
    order=2,
)
