"""Changes of a recipe that fix a failure; the trainer offers them, and its supervisor when the trainer was killed."""

from workers.contracts.events import Fix
from workers.contracts.recipes import Recipe

_LEAST_MICROBATCH = 64


FILE_TOO_LARGE = (
    "Reading this file takes more memory than there is for it. Save it as CSV or JSONL, which are read piece by piece, "
    "or split it."
)


def file_too_slow(seconds: float) -> str:
    """What is said where reading a file takes longer than it may."""
    return (
        f"Reading this file took longer than {seconds / 60:g} minutes, the limit here. Split it, or ask an administrator to "
        "raise IMPORT_MAX_MINUTES."
    )


def memory_advice(fix: Fix | None) -> str:
    """What to do about memory that ran out, in a sentence."""
    if fix is None:
        return "Choose a smaller model."
    if "max_length" in fix.recipe:
        return f"{fix.label}; what is longer is not learned."
    return f"{fix.label}; the result stays the same."


def memory_fix(recipe: Recipe, longest_row: int) -> Fix | None:
    """The next smaller setting: half the tokens at once down to one row, then gradient checkpointing, then shorter rows."""
    tokens = recipe.tokens_per_microbatch or 2048
    if tokens > max(longest_row, _LEAST_MICROBATCH):
        half = max(tokens // 2, _LEAST_MICROBATCH)
        return Fix(label=f"Train with {half} tokens at once", recipe={"tokens_per_microbatch": half})
    if not recipe.gradient_checkpointing:
        return Fix(label="Train with gradient checkpointing", recipe={"gradient_checkpointing": True})
    if (recipe.max_length or 0) > 32:
        half = (recipe.max_length or 0) // 2
        return Fix(label=f"Cut rows at {half} tokens", recipe={"max_length": half})
    return None
