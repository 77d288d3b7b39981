"""Start evaluations."""

from typing import cast

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.catalog import services as catalog
from apps.catalog.models import ModelVersion
from apps.core.errors import UserError
from apps.datasets.models import DatasetVersion
from apps.datasets.services import keeping as datasets
from apps.evaluation.models import Evaluation
from apps.jobs import accelerator_quota
from apps.jobs import services as jobs
from apps.jobs.models import Job
from apps.jobs.states import State
from apps.workspaces import access, audit
from apps.workspaces.access import Action
from apps.workspaces.numbering import next_number
from workers.contracts.baselines import Baseline, baselines_of
from workers.contracts.families import Family
from workers.contracts.job_kinds.evaluation import EVALUATION, EvaluatedSplit, EvaluationSpec
from workers.contracts.metrics import SCORING_VERSION
from workers.contracts.texts import Text

STARTER_ROWS = 100
"""Rows that a model of random weights answers in a comparison."""
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
    baseline: str = "",
) -> Evaluation:
    """Evaluate a model version (None: the simple baseline of this name, or the task's first) on a split, or on all rows.

    `max_rows` are sampled; None: every row. A baseline learns from the training rows of the data, or, where the data is
    for testing only, from those of `training_data`. One that is done, or under way, on the same rows is returned instead
    of a second one. Raises UserError when the data or the model is not ready, or they do not fit each other; OverQuota
    when the workspace has no training hours left.
    """
    access.require(actor, dataset_version.workspace, Action.EDIT)
    subject = model_version or _baseline(dataset_version, baseline)
    return start_evaluation(actor, dataset_version, subject, max_rows, split, training_data)


def _baseline(dataset_version: DatasetVersion, name: str) -> Baseline:
    """Return the baseline of this name, or the task's first. Raises UserError when the task has none of this name."""
    offered = {baseline.name: baseline for baseline in baselines_of(dataset_version.task)}
    if name and name not in offered:
        raise UserError(
            _("“%(name)s” is no baseline of this task. Its baselines: %(offered)s.")
            % {"name": name, "offered": ", ".join(offered)},
            field="baseline",
        )
    return offered[name] if name else next(iter(offered.values()))


def start_evaluation(
    actor: User,
    dataset_version: DatasetVersion,
    subject: ModelVersion | Baseline,
    max_rows: int | None,
    split: EvaluatedSplit = "test",
    training_data: DatasetVersion | None = None,
) -> Evaluation:
    """As `evaluate`, for a service that has checked that the actor may edit the workspace of the data."""
    workspace = dataset_version.workspace
    # Held against being deleted meanwhile; and of a button pressed twice, the second press waits here for the first.
    dataset_version = datasets.hold_version(dataset_version)
    model_version, baseline = (
        (None, subject.name) if isinstance(subject, Baseline) else (catalog.hold_version(subject), "")
    )
    _check(dataset_version, model_version, split)
    learned = None if model_version else _held_training_data(dataset_version, training_data)
    same = Evaluation.objects.in_workspace(workspace).filter(
        dataset_version=dataset_version,
        model_version=model_version,
        baseline=baseline,
        max_rows=max_rows,
        split=split,
        training_data=learned,
    )
    for earlier in same.select_related("job"):
        if earlier.job.is_active or (earlier.job.state == State.SUCCEEDED and is_current(earlier)):
            return earlier
    evaluation = Evaluation(
        workspace=workspace,
        created_by=actor,
        number=next_number(workspace, "evaluation"),
        dataset_version=dataset_version,
        model_version=model_version,
        baseline=baseline,
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


def is_current(evaluation: Evaluation) -> bool:
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
        baseline=evaluation.baseline,
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


def rows_to_answer(
    subject: ModelVersion | Baseline, data: DatasetVersion, split: EvaluatedSplit, max_rows: int | None
) -> int | None:
    """Return how many rows a model or baseline samples in a comparison; None: all.

    Random weights answer nonsense at great length: of a starter a few rows show that.
    """
    if (
        isinstance(subject, ModelVersion)
        and subject.kind == ModelVersion.Kind.BASE
        and subject.is_starter
        and Family(subject.family) in (Family.CAUSAL, Family.SEQ2SEQ)
    ):
        max_rows = min(max_rows or STARTER_ROWS, STARTER_ROWS)
    return max_rows if max_rows and max_rows < data.rows_of(split) else None
