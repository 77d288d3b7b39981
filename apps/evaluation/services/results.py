"""Store the results of jobs."""

from apps.core.storage import storage
from apps.evaluation.models import Comparison, Evaluation
from apps.evaluation.services.comparing import begin_when_ready
from apps.jobs.models import Job
from apps.workspaces import usage


def take_evaluation(job: Job) -> None:
    """Keep the result, and begin the comparisons that were waiting for it."""
    evaluation = Evaluation.objects.get(job=job)
    evaluation.result = job.result
    evaluation.save(update_fields=["result"])
    _count_stored(evaluation)
    for comparison in evaluation.comparisons.filter(job=None):
        begin_when_ready(comparison)


def take_comparison(job: Job) -> None:
    comparison = Comparison.objects.get(job=job)
    comparison.result = job.result
    comparison.save(update_fields=["result"])
    _count_stored(comparison)


def _count_stored(made: Evaluation | Comparison) -> None:
    """What its job has left is counted, regardless of the limit."""
    usage.set_stored(workspace=made.workspace, source=made, amount=storage().size(made.storage_key))
