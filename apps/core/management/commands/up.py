"""`manage.py up` hands over to the launcher, which must not load Django: it outlives the processes that it starts."""

import os
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from launcher.__main__ import add_arguments


class Command(BaseCommand):
    help = "Start the whole studio on this machine: Redis, web, streamer, workers, engine."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        arguments = [
            "--data-dir",
            str(options["data_dir"]),
            "--port",
            str(options["port"]),
        ]
        if options["host"]:
            arguments += ["--host", options["host"]]
        if options["log_all"]:
            arguments.append("--log-all")
        os.execv(sys.executable, [sys.executable, "-m", "launcher", *arguments])  # noqa: S606  (nothing but the launcher, in this process)
