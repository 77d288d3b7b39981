"""What must not be loaded where, checked in fresh processes."""

import subprocess
import sys

import pytest
from django.conf import settings

from apps.core import mail
from apps.jobs.services import RUN_TASK
from workers.contracts.job_kinds import JOB_KINDS

_SITE = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
import studio.asgi
heavy = {"torch", "transformers", "peft", "datasets", "accelerate"} & set(sys.modules)
sys.exit(f"The web process loaded {heavy}" if heavy else 0)
"""
_WORKER = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
from studio import celery_app
celery_app.loader.import_default_modules()
print("\\n".join(celery_app.tasks))
"""


def test_the_web_process_loads_no_model_library() -> None:
    done = subprocess.run([sys.executable, "-c", _SITE], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "module", ["workers.serving.parity", "workers.evaluation.run", "workers.evaluation.compare"]
)
def test_a_job_that_needs_no_model_library_does_not_wait_for_one(module: str) -> None:
    """Importing torch and transformers takes longer than publishing a model or fitting a baseline."""
    code = f"import sys, {module}; sys.exit('torch' in sys.modules or 'transformers' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr or f"{module} imports a model library"


def test_a_worker_knows_every_task_that_is_sent_by_name() -> None:
    done = subprocess.run([sys.executable, "-c", _WORKER], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    planned = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert {RUN_TASK, mail.TASK, *planned} <= set(done.stdout.split())


def test_every_job_kind_has_a_module() -> None:
    for kind in JOB_KINDS.values():
        found = subprocess.run(
            [
                sys.executable,
                "-c",
                f"import importlib.util, sys; sys.exit(importlib.util.find_spec('{kind.module}') is None)",
            ]
        )
        assert found.returncode == 0, f"{kind.name}: there is no module {kind.module}"
