"""The processes of an embedded studio, with their commands: docs/architecture.md, section 3, as code."""

from __future__ import annotations

import socket
import sys
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from launcher.environment import Environment
from launcher.health import STREAMER_HEARTBEAT, WorkerPing, answers_http, has_key, was_written_since
from launcher.private_redis import answers, redis_command
from launcher.process import Service

# Supervisors wait for child processes: threads are enough, and end with their worker.
# Upkeep has a second one so that a mail server that does not answer keeps the reaper from nothing.
WORKERS = {"default": 2, "upkeep": 2, "gpu": 1}
SHUTDOWN_SECONDS = 3


def redis_service(environment: Environment, data_dir: Path) -> Service:
    command = redis_command(data_dir / "redis", environment.redis_port, environment.redis_password)
    return Service("redis", command, environment, lambda: answers(environment["REDIS_URL"]), is_routine=True)


def engine_service(environment: Environment) -> Service:
    watching = {**environment, "MAQUETTE_WATCH_STDIN": "1"}
    health = f"{environment['ENGINE_URL']}/health"
    return Service(
        "engine", [sys.executable, "-m", "workers.serving.engine"], watching, lambda: answers_http(health)
    )


def web_service(environment: Environment, listener: int) -> Service:
    """Web takes the launcher's listening socket; its health is asked through the same door as everybody's."""
    command = [
        sys.executable,
        "-m",
        "uvicorn",
        "studio.asgi:application",
        "--fd",
        str(listener),
        "--ws",
        "websockets-sansio",
    ]
    command += ["--lifespan", "off", "--no-access-log", "--log-level", "warning"]
    command += ["--timeout-graceful-shutdown", str(SHUTDOWN_SECONDS)]
    url, host = f"{environment.address}/healthz", urlsplit(environment["SITE_URL"]).netloc
    return Service("web", command, environment, lambda: answers_http(url, host), (listener,))


# Celery warns every root at length; in a container root has no more rights than others.
QUIET = {"PYTHONWARNINGS": "ignore:You're running the worker"}


def celery_command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "celery", "-A", "studio", "-q", *arguments]


def background_services(environment: Mapping[str, str], data_dir: Path) -> list[Service]:
    """Streamer, workers and beat."""
    ping = WorkerPing(environment["REDIS_URL"])
    host = socket.gethostname()
    schedule, now = data_dir / "beat-schedule", time.time()
    streamer = [sys.executable, "manage.py", "streamer"]
    beat = celery_command("beat", "--schedule", str(schedule), "--pidfile=", "-l", "warning")
    services = [
        Service(
            "streamer", streamer, environment, lambda: has_key(environment["REDIS_URL"], STREAMER_HEARTBEAT)
        )
    ]
    for queue, threads in WORKERS.items():
        options = ["-Q", queue, "-n", f"{queue}@%h", "-P", "threads", "-c", str(threads), "-l", "warning"]
        command = celery_command("worker", *options, "--without-gossip", "--without-mingle")
        is_healthy = partial(ping.has, queue, host)
        services.append(Service(f"worker-{queue}", command, {**environment, **QUIET}, is_healthy))
    services.append(Service("beat", beat, environment, lambda: was_written_since(schedule, now)))
    return services
