"""E-mails leave outside of the request: nobody waits for a mail server, and no answer is slower for an address that it
knows.

Where EMAIL_URL names a server, what Django sends is sealed (it may hold a link that lets somebody in) and handed to the
worker `upkeep` after commit. Where it names none, e-mails are printed where the studio runs.
"""

import json
import logging
import time
from collections.abc import Sequence
from functools import partial
from smtplib import SMTPException
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction

from apps.core.sealing import seal, unseal
from studio.celery import app as celery_app

logger = logging.getLogger(__name__)

TASK, QUEUE = "mail.deliver", "upkeep"
DELIVERED_BY = "django.core.mail.backends.smtp.EmailBackend"
KEPT_SECONDS = 3600
"""For so long it is tried again; the link of a reset lives no longer."""

_PURPOSE = "e-mail"
_AWAY, AWAY_SECONDS = "mail-server-away", 30
_FIELDS = ("body", "from_email", "to", "cc", "bcc", "reply_to")


def reaches_people() -> bool:
    """Whether whoever asks for an e-mail can read it: there is a mail server, or the launcher's terminal."""
    return bool(settings.EMAIL_URL)


def is_printed() -> bool:
    """Whether e-mails stand in the terminal that the studio was started in."""
    return str(settings.EMAIL_URL) == "console:"


class QueuedBackend(BaseEmailBackend):
    """What `send` of a message means where there is a mail server: plain text alone."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        for message in email_messages:
            if message.attachments or getattr(message, "alternatives", None):
                raise TypeError("Only plain text is mailed.")
            fields: dict[str, Any] = {name: getattr(message, name) for name in _FIELDS}
            fields |= {"subject": str(message.subject), "headers": message.extra_headers}
            transaction.on_commit(partial(_hand_over, seal(json.dumps(fields), _PURPOSE)))
        return len(email_messages)


def _hand_over(sealed: str) -> None:
    """Without the broker the e-mail is lost, not the request: who waits for it can ask again."""
    try:
        celery_app.send_task(
            TASK, args=[sealed, time.time() + KEPT_SECONDS], queue=QUEUE, retry=False, ignore_result=True
        )
    except Exception:
        logger.exception("An e-mail could not be handed to the workers")


def server_is_away() -> bool:
    """Whether it refused just now: the next e-mails wait without each of them waiting for its time-out."""
    return bool(cache.get(_AWAY))


def deliver(sealed: str) -> None:
    """Give one e-mail to the server. Raises OSError (SMTPException is one) when it does not take it, Unreadable when no
    key opens it any more."""
    fields = json.loads(unseal(sealed, _PURPOSE))
    try:
        EmailMessage(**fields, connection=get_connection(DELIVERED_BY)).send()
    except OSError as error:
        # smtplib's own errors are OSErrors too: a server that answers is there.
        if not isinstance(error, SMTPException):
            cache.set(_AWAY, 1, AWAY_SECONDS)
        raise
