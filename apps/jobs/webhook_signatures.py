"""Signatures of webhooks, as https://www.standardwebhooks.com describes them, so that libraries of many languages check them."""

import base64
import hashlib
import hmac
import secrets

SECRET_BYTES = 32
_PREFIX = "whsec_"


def new_secret() -> str:
    """Return a random secret that a webhook's requests are signed with."""
    return _PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def signed_headers(secret: str, *, message_id: str, timestamp: int, content: bytes) -> dict[str, str]:
    """Return the headers of one request: its id, its time (Unix seconds) and the HMAC-SHA256 of both and the body.

    The time is signed as well, so that a server can refuse an old request that is sent again.
    """
    key = base64.b64decode(secret.removeprefix(_PREFIX))
    signed = f"{message_id}.{timestamp}.".encode() + content
    signature = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{signature}",
    }
