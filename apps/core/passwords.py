"""Hash passwords in one Unicode form, so that it does not matter how a keyboard composes ü or é.

NIST SP 800-63B, section 5.1.1.2: normalise with NFKC or NFKD before hashing.
"""

from __future__ import annotations

import unicodedata
from typing import Any

from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.utils.crypto import constant_time_compare

_INVISIBLE = "\u200b\u2060\ufeff"
"""Copied along from messengers and documents; `str.strip` keeps them."""


def normalize(password: str) -> str:
    """Return the form that is hashed: NFKC."""
    return unicodedata.normalize("NFKC", password)


def trim(password: str) -> str:
    """Return `password` without blanks and invisible characters around it: what copying a password adds."""
    trimmed = password.strip()
    while trimmed and (trimmed[0] in _INVISIBLE or trimmed[-1] in _INVISIBLE):
        trimmed = trimmed.strip(_INVISIBLE).strip()
    return trimmed


class Normalizing:
    """Mixin for a hasher of Django's. Hashes that were made of a password as it was typed still match."""

    def encode(self, password: str, salt: str, *cost: int) -> str:
        return self._encode_as_it_is(normalize(password), salt, *cost)

    def verify(self, password: str, encoded: str) -> bool:
        if super().verify(password, encoded):  # type: ignore[misc]
            return True
        decoded: dict[str, Any] = self.decode(encoded)  # type: ignore[attr-defined]
        cost = [decoded["iterations"]] if "iterations" in decoded else []
        # Earlier hashes: of exactly this text, or of the decomposed one that some keyboards give.
        earlier = {password, unicodedata.normalize("NFD", password)} - {normalize(password)}
        hashes = [self._encode_as_it_is(text, decoded["salt"], *cost) for text in earlier]
        return any(constant_time_compare(encoded, one) for one in hashes)

    def _encode_as_it_is(self, password: str, salt: str, *cost: int) -> str:
        encoded: str = super().encode(password, salt, *cost)  # type: ignore[misc]
        return encoded


class NormalizingHasher(Normalizing, PBKDF2PasswordHasher):  # type: ignore[misc]
    """PBKDF2, the default of Django, over the normalised password."""
