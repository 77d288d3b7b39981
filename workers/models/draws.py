"""Random numbers that depend on named things alone, so that drawing again gives the same."""

import hashlib
import random


def draw(*of: int | str) -> random.Random:
    """Return a source of random numbers for what is named, the same on every machine: (seed, step, row), for instance."""
    digest = hashlib.sha256(repr(of).encode()).digest()
    return random.Random(int.from_bytes(digest[:8], "big"))  # noqa: S311 - nothing here is a secret
