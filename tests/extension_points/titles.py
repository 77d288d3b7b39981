"""A toy task: a title for a text."""

from workers.contracts.families import Family
from workers.contracts.roles import INPUT_TARGET
from workers.contracts.tasks import TASKS, Task

TITLES = TASKS.add(
    Task(
        name="titles",
        label="Titles",
        help="Finds a title for a text.",
        required=(INPUT_TARGET,),
        families=(Family.SEQ2SEQ, Family.CAUSAL),
        metrics=("chrf", "exact_match"),
        input_label="Article",
        target_label="Headline",
    )
)
