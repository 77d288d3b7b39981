"""What has to be done before the first process of a studio starts; does nothing, quickly, when nothing is to be done."""

import fcntl
import hashlib
import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.migrations.executor import MigrationExecutor

from apps.core.storage import storage
from workers.shared.private_files import make_private_folder

# Files of django-htmx that no page uses; some import what is not there.
UNUSED_FILES = ["django_htmx/ext/*", "django_htmx/ht*-4*"]
STEPS = ("static", "storage", "database")


def static_state() -> str:
    """A hash over path, size and time of every static file."""
    total = hashlib.sha256()
    for finder in get_finders():
        for path, source in sorted(finder.list(UNUSED_FILES), key=lambda found: found[0]):
            status = Path(source.path(path)).stat()
            total.update(f"{path} {status.st_size} {status.st_mtime_ns}\n".encode())
    return total.hexdigest()


class Command(BaseCommand):
    help = "Collect static files, create the storage, migrate; the last line says, in JSON, whether there is an owner."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--only", nargs="+", choices=STEPS, default=STEPS, help="some of the steps")

    def handle(self, *args: Any, **options: Any) -> None:
        steps = options["only"]
        if "static" in steps:
            self._collect()
        if "storage" in steps:
            storage().create()
        if "database" in steps:
            self._migrate()
            self.stdout.write(json.dumps({"has_owner": get_user_model().objects.exists()}))

    def _migrate(self) -> None:
        make_private_folder(Path(settings.DATA_DIR))
        executor = MigrationExecutor(connections[DEFAULT_DB_ALIAS])
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            call_command("migrate", interactive=False, verbosity=0)

    def _collect(self) -> None:
        root = Path(settings.STATIC_ROOT)
        root.mkdir(parents=True, exist_ok=True)
        stamp = root / ".collected"
        # Several studios may start from one folder of code.
        with (root / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            state = static_state()
            if not stamp.exists() or stamp.read_text() != state:
                call_command("collectstatic", interactive=False, verbosity=0, ignore_patterns=UNUSED_FILES)
                stamp.write_text(state)
