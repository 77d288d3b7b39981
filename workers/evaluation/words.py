"""Words of any script, as ROUGE counts them.

A word is a run of letters and digits with their combining marks (vowel signs of Indic scripts, accents written apart).
Scripts without spaces between words count by character, each with its marks, wherever they stand in a text. Texts are
brought into normal form C first, so that two ways of writing one letter are the same.
"""

import re
import sys
import unicodedata
from functools import lru_cache

from workers.evaluation.writing import UNSPACED

_JOINERS = "\u200c\u200d"
"""Between letters of one word in Persian and Indic scripts."""


def words(text: str) -> list[str]:
    """Return the words of `text` in lower case."""
    found: list[str] = _pattern().findall(unicodedata.normalize("NFC", text.lower()))
    return found


@lru_cache(maxsize=1)
def _pattern() -> re.Pattern[str]:
    marks, letter = _marks(), r"[^\W_]"
    character = f"(?={letter})[{UNSPACED}][{marks}]*"
    spaced = f"(?![{UNSPACED}])"
    return re.compile(f"{character}|{spaced}{letter}(?:{spaced}(?:{letter}|[{marks}{_JOINERS}]))*")


def _marks() -> str:
    """Every combining mark (Unicode's category M), as ranges for a class of a regular expression."""
    ranges: list[list[int]] = []
    for code in range(0x300, sys.maxunicode + 1):
        if unicodedata.category(chr(code))[0] != "M":
            continue
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    return "".join(f"{chr(first)}-{chr(last)}" for first, last in ranges)
