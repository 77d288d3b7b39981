"""Physical lines of a text with a bound on how much of one is held in memory."""

import re
from collections.abc import Iterator
from typing import NamedTuple, TextIO

from workers.ingest.rejects import REJECTED_TEXT_CHARACTERS

_LINE_END = re.compile(r"(?<=\n)|(?<=\r)(?!\n)")


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
            text = text[: REJECTED_TEXT_CHARACTERS + 1]  # one more, so that its quote shows the cut
        yield Line(number, text, overlong)


def split_lines(text: str) -> list[str]:
    """Divide a text into its physical lines, with their ends. str.splitlines also divides at U+2028, U+0085, VT and FF,
    which stand inside cells."""
    return [line for line in _LINE_END.split(text) if line]
