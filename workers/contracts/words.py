r"""Words of any script. Python's `\w` has no combining marks, without which Hindi or Thai cannot be written.

A word is a run of letters and digits with their combining marks (vowel signs of Indic scripts, accents written apart).
Scripts without spaces between words count by character, each with its marks, wherever they stand in a text.
"""

import re
import sys
import unicodedata
from functools import lru_cache

UNSPACED = (
    r"\u0e00-\u0eff"  # Thai, Lao
    r"\u1000-\u109f\ua9e0-\ua9ff\uaa60-\uaa7f"  # Burmese and its neighbours
    r"\u1780-\u17ff\u19e0-\u19ff"  # Khmer
    r"\u1950-\u19df\u1a20-\u1aaf\uaa80-\uaadf"  # Tai Le, New Tai Lue, Tai Tham, Tai Viet
    r"\u1b00-\u1b7f\ua980-\ua9df"  # Balinese, Javanese
    r"\u3040-\u30ff\u31f0-\u31ff\uff66-\uff9d"  # kana
    r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"  # Han
    r"\ua000-\ua4cf"  # Yi
)
"""Ranges, for a class of a regular expression, of scripts that put no space between words."""

_LETTER = r"[^\W_]"
_JOINERS = "\u200c\u200d"
"""Between letters of one word in Persian and Indic scripts."""
_VOWELS = "\u0e33\u0eb3"
"""Thai and Lao letters that stand within the character before them, as a mark does."""
_SUBJOINING = "\u1039\u17d2\u1a60\u1b44\ua9c0"
_SUBJOINED = r"\u1000-\u109f\u1780-\u17ff\u1a20-\u1aaf\u1b00-\u1b7f\ua980-\ua9df"
"""Signs of Burmese, Khmer, Tai Tham, Balinese and Javanese after which a letter is written below the one before it, as
part of the same character, and those scripts (UAX 29, GB9c)."""
_EMOJI_MODIFIERS = "\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f"
"""Skin tones, and the tags of regional flags."""
_FLAG_LETTER = "[\U0001f1e6-\U0001f1ff]"


def words(text: str) -> list[str]:
    """Return the words of `text` in lower case and normal form C, so that two ways of writing one letter are the same."""
    found: list[str] = _words().findall(unicodedata.normalize("NFC", text.lower()))
    return found


def pieces(text: str) -> list[str]:
    """Return `text` as words, white space, and other characters, which together are all of it."""
    found: list[str] = _pieces().findall(text)
    return found


def runs(text: str) -> list[str]:
    """Return the runs of letters, digits and marks in `text`, scripts without spaces included: the parts of a name."""
    found: list[str] = _runs().findall(text)
    return found


def without_marks(text: str) -> str:
    r"""Return `text` without combining marks and joiners, for patterns that are made of `\w`."""
    return text if text.isascii() else _marked().sub("", text)


@lru_cache(maxsize=1)
def _words() -> re.Pattern[str]:
    return re.compile(_word())


@lru_cache(maxsize=1)
def _pieces() -> re.Pattern[str]:
    extended = f"[{_marks()}{_JOINERS}{_VOWELS}{_EMOJI_MODIFIERS}]"
    pair = f"{_FLAG_LETTER}{{2}}"
    other = rf"(?:{pair}|.){extended}*(?:(?<=\u200d)[^\s\w]{extended}*)*"
    return re.compile(rf"{_word()}|\s+(?!{extended})|{other}", re.DOTALL)


@lru_cache(maxsize=1)
def _runs() -> re.Pattern[str]:
    return re.compile(f"{_LETTER}(?:{_LETTER}|[{_marks()}{_JOINERS}])*")


@lru_cache(maxsize=1)
def _marked() -> re.Pattern[str]:
    return re.compile(f"[{_marks()}{_JOINERS}]+")


def _word() -> str:
    within = f"[{_marks()}{_JOINERS}{_VOWELS}]"
    below = f"{within}*[{_SUBJOINING}]{within}*(?={_LETTER})[{_SUBJOINED}]"
    character = f"(?={_LETTER})[{UNSPACED}](?:{below})*{within}*"
    spaced = f"(?![{UNSPACED}])"
    return f"{character}|{spaced}{_LETTER}(?:{within}|{spaced}{_LETTER})*"


@lru_cache(maxsize=1)
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
