"""What data can teach: one file per task, with the column roles that it needs and the model families that can learn it.

A task outside this package is a module like `chat.py` that the environment names: `EXTENSIONS=tasks:my_tasks.haiku`.
"""

from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, WithJsonSchema

from workers.contracts.families import Family
from workers.contracts.registry import Registry
from workers.contracts.roles import Role


@dataclass(frozen=True, eq=False)
class Task:
    """How one task is named, fed and scored.

    `required` lists alternative role sets: one of them must be complete.
    """

    name: str
    label: str
    help: str
    required: tuple[frozenset[Role], ...]
    families: tuple[Family, ...]
    """Families that can learn it, the recommended one first."""
    metrics: tuple[str, ...]
    """Metric names (workers/contracts/metrics), the deciding one first."""
    input_label: str
    target_label: str
    optional: frozenset[Role] = frozenset()
    continues: bool = False
    """Whether the model goes on with a text, spaces included, instead of answering it."""
    is_corpus: bool = False
    """Whether rows are documents that nothing answers: their models are bases for other tasks."""

    @property
    def base_families(self) -> tuple[Family, ...]:
        """Families of bases that training can start from: to classify, other models get a head in place of their output. To fill in
        hidden words, a classifier gets the output of its encoder."""
        others: tuple[Family, ...] = ()
        if Family.CLASSIFIER in self.families:
            others = (Family.CAUSAL, Family.ENCODER)
        elif Family.ENCODER in self.families:
            others = (Family.CLASSIFIER,)
        return (*filter(lambda family: family.is_transformer, self.families), *others)

    def answers(self, family: str) -> bool:
        """Whether apps can serve models of this family. Of those that learned from documents, only causal ones write texts."""
        return not self.is_corpus or family == Family.CAUSAL

    def family_from(self, base: Family) -> Family:
        """What a base of this family becomes when it learns this task."""
        if base is Family.CLASSIFIER and Family.ENCODER in self.families:
            return Family.ENCODER
        return base if base in self.families else self.families[0]

    @property
    def usable(self) -> frozenset[Role]:
        """Every role that a column can have; a column of splits fits any task."""
        return self.optional.union(*self.required) | {Role.SPLIT}

    @property
    def has_labels(self) -> bool:
        """Whether an answer is one of a fixed set of labels."""
        return Role.LABEL in self.usable

    @property
    def converses(self) -> bool:
        """Whether a row can hold earlier turns."""
        return Role.HISTORY in self.usable

    @property
    def teaches_texts(self) -> bool:
        """Whether a text alone is a row, without anything that it answers."""
        return frozenset({Role.TARGET}) in self.required

    def missing_roles(self, roles: dict[str, Role]) -> frozenset[Role]:
        """Return the roles still to be given before `roles` (column to role) can teach this task.

        Where there are several ways, the one of which most is given already counts; columns of their own before whole
        conversations, which are rarer, and proposed by themselves.
        """
        present = frozenset(roles.values())

        def distance(needed: frozenset[Role]) -> tuple[bool, int, bool]:
            return bool(needed - present), -len(needed & present), Role.MESSAGES in needed

        return min(self.required, key=distance) - present


TASKS: Registry[Task] = Registry("tasks", "workers.contracts.tasks")


def _known(name: str) -> str:
    if name not in TASKS:
        raise ValueError(f"{name!r} is none of the tasks: {', '.join(TASKS)}.")
    return name


TaskName = Annotated[str, AfterValidator(_known), WithJsonSchema({"type": "string"})]
"""The name of a task, as specs, manifests and rows hold it."""
