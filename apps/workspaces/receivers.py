"""The audit trail hears what the apps below did."""

from typing import Any

from django.dispatch import receiver

from apps.accounts.models import User
from apps.accounts.signals import user_changed
from apps.workspaces import audit


@receiver(user_changed)
def record_user(sender: type[User], actor: User, user: User, fields: list[str], **_: Any) -> None:
    audit.record(actor, "user.changed", user, fields=[name for name in fields if "password" not in name])
