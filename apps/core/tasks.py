"""Celery task: delivering e-mails."""

from celery import shared_task

from apps.core import mail


@shared_task(name=mail.TASK)
def deliver() -> None:
    """Deliver all e-mails that are due. Sent by the code that queues an e-mail, and by beat for those that had to wait."""
    mail.deliver_waiting()
