"""Requests to webhooks of users, delivered by the worker `upkeep`.

A request is a row, written in the transaction of its cause. The worker sends it ever more rarely until the server takes it,
for an hour at most. workers.shared.outgoing_requests keeps it within the public network, and apps.jobs.webhook_signatures
signs it.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from typing import Any

from django.conf import settings
from django.db import transaction
from django.dispatch import receiver
from django.utils import timezone

from apps.accounts.models import User
from apps.core import mail
from apps.core.encryption import Unreadable, reseal, seal, secrets_rotating, unseal
from apps.jobs.models import NotificationSettings, WaitingWebhook
from apps.jobs.webhook_signatures import new_secret, signed_headers
from studio.celery import app as celery_app
from workers.contracts.texts import Text
from workers.shared.addresses import AddressRefused, read_allowances
from workers.shared.outgoing_requests import TRANSPORT_ERRORS, TooSlow, post_json

logger = logging.getLogger(__name__)

TASK, QUEUE = "jobs.deliver_webhooks", "upkeep"
_PURPOSE = "webhooks"
_UNREACHABLE = "jobs.webhook_unreachable"
_TRIED_AGAIN = (408, 425, 429)
"""Statuses below 500 that ask for another try."""

_delivering = threading.Lock()
"""One thread of the worker delivers. The other one stays free for e-mails and the reaper while servers are slow."""


def set_address(chosen: NotificationSettings, address: str) -> str:
    """Set the webhook, without saving. Return its new signing secret, which is empty where there is no webhook."""
    chosen.webhook_encrypted = seal(address, _PURPOSE) if address else ""
    chosen.webhook_outcome, chosen.webhook_at = "", None
    chosen.webhook_secret_encrypted = ""
    return set_new_secret(chosen) if address else ""


def set_new_secret(chosen: NotificationSettings) -> str:
    """Set and return another signing secret, without saving."""
    secret = new_secret()
    chosen.webhook_secret_encrypted = seal(secret, _PURPOSE)
    return secret


def address_of(chosen: NotificationSettings) -> str:
    """The address of a webhook; empty without one, or when no key opens it any more."""
    return _opened(chosen.webhook_encrypted)


def _opened(sealed: str) -> str:
    try:
        return unseal(sealed, _PURPOSE) if sealed else ""
    except Unreadable:
        return ""


def enqueue(user: User, payload: dict[str, Any]) -> None:
    """Queue a request to the webhook of `user`."""
    WaitingWebhook.objects.create(user=user, sealed=seal(json.dumps(payload, ensure_ascii=False), _PURPOSE))
    transaction.on_commit(_wake_worker)


def _wake_worker() -> None:
    try:
        celery_app.send_task(TASK, args=[], queue=QUEUE, retry=False, ignore_result=True)
    except Exception:
        logger.warning("The workers could not be told of a webhook: it waits for them", exc_info=True)


def deliver_waiting() -> None:
    """Send the requests that are due. Returns at once while another thread does."""
    if not _delivering.acquire(blocking=False):
        return
    try:
        _deliver_due()
    finally:
        _delivering.release()


def _deliver_due() -> None:
    silent: set[Any] = set()
    """Users whose server did not answer: their other requests wait for the next look, and those of others need not."""
    due = WaitingWebhook.objects.filter(try_at__lte=timezone.now()).order_by("try_at").select_related("user")
    for waiting in due:
        if waiting.user_id not in silent and mail.claim(waiting) and not _deliver(waiting):
            silent.add(waiting.user_id)


def _deliver(waiting: WaitingWebhook) -> bool:
    """Send one request, and note on the user's settings how that went. False when no server answered."""
    chosen = NotificationSettings.objects.filter(user=waiting.user, user__is_active=True).first()
    if chosen is None or not chosen.webhook_encrypted:
        waiting.delete()
        return True
    outcome, is_done = _send(address_of(chosen), _opened(chosen.webhook_secret_encrypted), waiting)
    if is_done or timezone.now() - waiting.created_at > mail.KEPT:
        waiting.delete()
    # Unless the user has chosen another webhook meanwhile.
    same = NotificationSettings.objects.filter(pk=chosen.pk, webhook_encrypted=chosen.webhook_encrypted)
    same.update(webhook_outcome=outcome, webhook_at=timezone.now())
    return outcome.code != _UNREACHABLE


def _send(address: str, secret: str, waiting: WaitingWebhook) -> tuple[Text, bool]:
    """Return how it went, and whether there is no use in another try."""
    content = _opened(waiting.sealed).encode()
    if not (address and secret and content):
        logger.error("A webhook was given up: no key of SECRETS_KEYS opens it")
        return Text("jobs.webhook_unreadable"), True
    headers = signed_headers(secret, message_id=str(waiting.pk), timestamp=int(time.time()), content=content)
    allowed = read_allowances(settings.OUTGOING_ALLOW)
    try:
        status = post_json(address, content, headers=headers, allowed=allowed)
    except AddressRefused as refused:
        logger.warning("%s", refused)
        return Text("jobs.webhook_address_refused"), True
    except (TooSlow, *TRANSPORT_ERRORS) as error:
        logger.warning("A webhook was not taken (%s)", type(error).__name__)
        return Text("jobs.webhook_unreachable"), False
    if 200 <= status < 300:
        return Text("jobs.webhook_delivered"), True
    is_final = status < 500 and status not in _TRIED_AGAIN
    if is_final:
        return Text("jobs.webhook_status", status=status), True
    return Text("jobs.webhook_busy", status=status), False


@receiver(secrets_rotating)
def rotate(**_: object) -> int:
    """What no key opens is left as it is: a webhook can be set again, and a request is given up when it is due."""
    rows: list[tuple[NotificationSettings | WaitingWebhook, list[str]]] = [
        (chosen, ["webhook_encrypted", "webhook_secret_encrypted"])
        for chosen in NotificationSettings.objects.select_for_update().exclude(webhook_encrypted="")
    ]
    rows += [(waiting, ["sealed"]) for waiting in WaitingWebhook.objects.select_for_update()]
    return sum(_resealed(row, fields) for row, fields in rows)


def _resealed(row: NotificationSettings | WaitingWebhook, fields: list[str]) -> bool:
    try:
        for field in fields:
            setattr(row, field, reseal(getattr(row, field), _PURPOSE))
    except Unreadable:
        return False
    row.save(update_fields=fields)
    return True
