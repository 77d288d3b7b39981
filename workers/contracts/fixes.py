"""Changes of a recipe that fix a failure; the trainer offers them, and its supervisor when the trainer was killed."""

from workers.contracts.events import Fix
from workers.contracts.objectives import OBJECTIVES
from workers.contracts.recipes import Recipe
from workers.contracts.texts import Text

_LEAST_MICROBATCH = 64


FILE_TOO_LARGE = Text("jobs.file_needs_too_much_memory")


def file_too_slow(seconds: float) -> Text:
    """What is said where reading a file takes longer than it may."""
    return Text("jobs.file_took_too_long", minutes=seconds / 60)


def memory_advice(fix: Fix | None) -> Text:
    """What to do about memory that ran out, in a sentence."""
    if fix is None:
        return Text("jobs.choose_smaller_model")
    if "max_length" in fix.recipe:
        return Text("jobs.advice_cut_rows", fix=fix.label)
    return Text("jobs.advice_same_result", fix=fix.label)


def memory_fix(recipe: Recipe, longest_row: int) -> Fix | None:
    """The next smaller setting: half the tokens at once down to one row, then gradient checkpointing, then shorter rows."""
    if recipe.objective is not None and OBJECTIVES[recipe.objective.kind].learns_at_once:
        return None
    tokens = recipe.tokens_per_microbatch or 2048
    if tokens > max(longest_row, _LEAST_MICROBATCH):
        half = max(tokens // 2, _LEAST_MICROBATCH)
        return Fix(label=Text("jobs.fix_tokens_at_once", tokens=half), recipe={"tokens_per_microbatch": half})
    if not recipe.gradient_checkpointing:
        return Fix(label=Text("jobs.fix_gradient_checkpointing"), recipe={"gradient_checkpointing": True})
    if (recipe.max_length or 0) > 32:
        half = (recipe.max_length or 0) // 2
        return Fix(label=Text("jobs.fix_cut_rows", tokens=half), recipe={"max_length": half})
    return None
