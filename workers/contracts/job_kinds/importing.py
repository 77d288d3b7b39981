"""Import: a file becomes parsed rows and a proposal."""

from pydantic import BaseModel, Field

from workers.contracts.i18n import gettext_noop as _
from workers.contracts.job_kinds import JOB_KINDS, JobKind, Queue
from workers.contracts.roles import Role
from workers.contracts.specs import JobSpec
from workers.contracts.tasks import TaskName
from workers.contracts.texts import Text


class Proposal(BaseModel):
    """What the data seems to teach. `why` holds one sentence per decision, in plain words."""

    task_type: TaskName | None
    roles: dict[str, Role]
    why: list[Text] = Field(default_factory=list)
    warnings: list[Text] = Field(default_factory=list)
    """What the user should know before anything else: what is left out although it changes what a row means."""
    by_task: dict[TaskName, dict[str, Role]] = Field(default_factory=dict)
    """For each task that the columns have enough for, the roles that choosing it gives (columns that are used only)."""
    meanings: dict[str, Text] = Field(default_factory=dict)
    """What each column may mean where it is not used."""
    case_variants: bool = False
    """Whether labels of the proposal differ in spelling only: case, hyphens, quotation marks and the like."""


class Column(BaseModel):
    """`filled` counts cells that are not empty; lengths are in characters."""

    name: str
    filled: int
    distinct: int
    distinct_is_estimate: bool = False
    mean_length: float
    max_length: int
    examples: list[str] = Field(default_factory=list)
    is_messages: bool = False


class Reject(BaseModel):
    line: int
    reason: Text


ADDRESS_VARIABLE = "SOURCE_ADDRESS"
"""In the environment of a child that fetches: the address, which may hold a secret and so stands in no spec."""
ALLOWED_VARIABLE = "OUTGOING_ALLOW"


class ImportSpec(JobSpec):
    """inputs: source; without it the source is fetched from an address, at most `limit_bytes` and `room_bytes` of it, and
    left as `source`. Leaves rows.parquet (`__line` int64 and the columns as strings, lists of messages as JSON)
    and rejected.parquet (line int64, reason string, text string cut to 2,000 characters, code and params (JSON) of the reason)."""

    filename: str
    limit_bytes: int | None = None
    room_bytes: int | None = None
    encoding: str | None = None
    """The codec that a person chose (contracts.encodings); else it is found."""
    part: str | None = None
    """The sheet of a workbook or the file in an archive that a person chose; else the fullest."""
    max_cell_bytes: int = 1_000_000
    max_columns: int = 500
    max_rows: int = 5_000_000
    max_seconds: float = 1800
    max_unpacked_bytes: int = 4 << 30


class FetchedSource(BaseModel):
    filename: str
    bytes: int
    sha256: str


class ImportResult(BaseModel):
    format: str
    encoding: str | None
    rows: int
    rejected: int
    first_rejects: list[Reject]
    columns: list[Column]
    proposal: Proposal
    bytes: int
    fetched: FetchedSource | None = None
    """Set where the job fetched the source itself."""
    blank: int = 0
    """Blank lines and empty rows of the source."""
    comments: int = 0
    """Comment lines of the source. With `rows`, `rejected`, `blank` and the header they are all there is."""
    codec: str | None = None
    """The codec whose name for people is `encoding`; None for formats that need none."""
    preview: list[str] = Field(default_factory=list)
    """The first lines with characters beyond ASCII, as they were decoded."""
    parts: list[str] = Field(default_factory=list)
    """Sheets of a workbook or files of an archive that can be read; `part` was."""
    part: str | None = None


IMPORT = JOB_KINDS.add(
    JobKind(
        name="import",
        label=_("Import"),
        queue=Queue.DEFAULT,
        module="workers.ingest.parse",
        announced=False,
        shares_memory=True,
        reads_a_file=True,
    ),
    order=1,
)
