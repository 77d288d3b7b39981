"""Delivering e-mails, on the queue `upkeep`: never behind a long import."""

from typing import Any

from celery import shared_task

from apps.core import mail
from studio.celery import app


@shared_task(name=mail.TASK)
def deliver() -> None:
    """Deliver all e-mails that are due. Sent by the code that queues an e-mail, and by beat for those that had to wait."""
    mail.deliver_waiting()


@app.on_after_finalize.connect
def plan(sender: Any, **_: Any) -> None:
    seconds = mail.LOOKED_AFTER_SECONDS
    task = deliver.s().set(queue=mail.QUEUE, expires=seconds)
    sender.add_periodic_task(seconds, task, name=mail.TASK)
