"""Beat's tasks; they run on the `upkeep` queue, never behind a long import."""

from typing import Any

from celery import shared_task
from django.conf import settings

from apps.datasets.services.uploading import drop_old_uploads
from apps.jobs import services
from studio.celery import app

TIDY_EVERY_SECONDS = 3600


@shared_task(name="upkeep.reap")
def reap() -> dict[str, int]:
    return services.reap()


@shared_task(name="upkeep.tidy")
def tidy() -> dict[str, int]:
    """Give back the disk that nobody comes back for."""
    return {"uploads": drop_old_uploads(), "checkpoints": services.drop_old_checkpoints()}


@app.on_after_finalize.connect
def plan(sender: Any, **_: Any) -> None:
    for name, task, seconds in (
        ("reap", reap, settings.JOB_REAP_EVERY_SECONDS),
        ("tidy", tidy, TIDY_EVERY_SECONDS),
    ):
        sender.add_periodic_task(seconds, task.s().set(queue="upkeep", expires=60), name=name)
