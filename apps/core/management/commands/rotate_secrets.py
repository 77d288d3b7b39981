"""`manage.py rotate_secrets`: after a new first key in SECRETS_KEYS, so that the old ones can be taken out."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from apps.core.encryption import Unreadable, secrets_rotating


class Command(BaseCommand):
    help = "Encrypt every stored secret again with the first key of SECRETS_KEYS, all or none."

    def handle(self, *_args: Any, **_options: Any) -> None:
        try:
            with transaction.atomic():
                counts: list[Any] = [count for _receiver, count in secrets_rotating.send(type(self))]
        except Unreadable as error:
            raise CommandError(
                f"{error}: none of the keys opens it. Put the key that it was sealed with back into SECRETS_KEYS "
                "(or SECRET_KEY_FALLBACKS). Nothing was changed."
            ) from error
        self.stdout.write(f"{sum(counts)} secrets are sealed with the first key now.")
