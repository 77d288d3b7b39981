"""Running out of memory, as torch, Python or an allocator reports it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from workers.contracts.texts import Text
from workers.runtime.reporter import JobError

# oneDNN says no more than that it could not create something; of what is computed here, it lacks nothing but memory:
# https://github.com/pytorch/pytorch/issues/55884. A "primitive descriptor" is missing where an operation does not exist.
_WORDS = re.compile(
    r"allocate memory|not enough memory|could not create a (primitive|memory)(?! descriptor)", re.IGNORECASE
)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether torch or Python could not get memory; for the CPU, torch and oneDNN raise a plain RuntimeError."""
    if isinstance(error, (MemoryError, torch.OutOfMemoryError)):
        return True
    return isinstance(error, RuntimeError) and _WORDS.search(str(error)) is not None


@contextmanager
def loading_explained() -> Iterator[None]:
    """Turn running out of memory while a model is loaded into a JobError that says what to do."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        raise JobError(
            "out_of_memory",
            Text("models.memory_full"),
        ) from error
