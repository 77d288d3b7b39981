"""Names for downloaded files, made of names that people gave."""

import unicodedata

_SIGNS = "-._"
_LONGEST_BYTES = 180
"""File systems take 255, and what kind of file it is comes behind."""


def file_stem(name: str, otherwise: str) -> str:
    """Return `name` as a file name without extension that every system takes, or `otherwise` when nothing of it is left.

    Letters and digits of any script stay, with their combining marks; spaces become hyphens.
    """
    hyphenated = "-".join(unicodedata.normalize("NFC", name).split())
    plain = "".join(character for character in hyphenated if character in _SIGNS or _is_written(character))
    return plain.encode()[:_LONGEST_BYTES].decode(errors="ignore").strip(_SIGNS) or otherwise


def _is_written(character: str) -> bool:
    """Whether it is a letter, a combining mark or a digit."""
    return unicodedata.category(character)[0] in "LMN"
