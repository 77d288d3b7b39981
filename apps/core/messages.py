"""The reader's language for sentences that were stored in English, with figures and names filled in.

A worker's f-string is a message of the catalogue with {1}, {2}… for what is filled in (tools/extraction.py); a job's title
is one with %(name)s. A stored sentence is recognized by such a message, in any kind of row: an error, a finding, the reason
of a rejected row. What stands in quotation marks, or has a name, is the user's and stays as it is.
"""

import re
from functools import lru_cache
from typing import Any

from django.utils.translation import get_language, gettext
from django.utils.translation.trans_real import translation

from apps.core.joined_names import between_names

_BLANK = re.compile(r"(“?)(?:\{(\d+)\}|%\((\w+)\)[sd])")


def _pattern(message: str) -> re.Pattern[str]:
    """“A {1} of {2}” as an expression whose groups are the blanks, in order."""
    pieces, last = [], 0
    for blank in _BLANK.finditer(message):
        pieces += [re.escape(message[last : blank.start()] + blank[1]), "(.*?)"]
        last = blank.end()
    return re.compile("".join([*pieces, re.escape(message[last:])]), re.DOTALL)


@lru_cache(maxsize=8)
def _patterns(language: str) -> list[tuple[re.Pattern[str], str]]:
    """Messages with blanks; those that say the most come first, what they begin with twice: “Comparison: {1}” may hold a
    name that another message would know by its end."""
    catalog: Any = translation(language)._catalog  # type: ignore[attr-defined]
    messages = [key for key, _text in catalog.items() if isinstance(key, str)]
    blank = [message for message in messages if _BLANK.search(message) and "\x04" not in message]
    blank.sort(key=lambda message: len(_BLANK.sub("", message)) + len(_BLANK.split(message)[0]), reverse=True)
    return [(_pattern(message), message) for message in blank]


def _fill(message: str, values: tuple[str, ...], language: str, depth: int) -> str:
    """The translation of `message` with what its blanks held."""
    held: dict[str, str] = {}
    for blank, value in zip(_BLANK.finditer(message), values, strict=True):
        quoted, number, name = blank.groups()
        said = value if quoted or name else _translate(value, language, depth - 1)
        held[number or name] = said.replace("”, “", f"”{between_names()}“")
    filled = _BLANK.sub(lambda blank: blank[1] + held.get(blank[2] or blank[3], blank[0]), gettext(message))
    return filled.replace("%%", "%") if "%(" in message else filled


@lru_cache(maxsize=4096)
def _translate(text: str, language: str, depth: int) -> str:
    known = gettext(text.strip())
    if known != text.strip() or depth == 0:
        return known
    for pattern, message in _patterns(language):
        if found := pattern.fullmatch(text):
            return _fill(message, found.groups(), language, depth)
    return text


def translate_said(text: str) -> str:
    """`text` in the active language; as it is where no message says such a thing."""
    language = get_language()
    if not text or not language or language.startswith("en"):
        return text
    return _translate(text, language, 3)
