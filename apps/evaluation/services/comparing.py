"""Start comparisons."""

from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.catalog.models import ModelVersion
from apps.core.errors import UserError
from apps.datasets.models import DatasetVersion
from apps.evaluation.models import ComparedEvaluation, Comparison, Evaluation
from apps.evaluation.services.evaluating import is_current, rows_to_answer, start_evaluation
from apps.jobs import services as jobs
from apps.workspaces import access, audit
from apps.workspaces.access import Action
from apps.workspaces.numbering import next_number
from workers.contracts.baselines import BASELINES, Baseline, baselines_of
from workers.contracts.job_kinds.comparison import COMPARISON, ComparisonSpec
from workers.contracts.job_kinds.comparison import ComparedEvaluation as ComparedSpec
from workers.contracts.job_kinds.evaluation import EvaluatedSplit
from workers.contracts.texts import Text

SAMPLE_ROWS = 1_000
"""Rows that a comparison samples of a larger test split, unless all are asked for."""
MOST_COMPARED = 100
"""More than anyone reads side by side; their outputs lie in memory together while they are compared."""


@transaction.atomic
def compare(*, actor: User, evaluations: Sequence[Evaluation], name: str = "") -> Comparison:
    """Compare evaluations of one test set; the first is what the others are measured against.

    The comparison begins when the last of them is done. Raises UserError for fewer than two, or for several test sets.
    """
    if evaluations:
        access.require(actor, evaluations[0].workspace, Action.EDIT)
    return _compare(actor, evaluations, name)


def _compare(actor: User, evaluations: Sequence[Evaluation], name: str = "") -> Comparison:
    if not 2 <= len(evaluations) <= MOST_COMPARED:
        raise UserError(_("Choose between 2 and %(n)d evaluations to compare.") % {"n": MOST_COMPARED})
    if len({evaluation.pk for evaluation in evaluations}) < len(evaluations):
        raise UserError(_("Choose each evaluation once."))
    first = evaluations[0]
    if len({(e.dataset_version_id, e.split) for e in evaluations}) > 1:
        raise UserError(
            _(
                "These evaluations used different test sets, so their results cannot be compared. Evaluate the models on the same data version first."
            )
        )
    if any(evaluation.result and not is_current(evaluation) for evaluation in evaluations):
        raise UserError(
            _(
                "An earlier release computed some of these results in another way. Evaluate the models again, then compare them."
            )
        )
    # One that ends right now would neither see this comparison nor be seen by it: its row is waited for.
    list(Evaluation.objects.select_for_update().filter(pk__in=[e.pk for e in evaluations]).order_by("pk"))
    earlier = _same_comparison(evaluations)
    if earlier:
        return earlier
    number = next_number(first.workspace, "comparison")
    comparison = Comparison(
        workspace=first.workspace,
        created_by=actor,
        number=number,
        name=name.strip() or _("Comparison %(n)d: %(data)s") % {"n": number, "data": first.dataset_version},
        dataset_version=first.dataset_version,
    )
    comparison.storage_key = f"comparisons/{comparison.pk}"
    comparison.save()
    ComparedEvaluation.objects.bulk_create(
        ComparedEvaluation(comparison=comparison, evaluation=evaluation, position=position)
        for position, evaluation in enumerate(evaluations)
    )
    audit.record(actor, "comparison.started", comparison)
    begin_when_ready(comparison)
    return comparison


def _same_comparison(evaluations: Sequence[Evaluation]) -> Comparison | None:
    """One of the same evaluations in the same order that is done or on its way."""
    wanted = [evaluation.pk for evaluation in evaluations]
    for comparison in Comparison.objects.filter(evaluations=evaluations[0]).select_related("job"):
        if comparison.job and comparison.job.can_retry:
            continue
        if list(comparison.compared.values_list("evaluation_id", flat=True)) == wanted:
            return comparison
    return None


def in_order(evaluations: Sequence[Evaluation]) -> list[Evaluation]:
    """As tables show them: what models were before training, what they became, the simple baselines."""
    rank = {"base": 0, "tuned": 1, "trivial": 2}
    known = list(BASELINES)

    def place(evaluation: Evaluation) -> tuple[int, int, int]:
        order = known.index(evaluation.baseline) if evaluation.baseline in known else 0
        return rank[evaluation.kind], order, evaluation.number

    return sorted(evaluations, key=place)


@transaction.atomic
def evaluate_together(
    *,
    actor: User,
    dataset_version: DatasetVersion,
    models: Sequence[ModelVersion | None],
    max_rows: int | None = None,
    split: EvaluatedSplit = "test",
) -> Evaluation | Comparison:
    """Evaluate all or, when one of them is refused, none; several are compared as well. None stands for every simple
    baseline of the task.

    A baseline learns from the training data of the first tuned model, where the data itself is for testing only.
    """
    access.require(actor, dataset_version.workspace, Action.EDIT)
    learned = next((m.dataset_version for m in models if m and m.kind == ModelVersion.Kind.TUNED), None)
    subjects: list[ModelVersion | Baseline] = [model for model in models if model]
    subjects += baselines_of(dataset_version.task) if None in models else []
    several = len(subjects) > 1
    evaluations = [
        start_evaluation(
            actor,
            dataset_version,
            subject,
            rows_to_answer(subject, dataset_version, split, max_rows) if several else max_rows,
            split,
            learned,
        )
        for subject in subjects
    ]
    if len(evaluations) == 1:
        return evaluations[0]
    return _compare(actor, in_order(evaluations))


@transaction.atomic
def compare_with_base(*, actor: User, model_version: ModelVersion, all_rows: bool = False) -> Comparison:
    """Evaluate a tuned model, its base and the simple baselines on the test split, and compare them. A model that
    fills in text is compared with its base alone: no baseline can do that.

    Of a large test split SAMPLE_ROWS are sampled, unless `all_rows` is asked for.
    """
    access.require(actor, model_version.workspace, Action.EDIT)
    data, base = model_version.dataset_version, model_version.parent
    if data is None or base is None:
        raise UserError(
            _("The training data of this model is no longer known. Choose the data and the models yourself.")
        )
    most = None if all_rows else SAMPLE_ROWS
    subjects: list[ModelVersion | Baseline] = [base, model_version]
    subjects += baselines_of(data.task) if model_version.answers else []
    evaluations = [
        start_evaluation(actor, data, subject, rows_to_answer(subject, data, "test", most))
        for subject in subjects
    ]
    return _compare(actor, evaluations, _("%(model)s and its base model") % {"model": model_version.name})


def begin_when_ready(comparison: Comparison) -> None:
    # Two evaluations may end at the same moment: the lock lets one of them start the comparison, once.
    locked = Comparison.objects.select_for_update().get(pk=comparison.pk)
    compared = list(
        locked.compared.select_related(
            "evaluation__model_version", "evaluation__job", "evaluation__dataset_version"
        )
    )
    if locked.job_id or any(c.evaluation.result is None for c in compared):
        return
    spec = ComparisonSpec(
        inputs={f"e{c.position}": c.evaluation.storage_key for c in compared},
        output=locked.storage_key,
        task_type=locked.dataset_version.task_type,
        evaluations=[
            ComparedSpec(
                key=f"e{c.position}",
                label=c.evaluation.subject_label,
                kind=c.evaluation.kind,
                metrics=c.evaluation.result["metrics"],
            )
            for c in compared
        ],
    )
    locked.job = jobs.enqueue(
        actor=locked.created_by,
        workspace=locked.workspace,
        kind=COMPARISON,
        title=Text("jobs.title_comparison", name=locked.name),
        spec=spec,
    )
    locked.save(update_fields=["job"])
    comparison.job = locked.job
