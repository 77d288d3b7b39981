"""What becomes of a job whose child ended without an event: killed, out of memory, or crashed."""

import logging
import signal

from apps.jobs import services
from apps.jobs.models import Job
from workers.contracts.events import Failed
from workers.contracts.fixes import FILE_TOO_LARGE, memory_advice, memory_fix
from workers.contracts.recipes import Recipe
from workers.contracts.texts import Text

logger = logging.getLogger(__name__)

_NO_MEMORY = "memory allocation of"
"""What a library written in Rust says before it ends its process."""


def end_without_a_word(job: Job, code: int | None, trace: str, killed_for_memory: bool) -> None:
    """Fail the job, or queue it again after a kill that memory does not explain. `trace` is the end of its stderr."""
    if code == -signal.SIGKILL and killed_for_memory:
        # Going on with the same settings would only end the same way.
        services.fail(job, _out_of_memory(job, trace))
    elif code == -signal.SIGABRT and _NO_MEMORY in trace:
        services.fail(job, _out_of_memory(job, trace))
    elif code == -signal.SIGKILL and services.resume(job):
        logger.warning("The child of job %s was killed; the job was queued again", job.pk)
    elif code == -signal.SIGKILL:
        # Killed again and again nearly always means: out of memory.
        services.fail(job, _out_of_memory(job, trace))
    else:
        message = Text("jobs.process_ended", code=code)
        services.fail(job, Failed(code="died", message=message, user_error=False, trace=trace))


def _out_of_memory(job: Job, trace: str) -> Failed:
    """In the trainer's words, with its fix where the job has a recipe; of a file, what to do with the file."""
    if job.job_kind.reads_a_file:
        return Failed(code="too_large", message=FILE_TOO_LARGE, field="source", trace=trace)
    recipe = Recipe.model_validate(job.spec["recipe"]) if "recipe" in job.spec else None
    fix = memory_fix(recipe, recipe.max_length or 0) if recipe else None
    return Failed(
        code="out_of_memory",
        message=Text("jobs.killed_for_memory", advice=memory_advice(fix)),
        fix=fix,
        trace=trace,
    )
