"""The reader's language for sentences that workers said in English, with figures and names filled in.

A worker's f-string is a message of the catalogue with {1}, {2}… for what is filled in (tools/extraction.py); what was
said is recognized by such a message, whatever stored it: an error, a finding, the reason of a rejected row.
"""

import re
from functools import lru_cache

from django.utils.translation import get_language, gettext
from django.utils.translation.trans_real import translation

_BLANK = re.compile(r"\{(\d+)\}")


def _pattern(message: str) -> re.Pattern[str]:
    """“A {1} of {2}” as an expression whose groups are the blanks, in order."""
    return re.compile(r"(.*?)".join(map(re.escape, _BLANK.split(message)[::2])), re.DOTALL)


def _fill(message: str, values: list[str]) -> str:
    return _BLANK.sub(lambda blank: values[int(blank[1]) - 1], message)


@lru_cache(maxsize=8)
def _patterns(language: str) -> list[tuple[re.Pattern[str], str]]:
    """Messages with blanks and their translations; those that say the most come first."""
    messages = [key for key, _text in translation(language)._catalog.items() if isinstance(key, str)]
    blank = [message for message in messages if "{1}" in message]
    blank.sort(key=lambda message: len(_BLANK.sub("", message)), reverse=True)
    return [(_pattern(message), gettext(message)) for message in blank]


@lru_cache(maxsize=4096)
def _translate(text: str, language: str, depth: int) -> str:
    known = gettext(text.strip())
    if known != text.strip() or depth == 0:
        return known
    for pattern, translated in _patterns(language):
        if found := pattern.fullmatch(text):
            values = [_translate(value, language, depth - 1) for value in found.groups()]
            return _fill(translated, values)
    return text


def translate_said(text: str) -> str:
    """`text` in the active language; as it is where no message says such a thing."""
    language = get_language()
    if not text or not language or language.startswith("en"):
        return text
    return _translate(text, language, 3)
