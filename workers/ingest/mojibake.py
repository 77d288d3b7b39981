"""Text that was encoded twice: UTF-8 that some program read as another encoding and wrote again (“CafÃ©”, “itâ€™s”).

Each run of characters beyond ASCII is turned back into the bytes that it was read from. Where these are UTF-8, the run
was encoded twice: other texts hardly ever make a valid sequence of it. A cell that also holds runs which are none, as
one that explains such an error does, stays as it is.
"""

import re
from collections import Counter
from collections.abc import Iterable
from functools import cache

_CODECS = ("cp1252", "mac_roman", "cp1251", "cp1250")
_LEAST_CELLS = 3
_LEAST_SHARE = 0.1
"""Of the cells with characters beyond ASCII. Where fewer cells look so, they may be about this very error."""
_ENOUGH_CELLS = 20_000
"""After so many cells without a sign of it, a file is taken to be sound."""
_MOST_TIMES = 3
_UNLIKELY = re.compile("[\x80-\x9f\u0180-\u0217\u021c-\u0300\u0370-\u0385\u0460-\u058f\u0700-\u08ff]")
"""What legitimate neighbours, such as the last two of «CITÉ», would decode to: phonetic signs, rare scripts, controls."""
_LOST_CLOSING = re.compile(r"â€(?=[\s\"'.,;:!?)\]}<]|$)")
"""A closing quotation mark whose last byte, which Windows-1252 does not have, was dropped."""
_LOST_SPACE = re.compile(r"Ã\s?(?=[\s.,;:!?)]|$)")
"""An à whose last byte, a space that does not break, was trimmed or became another space."""


class DoubleEncoding:
    """Counts cells that look as if they were encoded twice, while a file is read."""

    def __init__(self) -> None:
        self._seen = 0
        self._broken: Counter[str] = Counter()
        self.example = ""

    def add(self, cells: Iterable[str | None]) -> None:
        """Take in the cells of a row."""
        if self._seen > _ENOUGH_CELLS and not self._broken:
            return
        for cell in cells:
            if cell is None or cell.isascii():
                continue
            self._seen += 1
            for codec in _CODECS:
                if is_broken(cell, codec):
                    self._broken[codec] += 1
                    self.example = self.example or _quoted(cell, codec)
                    break

    @property
    def count(self) -> int:
        """Cells that look so."""
        return self._broken.total()

    @property
    def is_noticeable(self) -> bool:
        return self.count >= _LEAST_CELLS

    @property
    def is_frequent(self) -> bool:
        return self.is_noticeable and self.count >= _LEAST_SHARE * self._seen


def is_broken(text: str, codec: str) -> bool:
    """Whether a text has runs that were encoded twice, and no others but those whose last byte was lost."""
    if not _sequence(codec).search(text):
        return False
    runs = [(run, _decoded(run, codec)) for run in _runs(codec).findall(text)]
    return any(told for _, told in runs) and all(told or _is_cut(run, codec) for run, told in runs)


def _is_cut(run: str, codec: str) -> bool:
    """Whether the last byte of a run was lost."""
    return codec == "cp1252" and (run == "Ã" or run.endswith("â€"))


def repaired(text: str | None) -> str | None:
    """Return a text as it was before it was encoded twice, or as it is."""
    for _ in range(_MOST_TIMES):
        if text is None or text.isascii():
            return text
        codec = next((codec for codec in _CODECS if is_broken(text, codec)), None)
        if codec is None:
            return text
        if codec == "cp1252":
            text = _LOST_SPACE.sub("Ã\xa0", _LOST_CLOSING.sub("â€\x9d", text))
        text = _runs(codec).sub(lambda run, codec=codec: _decoded(run[0], codec) or run[0], text)  # type: ignore[misc]
    return text


def _quoted(text: str, codec: str) -> str:
    """A word of a text that shows the error."""
    found = _sequence(codec).search(text)
    words = re.finditer(r"\S+", text)
    return next((word[0] for word in words if found and word.start() <= found.start() < word.end()), "")[:30]


def _decoded(run: str, codec: str) -> str | None:
    """What a run decodes to as UTF-8; None where it is no UTF-8, or would be characters that are hardly meant."""
    places = _bytes_of(codec)
    try:
        text = bytes(places[sign] for sign in run).decode()
    except (KeyError, UnicodeDecodeError):
        return None
    return None if _UNLIKELY.search(text) else text


@cache
def _bytes_of(codec: str) -> dict[str, int]:
    """The byte of each character beyond ASCII. Bytes that a code page leaves out are read as controls, as browsers do."""
    signs = {bytes([byte]).decode(codec, "replace"): byte for byte in range(128, 256)}
    signs.pop("\ufffd", None)
    return {chr(byte): byte for byte in range(128, 160)} | signs


@cache
def _runs(codec: str) -> re.Pattern[str]:
    """A run of characters beyond ASCII. One with a character that the code page lacks is found too, and decodes to nothing."""
    return re.compile(rf"[{re.escape(''.join(_bytes_of(codec)))}]+|[^\x00-\x7f]+")


@cache
def _sequence(codec: str) -> re.Pattern[str]:
    """A sequence of UTF-8 as it looks in a code page."""

    def among(first: int, last: int) -> str:
        signs = (sign for sign, byte in _bytes_of(codec).items() if first <= byte <= last)
        return "[" + re.escape("".join(signs)) + "]"

    following = among(0x80, 0xBF)
    leads = ((among(0xC2, 0xDF), 1), (among(0xE0, 0xEF), 2), (among(0xF0, 0xF4), 3))
    return re.compile("|".join(f"{lead}{following}{{{times}}}" for lead, times in leads))
