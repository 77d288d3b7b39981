"""Settings that would leave people waiting."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register

from apps.core import mail


@register(Tags.security)
def addresses_can_be_proved(**_: Any) -> list[CheckMessage]:
    """New accounts wait for a link by e-mail."""
    if settings.SIGN_UP != "open" or mail.reaches_people():
        return []
    hint = "Set EMAIL_URL, SIGN_UP=invitation or SIGN_UP=closed. Only an OpenID Connect provider that verifies addresses needs no e-mail."
    return [
        Warning(
            "SIGN_UP lets everybody make accounts, and no e-mail goes out.", hint=hint, id="accounts.W001"
        )
    ]
