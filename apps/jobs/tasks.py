"""Celery tasks: running one job, and what beat has done for all of them."""

import time
from typing import Any

from celery import shared_task
from celery.signals import worker_shutting_down
from django.core.cache import cache

from apps.jobs import reaper, webhooks
from apps.jobs.runner.supervisor import supervise, worker_is_ending
from apps.jobs.services import RUN_TASK


@shared_task(name=RUN_TASK)
def run(job_id: str) -> None:
    """Run a job of any kind: one turn of its queue."""
    supervise(job_id)


@shared_task(name="jobs.reap")
def reap() -> dict[str, int]:
    """Take care of jobs whose worker went silent or whose message was lost."""
    cache.set(reaper.REAPED_AT, time.time(), None)
    return reaper.reap()


@shared_task(name="jobs.drop_old_checkpoints")
def drop_old_checkpoints() -> int:
    return reaper.drop_old_checkpoints()


@shared_task(name=webhooks.TASK)
def deliver_webhooks() -> None:
    """Send all requests to webhooks that are due. Sent by the code that queues one, and by beat for those that wait."""
    webhooks.deliver_waiting()


@worker_shutting_down.connect
def give_jobs_back(**_: Any) -> None:
    worker_is_ending.set()
