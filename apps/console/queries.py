"""What the console shows: processes, queues, engine, stuck jobs, disk. Each part says itself when it cannot be read."""

import asyncio
import logging
import shutil
import time
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import redis
from celery.exceptions import CeleryError
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.cache import cache
from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from kombu.exceptions import KombuError

from apps.accounts.models import User
from apps.catalog.models import ModelVersion
from apps.core.redis import refuses_writes, sync_redis
from apps.jobs.job_pages import page_of, with_pages
from apps.jobs.models import Job
from apps.jobs.reaper import REAPED_AT
from apps.jobs.states import CLAIMED, FAILURES, State
from apps.serving.client import EngineClient, EngineError
from apps.workspaces.usage.report import stored_by_workspace
from studio.celery import app as celery_app
from workers.contracts.engine import EngineHealth
from workers.contracts.job_kinds import Queue

logger = logging.getLogger(__name__)
PING_SECONDS = 1.0
PING_IS_KEPT_SECONDS = 5
STREAMERS = "streamer:*"
MOST_STUCK = 50
WORKSPACES_SHOWN = 24
MISSED_ROUNDS = 3
"""So many rounds of the reaper may be late before beat counts as gone."""
LEAST_FREE_BYTES, LEAST_FREE_SHARE = 1 << 30, 0.02
"""With less than either the disk is called tight: a training writes checkpoints."""


@dataclass(frozen=True)
class Part:
    """A process that should be there: how it is, and what to do when it is not."""

    name: str
    is_up: bool
    text: str
    advice: str = ""
    trouble: str = field(default_factory=lambda: _("not running"))
    """What is said of it while it is not up."""


def _answering_workers() -> dict[str, list[str]]:
    """Celery workers that answer a ping, with their queues. Asking takes a second, so the answer is kept for five.

    Raises RedisError.
    """
    known = cache.get("console.workers")
    if known is None:
        try:
            queues = celery_app.control.inspect(timeout=PING_SECONDS).active_queues() or {}
            known = {name: [queue["name"] for queue in listed] for name, listed in queues.items()}
        except (OSError, KombuError, CeleryError):
            known = {}
        cache.set("console.workers", known, PING_IS_KEPT_SECONDS)
    return dict(known)


def what_redis_knows() -> list[Part]:
    """Redis itself, and what is told through it: workers, beat, streamers. While it is away nothing else can be said."""
    try:
        return [Part("Redis", True, _version_of_redis()), *workers(), beat(), streamers()]
    except redis.RedisError as error:
        if refuses_writes(error):
            advice = _(
                "It responds and can be read, but it cannot write because the disk or the memory of its machine is full. Free some space. It then continues by itself, and nothing is lost."
            )
            return [Part("Redis", False, str(error), advice, _("refuses writes"))]
        advice = _(
            "Until it is back, jobs wait and published apps cannot answer. Nothing is lost. Meanwhile, the state of workers and streamers is unknown."
        )
        return [Part("Redis", False, str(error), advice)]


def _version_of_redis() -> str:
    return str(sync_redis().info("server").get("redis_version", ""))


def workers() -> list[Part]:
    """One part per queue. Raises RedisError."""
    answering = _answering_workers()
    parts = []
    for queue in Queue:
        names = sorted(name for name, queues in answering.items() if queue.value in queues)
        advice = (
            _("No worker takes jobs from this queue. Start one: celery -A studio worker -P threads -Q %s")
            % queue.value
        )
        parts.append(
            Part(_("Worker “%s”") % queue.value, bool(names), ", ".join(names), "" if names else advice)
        )
    return parts


def beat() -> Part:
    """Beat cannot be asked: it is there when upkeep was told to look after jobs a moment ago. Raises RedisError."""
    at = cache.get(REAPED_AT)
    ago = None if at is None else max(0, round(time.time() - at))
    is_up = ago is not None and ago <= MISSED_ROUNDS * settings.JOB_REAP_EVERY_SECONDS + PING_IS_KEPT_SECONDS
    text = "" if ago is None else _("checked jobs %s s ago") % ago
    advice = _(
        "Silent jobs are not being checked. After a start, the first check can take up to %s s. If a worker takes jobs from “upkeep”, beat is missing. Start it: celery -A studio beat"
    ) % round(settings.JOB_REAP_EVERY_SECONDS)
    return Part(_("Beat"), is_up, text, "" if is_up else advice)


def streamers() -> Part:
    """Streamers keep a key alive in Redis. Raises RedisError."""
    found = sum(1 for _key in sync_redis().scan_iter(STREAMERS, count=500))
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
            "Published apps wait until it is back. Check its log, then start it: python -m workers.serving.engine"
        )
        logger.warning("%s", error)
        return Part(_("Engine"), False, _("The engine is not responding."), advice), None
    states = {"ok": _("ready"), "loading": _("loading a model"), "failing": _("failing")}
    text = f"{states.get(health.status, health.status)} · {health.device}"
    return Part(_("Engine"), health.status != "failing", text), health


def names_of_models(health: EngineHealth | None) -> dict[str, str]:
    """What the models in the engine's memory are called, by the storage key that it knows them by."""
    if health is None:
        return {}
    keys = [model.model for model in health.models]
    rows = ModelVersion.objects.filter(storage_key__in=keys).select_related("workspace")
    return {row.storage_key: f"{row.name} · {row.workspace}" for row in rows}


def at_work() -> list[Job]:
    """Jobs that hold a device right now, the longest first."""
    return list(Job.objects.claimed().exclude(device="").select_related("workspace").order_by("started_at"))


def queues() -> list[dict[str, Any]]:
    """Jobs by queue, as the database has them: it is the queue."""
    counted = Job.objects.values("queue").annotate(
        queued=Count("pk", filter=Q(state=State.QUEUED)),
        running=Count("pk", filter=Q(state__in=CLAIMED)),
        failed_today=Count(
            "pk",
            filter=Q(
                state__in=FAILURES,
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
    return list(found.select_related("workspace").order_by("-created_at")[:MOST_STUCK])


def pages_for(user: User | AnonymousUser, jobs: list[Job]) -> list[tuple[Job, str]]:
    """Each job with the path of its page; "" where the person may not see what it shows, or that is gone."""
    shown = Job.objects.visible_to(user).filter(pk__in=[job.pk for job in jobs])
    visible = set(shown.values_list("pk", flat=True))
    return [(job, page_of(job) if job.pk in visible else "") for job in with_pages(jobs)]


def disk() -> dict[str, Any]:
    """Bytes by workspace, largest first, and what is free where it is stored.

    Free and used bytes may add up to less than the total: file systems reserve some.
    """
    space = shutil.disk_usage(settings.DATA_DIR)
    return {
        "workspaces": stored_by_workspace(WORKSPACES_SHOWN),
        "free": space.free,
        "total": space.total,
        "taken": space.total - space.free,
        "is_tight": space.free < max(LEAST_FREE_BYTES, LEAST_FREE_SHARE * space.total),
    }


def console(user: User | AnonymousUser) -> dict[str, Any]:
    began = time.monotonic()
    engine_part, health = engine()
    return {
        "parts": [*what_redis_knows(), engine_part],
        "health": health,
        "model_names": names_of_models(health),
        "at_work": at_work(),
        "queues": queues(),
        "stuck": pages_for(user, stuck_jobs()),
        "disk": disk(),
        "took_ms": round(1000 * (time.monotonic() - began)),
    }
