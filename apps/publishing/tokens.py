"""Share tokens: random, found by their hash, and kept encrypted so that an editor can copy the address again."""

import base64
import hashlib
import secrets

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

_BYTES = 24


def new_token() -> str:
    """192 random bits, in 32 characters."""
    return secrets.token_urlsafe(_BYTES)


def hash_token(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _fernet(secret: str) -> Fernet:
    key = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=b"maquette share links")
    return Fernet(base64.urlsafe_b64encode(key.derive(secret.encode())))


def encrypt_token(token: str) -> str:
    """Encrypted with a key derived from SECRET_KEY (HKDF-SHA256, RFC 5869)."""
    return _fernet(settings.SECRET_KEY).encrypt(token.encode()).decode()


def decrypt_token(encrypted: str) -> str | None:
    """The token, or None when SECRET_KEY has changed since: the link still works, its address cannot be shown again."""
    for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        try:
            return _fernet(secret).decrypt(encrypted.encode()).decode()
        except InvalidToken:
            continue
    return None
