"""Beat's tasks; they run on the `upkeep` queue, never behind a long import."""

from typing import Any

from celery import shared_task
from django.conf import settings

from apps.jobs import services
from studio.celery import app


@shared_task(name="upkeep.reap")
def reap() -> dict[str, int]:
    return services.reap()


@app.on_after_finalize.connect
def plan(sender: Any, **_: Any) -> None:
    sender.add_periodic_task(
        settings.JOB_REAP_EVERY_SECONDS, reap.s().set(queue="upkeep", expires=60), name="reap"
    )
