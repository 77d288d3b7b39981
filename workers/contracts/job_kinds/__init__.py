"""Kinds of jobs, each in a file of its own: its queue, the module that its child process runs, its spec and its result.

A kind outside this package is a module that the environment names: `EXTENSIONS=job_kinds:my_jobs.count_words`.
"""

from dataclasses import dataclass
from enum import StrEnum

from workers.contracts.registry import Registry


class Queue(StrEnum):
    DEFAULT = "default"
    UPKEEP = "upkeep"
    GPU = "gpu"


@dataclass(frozen=True)
class JobKind:
    """What the site needs to know to run such jobs."""

    name: str
    label: str
    queue: Queue
    module: str
    """Run as `python -m <module> <spec.json>`."""
    resumes: bool = False
    """Whether an attempt can go on from the checkpoint of an earlier one; others start over."""
    keeps_checkpoint: bool = False
    """Whether the last checkpoint stays for a while after success, so that another job can go on from it."""
    shares_output: bool = False
    """Whether several jobs may be asked for the same output: what the first one left stays, since others may use it."""
    announced: bool = True
    """Whether its success is worth a notice; false for a step of something longer."""
    notifies: bool = False
    """Whether its owner can get an e-mail or a webhook at its end."""
    tracks: bool = False
    """Whether its child gets the keys of experiment trackers (RUN_TRACKERS)."""
    has_verdict: bool = False
    """Whether its result says whether anything was learned."""
    shares_memory: bool = False
    """Whether its child reads what strangers wrote, within its share of the machine's memory (IMPORT_MEMORY_MB)."""
    reads_a_file: bool = False
    """Whether its child reads an uploaded file, for at most IMPORT_MAX_MINUTES."""
    asks_engine: bool = False
    """Whether its child gets the key of the engine."""


JOB_KINDS: Registry[JobKind] = Registry("job_kinds", "workers.contracts.job_kinds")
