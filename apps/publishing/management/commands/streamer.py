"""Answers visitors: `manage.py streamer`. Any number may run; SIGTERM hands unfinished replies to the others."""

import asyncio
import os
import secrets
import signal
import socket
from typing import Any

import uvloop
from django.core.management.base import BaseCommand, CommandParser

from apps.publishing.connections import async_redis
from apps.publishing.streamer.service import Streamer
from apps.serving.client import EngineClient


class Command(BaseCommand):
    help = "Run a streamer: it takes visitors' questions from Redis and streams the engine's answers."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--name", default=f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(2)}")
        parser.add_argument("--capacity", type=int, default=256, help="Replies at once (default: 256).")
        parser.add_argument(
            "--lease", type=float, default=15, help="Seconds without a sign of life until others take over."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        uvloop.run(_run(options["name"], options["capacity"], options["lease"]))


async def _run(name: str, capacity: int, lease: float) -> None:
    async with EngineClient() as engine:
        streamer = Streamer(
            name=name, connection=async_redis(), engine=engine, capacity=capacity, lease_seconds=lease
        )
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, streamer.stop.set)
        await streamer.run()
