"""Every write to evaluations and comparisons."""

from collections.abc import Sequence
from typing import cast

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.catalog import services as catalog
from apps.catalog.models import ModelVersion
from apps.core.disk_space import free_disk
from apps.core.errors import UserError
from apps.core.storage import storage
from apps.datasets.models import DatasetVersion
from apps.datasets.services import keeping as datasets
from apps.evaluation.models import ComparedEvaluation, Comparison, Evaluation
from apps.jobs import accelerator_quota
from apps.jobs import services as jobs
from apps.jobs.models import Job
from apps.jobs.states import State
from apps.workspaces import access, audit, usage
from apps.workspaces.access import Action
from apps.workspaces.numbering import next_number
from workers.contracts.families import Family
from workers.contracts.job_kinds.comparison import COMPARISON, ComparisonSpec
from workers.contracts.job_kinds.comparison import ComparedEvaluation as ComparedSpec
from workers.contracts.job_kinds.evaluation import EVALUATION, EvaluatedSplit, EvaluationSpec
from workers.contracts.metrics import SCORING_VERSION
from workers.contracts.texts import Text

SAMPLE_ROWS = 1_000
"""Rows that a comparison samples of a larger test split, unless all are asked for."""
STARTER_ROWS = 100
"""Rows that a model of random weights answers in a comparison."""
MOST_COMPARED = 100
"""More than anyone reads side by side; their outputs lie in memory together while they are compared."""
MOST_ROWS = 10_000_000
"""The largest sample that can be asked for."""


@transaction.atomic
def evaluate(
    *,
    actor: User,
    dataset_version: DatasetVersion,
    model_version: ModelVersion | None,
    max_rows: int | None = None,
    split: EvaluatedSplit = "test",
    training_data: DatasetVersion | None = None,
) -> Evaluation:
    """Evaluate a model version (None: the task's simple baseline) on a split, or on all rows.

    `max_rows` are sampled; None: every row. A baseline learns from the training rows of the data, or, where the data is
    for testing only, from those of `training_data`. One that is done, or under way, on the same rows is returned instead
    of a second one. Raises UserError when the data or the model is not ready, or they do not fit each other; OverQuota
    when the workspace has no training hours left.
    """
    workspace = dataset_version.workspace
    access.require(actor, workspace, Action.EDIT)
    # Held against being deleted meanwhile; and of a button pressed twice, the second press waits here for the first.
    dataset_version = datasets.hold_version(dataset_version)
    model_version = model_version and catalog.hold_version(model_version)
    _check(dataset_version, model_version, split)
    learned = None if model_version else _held_training_data(dataset_version, training_data)
    same = Evaluation.objects.in_workspace(workspace).filter(
        dataset_version=dataset_version,
        model_version=model_version,
        max_rows=max_rows,
        split=split,
        training_data=learned,
    )
    for earlier in same.select_related("job"):
        if earlier.job.is_active or (earlier.job.state == State.SUCCEEDED and _is_current(earlier)):
            return earlier
    evaluation = Evaluation(
        workspace=workspace,
        created_by=actor,
        number=next_number(workspace, "evaluation"),
        dataset_version=dataset_version,
        model_version=model_version,
        max_rows=max_rows,
        split=split,
        training_data=learned,
    )
    evaluation.storage_key = f"evaluations/{evaluation.pk}"
    evaluation.job = _enqueue(actor, evaluation)
    evaluation.save()
    accelerator_quota.promise(evaluation.job, source=evaluation)
    audit.record(actor, "evaluation.started", evaluation)
    return evaluation


def _is_current(evaluation: Evaluation) -> bool:
    """Whether its figures were computed as this release computes them."""
    return bool(evaluation.result) and evaluation.result.get("scoring", 1) == SCORING_VERSION


def _held_training_data(data: DatasetVersion, given: DatasetVersion | None) -> DatasetVersion | None:
    """Return what a baseline learns from where `data` has no training rows. Raises UserError when nothing does."""
    if data.is_trainable:
        return None
    held = datasets.hold_version(given) if given else None
    if held is None or not held.is_trainable or held.workspace_id != data.workspace_id:
        raise UserError(
            _(
                "This data is for testing only, but a baseline needs training rows. Choose a model as well. The baseline then uses the training data of that model."
            ),
            field="model",
        )
    if held.task_type != data.task_type:
        raise UserError(
            _("The training data of the baseline has another task. Choose a model of the same task."),
            field="model",
        )
    return held


def _check(
    dataset_version: DatasetVersion, model_version: ModelVersion | None, split: EvaluatedSplit
) -> None:
    if not dataset_version.is_ready:
        raise UserError(_("This data version is not ready yet."), field="data")
    if not dataset_version.rows_of(split):
        raise UserError(
            _("This data version has no rows of this split. Evaluate on all rows instead."), field="split"
        )
    if model_version is None:
        return
    if not model_version.is_ready:
        raise UserError(_("This model is not ready yet because its run has not ended."), field="model")
    if model_version.workspace_id != dataset_version.workspace_id:
        raise UserError(_("Model and data belong to different workspaces."), field="model")
    if Family(model_version.family) not in dataset_version.task.families:
        raise UserError(
            _("“%(model)s” does not support the task of this data (%(task)s). Choose another model.")
            % {"model": model_version.name, "task": dataset_version.get_task_type_display()},
            field="model",
        )
    if model_version.labels and not set(dataset_version.labels) & set(model_version.labels):
        raise UserError(
            _(
                "The model knows none of the labels of this data. The data has “%(data)s”, and the model has “%(model)s”."
            )
            % {"data": dataset_version.labels[0], "model": model_version.labels[0]},
            field="model",
        )


def _enqueue(actor: User, evaluation: Evaluation) -> Job:
    version, model = evaluation.dataset_version, evaluation.model_version
    inputs = {"data": version.storage_key}
    learned = evaluation.training_data
    if model:
        inputs["model"] = model.storage_key
        learned = model.dataset_version
    if learned and learned.is_trainable and learned.pk != version.pk:
        inputs["train"] = learned.storage_key
    spec = EvaluationSpec(
        inputs=inputs,
        output=evaluation.storage_key,
        task_type=version.task_type,
        family=Family(model.family) if model else None,
        subject="model" if model else "trivial",
        split=cast("EvaluatedSplit", evaluation.split),
        max_rows=evaluation.max_rows,
        labels=model.labels if model and model.labels else version.labels,
        learned_from_train=_learned_from(model, version, inputs),
    )
    return jobs.enqueue(
        actor=actor,
        workspace=evaluation.workspace,
        kind=EVALUATION,
        title=Text("jobs.title_evaluation", what=evaluation),
        spec=spec,
    )


def _learned_from(model: ModelVersion | None, data: DatasetVersion, inputs: dict[str, str]) -> bool:
    """Whether the rows that the worker takes for training rows are those that the model, or the baseline, learned from."""
    if model is None:
        return True
    return model.kind == ModelVersion.Kind.TUNED and (
        "train" in inputs or (data.is_trainable and model.dataset_version_id == data.pk)
    )


@transaction.atomic
def compare(*, actor: User, evaluations: Sequence[Evaluation], name: str = "") -> Comparison:
    """Compare evaluations of one test set; the first is what the others are measured against.

    The comparison begins when the last of them is done. Raises UserError for fewer than two, or for several test sets.
    """
    if not 2 <= len(evaluations) <= MOST_COMPARED:
        raise UserError(_("Choose between 2 and %(n)d evaluations to compare.") % {"n": MOST_COMPARED})
    if len({evaluation.pk for evaluation in evaluations}) < len(evaluations):
        raise UserError(_("Choose each evaluation once."))
    first = evaluations[0]
    access.require(actor, first.workspace, Action.EDIT)
    if len({(e.dataset_version_id, e.split) for e in evaluations}) > 1:
        raise UserError(
            _(
                "These evaluations used different test sets, so their results cannot be compared. Evaluate the models on the same data version first."
            )
        )
    if any(evaluation.result and not _is_current(evaluation) for evaluation in evaluations):
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
    _begin_when_ready(comparison)
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
    """As tables show them: what models were before training, what they became, the simple baseline."""
    rank = {"base": 0, "tuned": 1, "trivial": 2}
    return sorted(evaluations, key=lambda evaluation: (rank[evaluation.kind], evaluation.number))


@transaction.atomic
def evaluate_together(
    *,
    actor: User,
    dataset_version: DatasetVersion,
    models: Sequence[ModelVersion | None],
    max_rows: int | None = None,
    split: EvaluatedSplit = "test",
) -> Evaluation | Comparison:
    """Evaluate all or, when one of them is refused, none; several are compared as well.

    The baseline learns from the training data of the first tuned model, where the data itself is for testing only.
    """
    learned = next((m.dataset_version for m in models if m and m.kind == ModelVersion.Kind.TUNED), None)
    several = len(models) > 1
    evaluations = [
        evaluate(
            actor=actor,
            dataset_version=dataset_version,
            model_version=model,
            max_rows=rows_to_answer(model, dataset_version, split, max_rows) if several else max_rows,
            split=split,
            training_data=learned,
        )
        for model in models
    ]
    if len(evaluations) == 1:
        return evaluations[0]
    return compare(actor=actor, evaluations=in_order(evaluations))


def rows_to_answer(
    model: ModelVersion | None, data: DatasetVersion, split: EvaluatedSplit, max_rows: int | None
) -> int | None:
    """Return how many rows a model samples in a comparison; None: all.

    Random weights answer nonsense at great length: of a starter a few rows show that.
    """
    is_random = model is not None and model.kind == ModelVersion.Kind.BASE and model.is_starter
    if is_random and model.family != Family.CLASSIFIER:  # type: ignore[union-attr]
        max_rows = min(max_rows or STARTER_ROWS, STARTER_ROWS)
    return max_rows if max_rows and max_rows < data.rows_of(split) else None


@transaction.atomic
def compare_with_base(*, actor: User, model_version: ModelVersion, all_rows: bool = False) -> Comparison:
    """Evaluate a tuned model, its base and the simple baseline on the test split, and compare the three.

    Of a large test split SAMPLE_ROWS are sampled, unless `all_rows` is asked for.
    """
    access.require(actor, model_version.workspace, Action.EDIT)
    data, base = model_version.dataset_version, model_version.parent
    if data is None or base is None:
        raise UserError(
            _("The training data of this model is no longer known. Choose the data and the models yourself.")
        )
    most = None if all_rows else SAMPLE_ROWS
    evaluations = [
        evaluate(
            actor=actor,
            dataset_version=data,
            model_version=version,
            max_rows=rows_to_answer(version, data, "test", most),
        )
        for version in (base, model_version, None)
    ]
    return compare(
        actor=actor,
        evaluations=evaluations,
        name=_("%(model)s and its base model") % {"model": model_version.name},
    )


def take_evaluation(job: Job) -> None:
    """Keep the result, and begin the comparisons that were waiting for it."""
    evaluation = Evaluation.objects.get(job=job)
    evaluation.result = job.result
    evaluation.save(update_fields=["result"])
    _count_stored(evaluation)
    for comparison in evaluation.comparisons.filter(job=None):
        _begin_when_ready(comparison)


def _begin_when_ready(comparison: Comparison) -> None:
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


def take_comparison(job: Job) -> None:
    comparison = Comparison.objects.get(job=job)
    comparison.result = job.result
    comparison.save(update_fields=["result"])
    _count_stored(comparison)


def _count_stored(made: Evaluation | Comparison) -> None:
    """What its job has left is counted, regardless of the limit."""
    usage.set_stored(workspace=made.workspace, source=made, amount=storage().size(made.storage_key))


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
