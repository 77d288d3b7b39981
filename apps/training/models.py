"""A pre-flight says what a run would do; a run does it and leaves a ModelVersion."""

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.catalog.models import BaseModel, ModelVersion
from apps.datasets.models import DatasetVersion
from apps.jobs.models import Job
from apps.jobs.states import State
from apps.workspaces.models import InWorkspace
from apps.workspaces.querysets import InWorkspaceQuerySet
from workers.contracts.recipes import Length


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
        return self.job.state == State.SUCCEEDED and self.result is not None and bool(self.job.checkpoint_key)

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
