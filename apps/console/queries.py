"""What the console shows: processes, queues, engine, stuck jobs, disk. Each part says itself when it cannot be read."""

import asyncio
import shutil
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import redis
from celery.exceptions import CeleryError
from django.conf import settings
from django.core.cache import cache
from django.db.models import Count, Q, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _
from kombu.exceptions import KombuError

from apps.catalog.models import ModelVersion
from apps.datasets.models import DatasetVersion, Import
from apps.jobs.models import Job, State
from apps.serving.client import EngineClient, EngineError
from apps.workspaces.models import Workspace
from studio.celery import app as celery_app
from workers.contracts.engine import EngineHealth
from workers.contracts.jobs import Queue

PING_SECONDS = 1.0
PING_IS_KEPT_SECONDS = 5
STREAMERS = "streamer:*"
MOST_STUCK = 50


@dataclass(frozen=True)
class Part:
    """A process that should be there: how it is, and what to do when it is not."""

    name: str
    is_up: bool
    text: str
    advice: str = ""


def _answering_workers() -> dict[str, list[str]]:
    """Celery workers that answer a ping, with their queues. Asking takes a second, so the answer is kept for five."""
    known = cache.get("console.workers")
    if known is None:
        try:
            queues = celery_app.control.inspect(timeout=PING_SECONDS).active_queues() or {}
            known = {name: [queue["name"] for queue in listed] for name, listed in queues.items()}
        except (OSError, KombuError, CeleryError, redis.RedisError):
            known = {}
        cache.set("console.workers", known, PING_IS_KEPT_SECONDS)
    return dict(known)


def workers() -> list[Part]:
    """One part per queue."""
    answering = _answering_workers()
    parts = []
    for queue in Queue:
        names = sorted(name for name, queues in answering.items() if queue.value in queues)
        advice = (
            _(
                "No worker takes jobs from this queue. Start one: celery -A workers.celery worker -P threads -Q %s"
            )
            % queue.value
        )
        parts.append(
            Part(_("Worker “%s”") % queue.value, bool(names), ", ".join(names), "" if names else advice)
        )
    return parts


def streamers() -> Part:
    """Streamers keep a key alive in Redis."""
    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2) as client:
            found = sum(1 for _key in client.scan_iter(STREAMERS, count=500))
    except redis.RedisError as error:
        return Part(_("Streamers"), False, "", _("Redis does not answer: %s") % error)
    advice = "" if found else _("Published apps cannot answer. Start one: python manage.py streamer")
    return Part(_("Streamers"), found > 0, str(found), advice)


def engine() -> tuple[Part, EngineHealth | None]:
    """The engine's own account of itself."""

    async def ask() -> EngineHealth:
        async with EngineClient() as client:
            return await client.health()

    try:
        health = asyncio.run(ask())
    except EngineError as error:
        advice = _(
            "Published apps wait until it is back. Look at its log; start it: python -m workers.serving.engine"
        )
        return Part(_("Engine"), False, str(error), advice), None
    return Part(_("Engine"), health.status != "failing", f"{health.status} · {health.device}"), health


def queues() -> list[dict[str, Any]]:
    """Jobs by queue, as the database has them: it is the queue."""
    counted = Job.objects.values("queue").annotate(
        queued=Count("pk", filter=Q(state=State.QUEUED)),
        running=Count("pk", filter=Q(state__in=(State.STARTING, State.RUNNING, State.STOPPING))),
        failed_today=Count(
            "pk",
            filter=Q(
                state__in=(State.FAILED, State.ERRORED, State.LOST),
                ended_at__gte=timezone.now() - timedelta(days=1),
            ),
        ),
    )
    found = {row["queue"]: row for row in counted}
    empty = {"queued": 0, "running": 0, "failed_today": 0}
    return [{**empty, **found.get(queue.value, {}), "queue": queue.value} for queue in Queue]


def stuck_jobs() -> list[Job]:
    """Silent, lost, errored within a day, or queued so long that no worker seems to want them."""
    jobs = Job.objects.all()
    recent = timezone.now() - timedelta(days=1)
    found = (
        jobs.without_heartbeat()
        | jobs.unclaimed()
        | jobs.filter(state__in=(State.LOST, State.ERRORED), ended_at__gte=recent)
    )
    return list(found.select_related("workspace", "created_by").order_by("-created_at")[:MOST_STUCK])


def disk() -> dict[str, Any]:
    """Bytes by workspace, largest first, and what is free where it is stored."""
    totals: dict[Any, int] = {}
    for model, name in ((Import, "source_bytes"), (DatasetVersion, "bytes"), (ModelVersion, "bytes")):
        rows = model.objects.order_by().values("workspace").annotate(total=Coalesce(Sum(name), 0))
        for row in rows:
            totals[row["workspace"]] = totals.get(row["workspace"], 0) + row["total"]
    names = dict(Workspace.objects.values_list("pk", "name"))
    by_workspace = sorted(((names[pk], total) for pk, total in totals.items()), key=lambda pair: -pair[1])
    space = shutil.disk_usage(settings.DATA_DIR)
    return {"workspaces": by_workspace, "free": space.free, "total": space.total, "used": space.used}


def console() -> dict[str, Any]:
    began = time.monotonic()
    engine_part, health = engine()
    return {
        "parts": [*workers(), streamers(), engine_part],
        "health": health,
        "queues": queues(),
        "stuck": stuck_jobs(),
        "disk": disk(),
        "took_ms": round(1000 * (time.monotonic() - began)),
    }
