"""What must not be loaded where, checked in fresh processes."""

import subprocess
import sys

import pytest

from workers.contracts.jobs import ROUTES

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
import workers.celery
workers.celery.app.loader.import_default_modules()
print("\\n".join(workers.celery.app.tasks))
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


def test_every_job_kind_has_a_task_and_a_module() -> None:
    done = subprocess.run([sys.executable, "-c", _WORKER], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    registered = set(done.stdout.split())
    for kind, route in ROUTES.items():
        assert route.task in registered, f"{kind} has no Celery task"
        found = subprocess.run(
            [
                sys.executable,
                "-c",
                f"import importlib.util, sys; sys.exit(importlib.util.find_spec('{route.module}') is None)",
            ]
        )
        assert found.returncode == 0, f"{kind}: there is no module {route.module}"
