"""Share tokens: random, found by their hash, and kept sealed so that an editor can copy the address again."""

import hashlib
import secrets

from apps.core.encryption import Unreadable, reseal, seal, unseal

_BYTES = 24
_PURPOSE = "share links"


def new_token() -> str:
    """192 random bits, in 32 characters."""
    return secrets.token_urlsafe(_BYTES)


def hash_token(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def encrypt_token(token: str) -> str:
    return seal(token, _PURPOSE)


def decrypt_token(encrypted: str) -> str | None:
    """The token, or None when its key is gone: the link still works, its address cannot be shown again."""
    try:
        return unseal(encrypted, _PURPOSE)
    except Unreadable:
        return None


def rotate_token(encrypted: str) -> str:
    """Sealed with the first key; a token that no key opens stays as it is, since its link still works."""
    try:
        return reseal(encrypted, _PURPOSE)
    except Unreadable:
        return encrypted
