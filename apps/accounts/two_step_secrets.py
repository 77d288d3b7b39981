"""The secrets of two-step sign-in, sealed in the database: a copy of it opens no account."""

import base64
import logging
import secrets

from allauth.mfa.models import Authenticator
from django.dispatch import receiver

from apps.core.encryption import Unreadable, reseal, seal, secrets_rotating, unseal

logger = logging.getLogger(__name__)

_PURPOSE = "two-step sign-in"


def encrypt(text: str) -> str:
    return seal(text, _PURPOSE)


def decrypt(sealed: str) -> str:
    """What was sealed. When no key opens it, a random secret that no code matches: an empty one would make every code
    easy to compute."""
    try:
        return unseal(sealed, _PURPOSE)
    except Unreadable:
        logger.error(
            "A secret of two-step sign-in cannot be read: the keys are not those that it was sealed with"
        )
        return base64.b32encode(secrets.token_bytes(20)).decode()


@receiver(secrets_rotating)
def rotate(**_: object) -> int:
    """Seal app secrets and recovery codes again. Raises Unreadable, naming the row."""
    count = 0
    for row in Authenticator.objects.select_for_update().exclude(type=Authenticator.Type.WEBAUTHN):
        try:
            for name in ("secret", "seed"):
                if name in row.data:
                    row.data[name] = reseal(row.data[name], _PURPOSE)
        except Unreadable as error:
            raise Unreadable(f"The two-step sign-in {row.pk}") from error
        row.save(update_fields=["data"])
        count += 1
    return count
