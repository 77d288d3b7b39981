"""Secrets at rest: sealed before they reach the database, with keys that can be changed.

SECRETS_KEYS names the keys: the first one seals, all of them open. Where it is not set, and for what was sealed before it
was, keys come from SECRET_KEY and SECRET_KEY_FALLBACKS. Each purpose has keys of its own, so that what was sealed for
one cannot be put in the place of another. `manage.py rotate_secrets` seals everything again with the first key.
"""

import base64
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.dispatch import Signal

secrets_rotating = Signal()
"""Receivers that store sealed secrets seal them again and returns how many; see `reseal`."""


class Unreadable(Exception):
    """No key of ours opens it."""


@lru_cache(maxsize=64)
def _fernet(secret: str, purpose: str) -> Fernet:
    """A key derived by HKDF-SHA256 (RFC 5869)."""
    key = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=f"maquette {purpose}".encode())
    return Fernet(base64.urlsafe_b64encode(key.derive(secret.encode())))


def _keys(purpose: str) -> MultiFernet:
    named = [*settings.SECRETS_KEYS, settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([_fernet(secret, purpose) for secret in named])


def seal(text: str, purpose: str) -> str:
    return _keys(purpose).encrypt(text.encode()).decode()


def unseal(sealed: str, purpose: str) -> str:
    """Raises Unreadable when it was sealed with a key that is no longer named."""
    try:
        return _keys(purpose).decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise Unreadable from error


def reseal(sealed: str, purpose: str) -> str:
    """The same secret under the first key. Raises Unreadable."""
    try:
        return _keys(purpose).rotate(sealed.encode()).decode()
    except InvalidToken as error:
        raise Unreadable from error
