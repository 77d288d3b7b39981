"""Delivering e-mails, on the queue `upkeep`: never behind a long import."""

import logging
import time
from typing import Any

from celery import shared_task

from apps.core import mail

logger = logging.getLogger(__name__)
FIRST_WAIT_SECONDS, MOST_WAIT_SECONDS = 15, 900


@shared_task(name=mail.TASK, bind=True, max_retries=None)
def deliver(self: Any, sealed: str, until: float) -> None:
    """Try until the server takes it, ever more rarely, and not after `until` (seconds since 1970)."""
    wait = min(FIRST_WAIT_SECONDS * 2**self.request.retries, MOST_WAIT_SECONDS)
    if time.time() > until:
        logger.error("An e-mail was given up: the mail server did not take it in time")
        return
    if mail.server_is_away():
        raise self.retry(countdown=wait, queue=mail.QUEUE)
    try:
        mail.deliver(sealed)
    except OSError as error:
        logger.warning("An e-mail was not taken by the mail server (%s)", type(error).__name__)
        raise self.retry(countdown=wait, queue=mail.QUEUE) from None
