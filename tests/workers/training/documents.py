"""A small corpus for tests of pretraining: sentences whose words follow rules, so that something is to be learned."""

import random
from pathlib import Path

from .conftest import COLOURS, THINGS, write_rows

_PLACES = ["kitchen", "garden", "street", "school", "harbour", "market"]
_TIMES = ["in the morning", "at noon", "in the evening", "at night"]


def sentence(chosen: random.Random) -> str:
    """A sentence whose second half repeats the first, so that it can be predicted from it."""
    colour, thing = chosen.choice(sorted(COLOURS)), chosen.choice(sorted(THINGS))
    place, time = chosen.choice(_PLACES), chosen.choice(_TIMES)
    return (
        f"The {colour} {thing} is in the {place} {time}. Look in the {place} {time} for the {colour} {thing}."
    )


def document(chosen: random.Random, sentences: int) -> str:
    return "\n".join(sentence(chosen) for _ in range(sentences))


def corpus(folder: Path, documents: int = 40, sentences: int = 12) -> Path:
    """A frozen dataset of documents; a fifth of them is held out."""
    chosen = random.Random(11)
    splits = ("train", "train", "train", "train", "validation")
    rows = [
        (splits[number % len(splits)], [], document(chosen, 1 + (number * 7) % (2 * sentences)))
        for number in range(documents)
    ]
    return write_rows(folder, rows)
