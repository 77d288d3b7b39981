"""Delete evaluations and comparisons."""

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.core.disk_space import free_disk
from apps.core.errors import UserError
from apps.evaluation.models import Comparison, Evaluation
from apps.workspaces import access, audit, usage
from apps.workspaces.access import Action


@transaction.atomic
def delete_comparison(*, actor: User, comparison: Comparison) -> None:
    """Delete a comparison with its rows; its evaluations stay. Raises UserError while it is being computed."""
    access.require(actor, comparison.workspace, Action.EDIT)
    key, job = comparison.storage_key, comparison.job
    if job and job.is_active:
        raise UserError(_("It is still running: stop it first."))
    audit.record(actor, "comparison.deleted", comparison)
    usage.set_stored(workspace=comparison.workspace, source=comparison, amount=0)
    comparison.delete()
    if job:
        job.delete()
    transaction.on_commit(lambda: free_disk([key]))


@transaction.atomic
def delete_evaluation(*, actor: User, evaluation: Evaluation) -> None:
    """Delete an evaluation with its outputs. Raises UserError while a comparison needs it or it is still running."""
    access.require(actor, evaluation.workspace, Action.EDIT)
    if evaluation.job.is_active:
        raise UserError(_("It is still running: stop it first."))
    if evaluation.comparisons.exists():
        raise UserError(_("A comparison uses it: delete the comparison first."))
    key, job = evaluation.storage_key, evaluation.job
    audit.record(actor, "evaluation.deleted", evaluation)
    usage.set_stored(workspace=evaluation.workspace, source=evaluation, amount=0)
    evaluation.delete()
    job.delete()
    transaction.on_commit(lambda: free_disk([key]))
