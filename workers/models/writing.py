"""How a language separates words, which decides what BLEU and ROUGE count."""

import re
from collections.abc import Iterable
from enum import StrEnum

from workers.contracts.words import UNSPACED

_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f]")
_KANA = re.compile(r"[\u3040-\u30ff\u31f0-\u31ff\uff66-\uff9d]")
_UNSPACED = re.compile(f"[{UNSPACED}]")
_LETTER = re.compile(r"[^\W\d_]")
_ASCII_LETTER = re.compile(r"[A-Za-z]")

_ENOUGH_CHARACTERS = 200_000
"""Characters looked at; more would not change the answer."""


class Writing(StrEnum):
    ASCII = "ascii"
    """Words between spaces, letters a to z (English)."""
    SPACED = "spaced"
    """Words between spaces, other letters too."""
    CHINESE = "chinese"
    JAPANESE = "japanese"
    UNSPACED = "unspaced"
    """No spaces between words: Thai, Lao, Khmer, Burmese and others."""

    @property
    def is_unspaced(self) -> bool:
        """Whether words are not separated."""
        return self in (Writing.CHINESE, Writing.JAPANESE, Writing.UNSPACED)


def writing_of(texts: Iterable[str]) -> Writing:
    """Return the writing that most letters of `texts` belong to; kana tells Japanese from Chinese."""
    counts = {pattern: 0 for pattern in (_HAN, _KANA, _UNSPACED, _LETTER, _ASCII_LETTER)}
    seen = 0
    for text in texts:
        for pattern in counts:
            counts[pattern] += len(pattern.findall(text))
        seen += len(text)
        if seen > _ENOUGH_CHARACTERS:
            break
    letters, unspaced = counts[_LETTER], counts[_UNSPACED]
    # A Chinese sentence has about half as many characters as an English one: a third of the letters is most of the text.
    if unspaced > letters / 3:
        if counts[_KANA] > unspaced / 10:
            return Writing.JAPANESE
        return Writing.CHINESE if counts[_HAN] > unspaced / 2 else Writing.UNSPACED
    return Writing.ASCII if counts[_ASCII_LETTER] >= 0.99 * letters else Writing.SPACED
