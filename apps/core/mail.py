"""E-mails are sent outside of the request: no request waits for a mail server, and no answer is slower for an address
that it knows.

Where EMAIL_URL names a server, what Django sends is sealed (it may hold a link that lets a person in) and becomes a row in
the same transaction as what it is about; the worker `upkeep` delivers it. The row is the queue: without a broker, a worker
or the mail server it waits. Where EMAIL_URL names no server, e-mails are printed where the studio runs.
"""

import io
import json
import logging
from collections.abc import Sequence
from datetime import timedelta
from smtplib import SMTPException
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends import console
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.dispatch import receiver
from django.utils import timezone

from apps.core.encryption import Unreadable, reseal, seal, secrets_rotating, unseal
from apps.core.models import WaitingDelivery, WaitingMail
from launcher.console import SCREEN_ALONE
from studio.celery import app as celery_app

logger = logging.getLogger(__name__)

TASK, QUEUE = "mail.deliver", "upkeep"
DELIVERED_BY = "django.core.mail.backends.smtp.EmailBackend"
KEPT = timedelta(hours=1)
"""For so long it is tried again; the link of a reset lives no longer."""
FIRST_WAIT_SECONDS, MOST_WAIT_SECONDS = 15, 900

_PURPOSE = "e-mail"
_AWAY, AWAY_SECONDS = "mail-server-away", 30
_FIELDS = ("body", "from_email", "to", "cc", "bcc", "reply_to")


def reaches_people() -> bool:
    """Whether e-mails are delivered: there is a mail server."""
    return str(settings.EMAIL_URL) not in ("", "console:")


def is_printed() -> bool:
    """Whether e-mails stand in the terminal that the studio was started in."""
    return str(settings.EMAIL_URL) == "console:"


class PrintedBackend(console.EmailBackend):
    """Prints e-mails where the studio runs. Under the launcher they are for the screen alone: a log keeps no link that lets
    a person in."""

    def write_message(self, message: EmailMessage) -> None:
        written, self.stream = self.stream, io.StringIO()
        super().write_message(message)
        lines = self.stream.getvalue().splitlines()
        mark = SCREEN_ALONE if is_printed() else ""
        self.stream = written
        self.stream.writelines(f"{mark}{line}\n" for line in lines)


class QueuedBackend(BaseEmailBackend):
    """What `send` of a message means where there is a mail server: plain text alone."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        for message in email_messages:
            if message.attachments or getattr(message, "alternatives", None):
                raise TypeError("Only plain text is mailed.")
            fields: dict[str, Any] = {name: getattr(message, name) for name in _FIELDS}
            fields |= {"subject": str(message.subject), "headers": message.extra_headers}
            WaitingMail.objects.create(sealed=seal(json.dumps(fields), _PURPOSE))
            transaction.on_commit(_wake_worker)
        return len(email_messages)


def _wake_worker() -> None:
    """Deliver at once instead of at beat's next look; without the broker that look is soon enough."""
    try:
        celery_app.send_task(TASK, args=[], queue=QUEUE, retry=False, ignore_result=True)
    except Exception:
        logger.warning("The workers could not be told of an e-mail: it waits for them", exc_info=True)


def deliver_waiting() -> None:
    """Give the mail server what is due: each e-mail ever more rarely, and none once KEPT is over."""
    for mail in WaitingMail.objects.filter(try_at__lte=timezone.now()).order_by("try_at"):
        if server_is_away():
            break
        if claim(mail):
            _deliver(mail)


def claim(waiting: WaitingDelivery) -> bool:
    """Of several workers that look at once one takes it. A worker that dies now leaves it for the next try."""
    wait = timedelta(seconds=min(FIRST_WAIT_SECONDS * 2**waiting.tries, MOST_WAIT_SECONDS))
    unclaimed = type(waiting)._default_manager.filter(pk=waiting.pk, tries=waiting.tries)
    return unclaimed.update(tries=waiting.tries + 1, try_at=timezone.now() + wait) == 1


def _deliver(mail: WaitingMail) -> None:
    try:
        if timezone.now() - mail.created_at > KEPT:
            logger.error("An e-mail was given up: the mail server did not take it in time")
        else:
            send_now(mail.sealed)
    except Unreadable:
        logger.error("An e-mail was given up: no key of SECRETS_KEYS opens it")
    except OSError as error:
        logger.warning("An e-mail was not taken by the mail server (%s)", type(error).__name__)
        return
    mail.delete()


def server_is_away() -> bool:
    """Whether it refused just now: the next e-mails wait without each of them waiting for its time-out."""
    return bool(cache.get(_AWAY))


def send_now(sealed: str) -> None:
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


@receiver(secrets_rotating)
def rotate(**_: object) -> int:
    """Those that no key opens are given up when they are due."""
    count = 0
    for mail in WaitingMail.objects.select_for_update():
        try:
            mail.sealed = reseal(mail.sealed, _PURPOSE)
        except Unreadable:
            continue
        mail.save(update_fields=["sealed"])
        count += 1
    return count
