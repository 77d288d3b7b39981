"""Failures of the arithmetic told as something the user can fix, with the setting that fixes it."""

from collections.abc import Iterator
from contextlib import contextmanager

from workers.contracts.events import Fix
from workers.contracts.fixes import memory_advice, memory_fix
from workers.contracts.recipes import Recipe
from workers.contracts.texts import Text
from workers.models.memory import is_out_of_memory
from workers.runtime.reporter import JobError


@contextmanager
def memory_explained(recipe: Recipe, longest_row: int) -> Iterator[None]:
    """Turn running out of memory into a JobError that names the setting to lower."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        fix = memory_fix(recipe, longest_row)
        raise JobError(
            "out_of_memory",
            Text("training.out_of_memory", advice=memory_advice(fix)),
            field="tokens_per_microbatch",
            fix=fix,
        ) from error


def diverged(recipe: Recipe, usual_rate: float) -> JobError:
    """The loss is no longer a number. Offered is a quarter of the learning rate, and no more than the usual one."""
    lower = float(f"{min((recipe.learning_rate or usual_rate) / 4, usual_rate):.2g}")
    return JobError(
        "loss_not_finite",
        Text("training.diverged"),
        field="learning_rate",
        fix=Fix(label=Text("training.fix_learning_rate", rate=lower), recipe={"learning_rate": lower}),
    )
