"""What the spellings of one label share: `late` and `Late`, `not_urgent` and `not urgent`, 1 and 1.0."""

import re
import unicodedata
from functools import lru_cache

_WHOLE = re.compile(r"\+?(-?\d+)(?:\.0?)?")
_NUMBER = re.compile(r"[-+]?0*(?P<whole>\d+)(?:[.,]0?)?")
"""A whole number. 3.1 and 3.10 may be two sections, 1,000 is a thousand, and 1E2 a room."""
_VARIATION = re.compile("[\ufe0e\ufe0f]")
"""Signs that say whether ❤ is drawn in colour."""
_QUOTES = {'"': '"', "'": "'", "“": "”", "„": "“", "‘": "’", "«": "»", "`": "`", "「": "」", "『": "』"}
_STOPS = ".,;:。．，；：、"
"""Signs after a label that are no part of it."""
_JOINT = re.compile(r"(?<=\w)[\s_\-\u2010-\u2015\u2212]+(?=\w)")
"""What stands between the words of a label: a space, a hyphen or an underscore."""
_LATIN = dict(
    zip("АВЕКМНОРСТУХІЈЅаеорсухіјѕΑΒΕΖΗΙΚΜΝΟΡΤΥΧο", "ABEKMHOPCTYXIJSaeopcyxijsABEZHIKMNOPTYXo", strict=True)
)  # fmt: skip
"""Cyrillic and Greek letters that look like Latin ones."""
_LONGEST = 200
"""Characters of a label; what is longer is a text."""
_CASED = str.maketrans({"ı": "i", "\u0307": None})
"""Turkish writes I and i with and without a dot, which folding keeps apart."""


def strict_key(label: str) -> str:
    """Return what a label shares with itself in another notation: 1.0 is 1, ❤️ is ❤; a line break is a space."""
    label = " ".join(_VARIATION.sub("", label).split())
    number = _WHOLE.fullmatch(label)
    if number is None or re.match(r"-?0\d", number[1]):  # 01 may be a code
        return label
    return "0" if number[1] == "-0" else number[1]


def tidy_spelling(label: str) -> str:
    """Return a spelling as it is shown where it stands for others: one line, and whole numbers without a point."""
    return strict_key(label) if _WHOLE.fullmatch(label) else " ".join(label.split())


def loose_key(label: str) -> str:
    """Return what spellings that people take for one label share: besides `strict_key`, upper and lower case, hyphens and
    underscores for spaces, quotation marks around it, a full stop after it, 01 and 1,0 for 1, letters that look alike."""
    return _loose_key(label) if len(label) <= _LONGEST else label


@lru_cache(4096)
def _loose_key(label: str) -> str:
    label = strict_key(label)
    while len(label) > 2 and _QUOTES.get(label[0]) == label[-1]:
        label = label[1:-1].strip()
    label = label.rstrip(_STOPS).rstrip() or label
    if number := _NUMBER.fullmatch(label):
        return ("-" if label[0] == "-" and number["whole"] != "0" else "") + number["whole"]
    label = _JOINT.sub(" ", label)
    return label.casefold() if label.isascii() else _folded(label)


def _folded(label: str) -> str:
    scripts = {unicodedata.name(letter, "").partition(" ")[0] for letter in label if letter.isalpha()}
    if "LATIN" in scripts and scripts & {"CYRILLIC", "GREEK"}:
        label = "".join(_LATIN.get(letter, letter) for letter in label)
    folded = label.casefold().translate(_CASED)
    if "GREEK" in scripts:  # capitals are written without accents
        parts = unicodedata.normalize("NFD", folded)
        return unicodedata.normalize("NFC", parts.replace("\u0301", ""))
    if "CYRILLIC" in scripts and all(letter in _LATIN for letter in folded if letter.isalpha()):
        return "".join(_LATIN.get(letter, letter) for letter in folded)
    return unicodedata.normalize("NFC", folded)
