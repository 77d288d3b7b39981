"""Supervising a job in a test, at once or in the background."""

import threading
import time

from django.db import connections

from apps.jobs.models import Job
from apps.jobs.runner.supervisor import supervise
from tests.fixtures.patience import PATIENCE_SECONDS

SECONDS_TO_WAIT = PATIENCE_SECONDS


def fresh(job: Job) -> Job:
    return Job.objects.get(pk=job.pk)


def supervised(job: Job) -> Job:
    supervise(str(job.pk))
    return fresh(job)


def in_background(job: Job) -> threading.Thread:
    """Supervise in a thread, as a Celery worker does."""

    def work() -> None:
        try:
            supervise(str(job.pk))
        finally:
            connections.close_all()

    thread = threading.Thread(target=work)
    thread.start()
    return thread


def wait_until(condition) -> None:
    deadline = time.monotonic() + SECONDS_TO_WAIT
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)
