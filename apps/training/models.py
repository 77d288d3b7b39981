"""A pre-flight says what a run would do; a run does it and leaves a ModelVersion. A sweep is a series of runs."""

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.catalog.models import BaseModel, ModelVersion
from apps.core.models import Identified
from apps.core.texts import StoredTextField
from apps.datasets.models import DatasetVersion
from apps.jobs.models import Job
from apps.jobs.states import State, StopReason
from apps.workspaces.models import InWorkspace
from apps.workspaces.querysets import InWorkspaceQuerySet
from workers.contracts.objectives import OBJECTIVES
from workers.contracts.recipes import Length

COMPLETE = ("finished", "early_stopping", "time")
"""Endings of a run that did what it was to do. Others cut a trial short."""


MOST_TRIALS = 200
"""Of a sweep. More find little, and each is a row of its page."""


class Preflight(InWorkspace):
    """The wizard's three answers, and what came of looking at them.

    `request_hash` names data version, base, length and recipe: the same question is answered from the same row.
    """

    dataset_version = models.ForeignKey(DatasetVersion, models.CASCADE, related_name="preflights")
    base: Any = models.JSONField(_("base"))
    """workers.contracts.recipes.Base, as chosen."""
    base_label = models.CharField(_("base"), max_length=200)
    base_model = models.ForeignKey(BaseModel, models.SET_NULL, null=True, blank=True, related_name="+")
    base_version = models.ForeignKey(ModelVersion, models.SET_NULL, null=True, blank=True, related_name="+")
    """The version that the run will start from: chosen, or made by this pre-flight."""
    length = models.CharField(_("how long"), max_length=10, choices=[(v.value, v.value) for v in Length])
    recipe: Any = models.JSONField(_("recipe"), default=dict)
    """What the person set by hand; everything else is chosen by the worker."""
    request_hash = models.CharField(max_length=64, db_index=True)
    job = models.OneToOneField(Job, models.PROTECT, related_name="preflight")
    result: Any = models.JSONField(null=True, blank=True)
    """PreflightResult, once done."""

    objects = InWorkspaceQuerySet.as_manager()

    class Meta:
        verbose_name = _("pre-flight")
        verbose_name_plural = _("pre-flights")
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.dataset_version}, {self.base_label}"

    @property
    def blocks(self) -> list[dict[str, Any]]:
        return [finding for finding in (self.result or {}).get("findings", []) if finding["blocks"]]


class Run(InWorkspace):
    """One training; its state is its job's."""

    number = models.PositiveIntegerField(_("number"))
    name = models.CharField(_("name"), max_length=150)
    dataset_version = models.ForeignKey(DatasetVersion, models.PROTECT, related_name="runs")
    preflight = models.ForeignKey(Preflight, models.PROTECT, related_name="runs")
    base_version = models.ForeignKey(ModelVersion, models.PROTECT, related_name="runs_from")
    model_version = models.OneToOneField(ModelVersion, models.PROTECT, related_name="run")
    """What it leaves; its bytes are 0 until the run has ended with a result."""
    recipe: Any = models.JSONField(_("recipe"))
    """The complete Recipe, automatic values filled in."""
    job = models.OneToOneField(Job, models.PROTECT, related_name="run")
    result: Any = models.JSONField(null=True, blank=True)
    """RunResult, once ended."""
    planned_steps = models.PositiveIntegerField(_("planned steps"), default=0)
    """Counted from the first run's beginning where this one continues another; 0 for runs of earlier releases."""
    continues = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="continued_by",
        verbose_name=_("continues"),
    )
    """The run whose last checkpoint this one begins with."""

    loss_curve: Any = models.JSONField(_("loss curve"), null=True, blank=True)
    """The training loss of an ended run in a few values, for lists. None while it is in progress."""

    objects = InWorkspaceQuerySet.as_manager()

    class Meta:
        verbose_name = _("run")
        verbose_name_plural = _("runs")
        ordering = ["-created_at"]
        constraints = [models.UniqueConstraint(fields=["workspace", "number"], name="training_run_number")]

    def __str__(self) -> str:
        return self.name

    @property
    def can_continue(self) -> bool:
        """Whether more epochs or minutes can be added: it left a model, and its last checkpoint is still there."""
        is_kept = self.result is not None and bool(self.job.checkpoint_key)
        return self.job.state == State.SUCCEEDED and is_kept and not self.learns_at_once

    @property
    def learns_at_once(self) -> bool:
        """Whether there are no steps, and nothing to continue."""
        objective = OBJECTIVES.get(str((self.recipe.get("objective") or {}).get("kind")))
        return objective is not None and objective.learns_at_once

    @property
    def steps_left(self) -> int:
        """Planned steps that an ended run did not get to."""
        result = self.result or {}
        return max(0, result.get("planned_steps", 0) - result.get("steps", 0))

    @property
    def kept_last(self) -> bool:
        """Whether the result is the last step's: there was no best to keep, or it was not wanted."""
        result = self.result or {}
        return not result["recipe"]["keep_best"] or result["validation_loss"] is None if result else False


class SweepMetric(models.TextChoices):
    """What trials are compared by; each is a figure of the validation rows and of a RunResult."""

    LOSS = "validation_loss", _("Validation loss")
    ACCURACY = "validation_accuracy", _("Validation accuracy")

    @property
    def is_higher_better(self) -> bool:
        return self is SweepMetric.ACCURACY


class SweepEnding(models.TextChoices):
    """Why a sweep starts no more trials."""

    TRIALS = "trials", _("All trials have ended.")
    MINUTES = "minutes", _("The time budget is used up.")
    STOPPED = "stopped", _("A member stopped the sweep.")
    HOURS = "hours", _("The training hours of this workspace are used up for this month.")
    FAILURES = "failures", _("Several trials in a row failed.")
    REFUSED = "refused", _("The next trial could not be started.")


class Sweep(InWorkspace):
    """A series of runs, its trials, that differ in some settings. Its state is in its rows alone: the search for the next
    settings is rebuilt from them each time.
    """

    number = models.PositiveIntegerField(_("number"))
    name = models.CharField(_("name"), max_length=100)
    preflight = models.ForeignKey(Preflight, models.CASCADE, related_name="sweeps")
    """Its data, its base and every setting that is not varied."""
    space: Any = models.JSONField(_("varied settings"))
    """Name of each varied setting to its Range or Choices (apps.training.sweeps.space)."""
    metric = models.CharField(_("metric"), max_length=20, choices=SweepMetric.choices)
    most_trials = models.PositiveIntegerField(_("trials"), null=True, blank=True)
    max_minutes = models.FloatField(_("time budget (minutes)"), null=True, blank=True)
    """Of all trials together, without the time that they wait in the queue."""
    prunes = models.BooleanField(_("pruning"), default=True)
    seed = models.PositiveBigIntegerField(_("seed"))
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    ending = models.CharField(_("ended because"), max_length=10, choices=SweepEnding.choices, blank=True)
    ending_detail = StoredTextField(_("details"), blank=True)
    importances: Any = models.JSONField(_("importances"), default=dict, blank=True)
    """Share of each setting in how the trials differ; empty while there are too few."""

    objects = InWorkspaceQuerySet.as_manager()

    class Meta:
        verbose_name = _("sweep")
        verbose_name_plural = _("sweeps")
        ordering = ["-created_at"]
        constraints = [models.UniqueConstraint(fields=["workspace", "number"], name="training_sweep_number")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_active(self) -> bool:
        return self.ended_at is None

    @property
    def maximizes(self) -> bool:
        return SweepMetric(self.metric).is_higher_better


class Trial(Identified):
    """A run of a sweep, and the values of the settings that the sweep varies."""

    sweep = models.ForeignKey(Sweep, models.CASCADE, related_name="trials", verbose_name=_("sweep"))
    run = models.OneToOneField(Run, models.CASCADE, related_name="trial", verbose_name=_("run"))
    number = models.PositiveIntegerField(_("number"))
    values: Any = models.JSONField(_("settings"))

    class Meta:
        verbose_name = _("trial")
        verbose_name_plural = _("trials")
        ordering = ["sweep", "number"]
        constraints = [models.UniqueConstraint(fields=["sweep", "number"], name="training_trial_number")]

    def __str__(self) -> str:
        return f"{self.sweep}, {self.number}"

    @property
    def is_pruned(self) -> bool:
        return self.run.job.stopped_for == StopReason.PRUNED

    @property
    def value(self) -> float | None:
        """The metric of the kept checkpoint; None until the run has left one."""
        found = (self.run.result or {}).get(self.sweep.metric)
        return None if found is None else float(found)

    @property
    def is_complete(self) -> bool:
        """Whether it went through its plan, so that its value can be compared."""
        ending = (self.run.result or {}).get("stopped")
        return self.run.job.state == State.SUCCEEDED and ending in COMPLETE and self.value is not None
