"""What data can teach, which column roles that needs, and which model families can learn it."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from workers.contracts.i18n import gettext_noop as _


class TaskType(StrEnum):
    CHAT = "chat"
    INSTRUCTION = "instruction"
    SUMMARIZATION = "summarization"
    TRANSLATION = "translation"
    GENERATION = "generation"
    CODE = "code"
    CLASSIFICATION = "classification"


class Role(StrEnum):
    """What a column means. `SPLIT` names each row's split, `QUALITY` whether it is a good one; `IGNORE` keeps the
    column out of training."""

    MESSAGES = "messages"
    SYSTEM = "system"
    HISTORY = "history"
    INPUT = "input"
    CONTEXT = "context"
    TARGET = "target"
    LABEL = "label"
    QUALITY = "quality"
    SPLIT = "split"
    IGNORE = "ignore"


ROLE_LABELS: dict[Role, str] = {
    Role.MESSAGES: _("Whole conversation"),
    Role.SYSTEM: _("System prompt"),
    Role.HISTORY: _("Earlier turns"),
    Role.INPUT: _("Input"),
    Role.CONTEXT: _("Text to work on"),
    Role.TARGET: _("Output"),
    Role.LABEL: _("Label"),
    Role.QUALITY: _("Good or bad row"),
    Role.SPLIT: _("Split (train, validation, test)"),
    Role.IGNORE: _("Not used"),
}
"""In general words; a task has its own for some (`input_label`, `target_label`)."""


class Family(StrEnum):
    """Model architecture families; a family decides method, backend and starter."""

    CAUSAL = "causal"
    SEQ2SEQ = "seq2seq"
    CLASSIFIER = "classifier"


class TaskInfo(BaseModel):
    """How one task type is named, fed and scored.

    `required` lists alternative role sets: one of them must be complete.
    """

    model_config = ConfigDict(frozen=True)

    task_type: TaskType
    label: str
    help: str
    required: tuple[frozenset[Role], ...]
    optional: frozenset[Role] = frozenset()
    families: tuple[Family, ...]
    """Families that can learn it, the recommended one first."""
    metrics: tuple[str, ...]
    """Metric names (see metrics.py), the deciding one first."""
    input_label: str
    target_label: str

    @property
    def base_families(self) -> tuple[Family, ...]:
        """Families of bases that training can start from: to classify, a causal model gets a head in place of its output."""
        causal = (Family.CAUSAL,) if Family.CLASSIFIER in self.families else ()
        return (*self.families, *causal)

    def family_from(self, base: Family) -> Family:
        """What a base of this family becomes when it learns this task."""
        return base if base in self.families else self.families[0]

    @property
    def usable(self) -> frozenset[Role]:
        """Every role that a column can have; a column of splits fits any task."""
        return self.optional.union(*self.required) | {Role.SPLIT}


_INPUT_TARGET = frozenset({Role.INPUT, Role.TARGET})

TASKS: dict[TaskType, TaskInfo] = {
    info.task_type: info
    for info in (
        TaskInfo(
            task_type=TaskType.CHAT,
            label=_("Chat"),
            help=_("Answers questions in a conversation, like a help desk."),
            required=(frozenset({Role.MESSAGES}), _INPUT_TARGET),
            optional=frozenset({Role.SYSTEM, Role.HISTORY, Role.QUALITY}),
            families=(Family.CAUSAL,),
            metrics=("chrf", "exact_match", "bits_per_byte", "perplexity"),
            input_label=_("Question"),
            target_label=_("Answer"),
        ),
        TaskInfo(
            task_type=TaskType.INSTRUCTION,
            label=_("Instructions"),
            help=_("Follows an instruction, with or without a text to work on."),
            required=(_INPUT_TARGET,),
            optional=frozenset({Role.SYSTEM, Role.CONTEXT, Role.HISTORY, Role.QUALITY}),
            families=(Family.CAUSAL, Family.SEQ2SEQ),
            metrics=("chrf", "exact_match", "bits_per_byte", "perplexity"),
            input_label=_("Instruction"),
            target_label=_("Answer"),
        ),
        TaskInfo(
            task_type=TaskType.SUMMARIZATION,
            label=_("Summarization"),
            help=_("Turns a long text into a short one."),
            required=(_INPUT_TARGET,),
            optional=frozenset({Role.QUALITY}),
            families=(Family.CAUSAL, Family.SEQ2SEQ),
            metrics=("rouge_l", "rouge_1", "rouge_2", "bits_per_byte", "perplexity"),
            input_label=_("Text"),
            target_label=_("Summary"),
        ),
        TaskInfo(
            task_type=TaskType.TRANSLATION,
            label=_("Translation"),
            help=_("Turns a text in one language into another."),
            required=(_INPUT_TARGET,),
            optional=frozenset({Role.QUALITY}),
            families=(Family.SEQ2SEQ, Family.CAUSAL),
            metrics=("chrf", "bleu", "bits_per_byte", "perplexity"),
            input_label=_("Source text"),
            target_label=_("Translation"),
        ),
        TaskInfo(
            task_type=TaskType.GENERATION,
            label=_("Text generation"),
            help=_("Continues a text in the style it was shown."),
            required=(frozenset({Role.TARGET}),),
            optional=frozenset({Role.INPUT, Role.QUALITY}),
            families=(Family.CAUSAL,),
            metrics=("bits_per_byte", "perplexity", "chrf"),
            input_label=_("Beginning"),
            target_label=_("Text"),
        ),
        TaskInfo(
            task_type=TaskType.CODE,
            label=_("Code completion"),
            help=_("Completes a program from its beginning or its description."),
            required=(_INPUT_TARGET,),
            optional=frozenset({Role.CONTEXT, Role.QUALITY}),
            families=(Family.CAUSAL,),
            metrics=("exact_match", "chrf", "bits_per_byte", "perplexity"),
            input_label=_("Code so far"),
            target_label=_("Completion"),
        ),
        TaskInfo(
            task_type=TaskType.CLASSIFICATION,
            label=_("Classification"),
            help=_("Sorts texts into a fixed set of labels."),
            required=(frozenset({Role.INPUT, Role.LABEL}),),
            optional=frozenset({Role.CONTEXT, Role.QUALITY}),
            families=(Family.CLASSIFIER,),
            metrics=("macro_f1", "accuracy"),
            input_label=_("Text"),
            target_label=_("Label"),
        ),
    )
}


def missing_roles(task_type: TaskType, roles: dict[str, Role]) -> frozenset[Role]:
    """Return the roles still to be given before `roles` (column to role) can teach `task_type`.

    Where there are several ways, the one of which most is given already counts; columns of their own before whole
    conversations, which are rarer, and proposed by themselves.
    """
    present = frozenset(roles.values())

    def distance(needed: frozenset[Role]) -> tuple[bool, int, bool]:
        return bool(needed - present), -len(needed & present), Role.MESSAGES in needed

    return min(TASKS[task_type].required, key=distance) - present
