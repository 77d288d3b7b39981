"""The Celery application of the workers: the site's, plus the code of every task."""

from typing import Any

import django
from celery.signals import worker_shutting_down

from studio.celery import app

django.setup()

from workers.runtime.supervisor import worker_is_ending  # noqa: E402  (needs the models, which need the set-up)

app.autodiscover_tasks(
    [
        *("workers.ingest", "workers.training", "workers.evaluation", "workers.serving"),
        *("workers.upkeep", "workers.mail"),
    ],
    force=True,
)


@worker_shutting_down.connect
def give_jobs_back(**_: Any) -> None:
    worker_is_ending.set()


__all__ = ["app"]
