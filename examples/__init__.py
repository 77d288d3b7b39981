"""Example datasets written for Maquette: what there is, and where its file lies.

Every example is a folder with `example.json` and an ordinary data file, which is imported like any upload.
`python -m examples.generators` writes the data files again, byte for byte.
"""

from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from workers.contracts.families import Family
from workers.contracts.recipes import StarterSize
from workers.contracts.roles import Role
from workers.contracts.tasks import TASKS, TaskName

ROOT = Path(__file__).parent
_MANIFEST = "example.json"


class NearestRow(BaseModel):
    """What copying the answer of the most similar training row reaches, and what it must stay below."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    metric: str
    value: float
    bound: float


class Measured(BaseModel):
    """What a starter reached on the test split with default settings, and how long its training took."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    family: Family
    size: StarterSize
    metric: str
    value: float
    minutes: float
    machine: str


class Example(BaseModel):
    """One example dataset. Titles and descriptions are English; messages.py marks them for translation."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    title: str
    description: str
    task_type: TaskName
    file: str
    roles: dict[str, Role]
    rows: int
    licence: str
    origin: str
    nearest_row: NearestRow
    measured: Measured | None = None
    held_out_file: str | None = Field(
        default=None, description="Rows in phrasings that the data file never uses."
    )

    @property
    def path(self) -> Path:
        """Where the data file lies."""
        return ROOT / self.name / self.file

    @property
    def held_out_path(self) -> Path | None:
        return ROOT / self.name / self.held_out_file if self.held_out_file else None


@cache
def list_examples() -> tuple[Example, ...]:
    """Return all examples, in the order in which a page shows them.

    Raises pydantic.ValidationError when an example.json does not say what it has to.
    """
    found = [
        Example.model_validate_json(path.read_text(encoding="utf-8")) for path in ROOT.glob(f"*/{_MANIFEST}")
    ]
    order = list(TASKS)
    return tuple(sorted(found, key=lambda example: (order.index(example.task_type), example.name)))


def get_example(name: str) -> Example:
    """Return the example of that name. Raises KeyError when there is none."""
    return {example.name: example for example in list_examples()}[name]
