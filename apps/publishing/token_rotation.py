"""The tokens of share links follow when the keys that seal secrets change."""

from django.dispatch import receiver

from apps.core.encryption import secrets_rotating
from apps.publishing.models import ShareLink
from apps.publishing.tokens import rotate_token


@receiver(secrets_rotating)
def rotate(**_: object) -> int:
    links = list(ShareLink.objects.select_for_update())
    for link in links:
        link.token_encrypted = rotate_token(link.token_encrypted)
        link.save(update_fields=["token_encrypted"])
    return len(links)
