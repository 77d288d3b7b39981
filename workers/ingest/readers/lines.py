"""Physical lines of a text with a bound on how much of one is held in memory."""

from collections.abc import Iterator
from typing import NamedTuple, TextIO


class Line(NamedTuple):
    """`text` keeps its line ending; of an overlong line only the beginning is there."""

    number: int
    text: str
    overlong: bool = False


def read_lines(stream: TextIO, limit: int) -> Iterator[Line]:
    """Yield physical lines (1-based); what exceeds `limit` characters is read past, not kept."""
    number = 0
    while text := stream.readline(limit):
        number += 1
        overlong = len(text) >= limit and not text.endswith(("\n", "\r"))
        if overlong:
            while (rest := stream.readline(limit)) and not rest.endswith(("\n", "\r")):
                continue
            text = text[:2000]
        yield Line(number, text, overlong)
