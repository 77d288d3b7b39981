"""What a model version says to rows it never saw, in numbers; and several of those side by side."""

from typing import Any

from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.catalog.models import ModelVersion
from apps.datasets.models import DatasetVersion
from apps.jobs.models import Job
from apps.workspaces.models import InWorkspace
from apps.workspaces.querysets import InWorkspaceQuerySet
from workers.contracts.baselines import BASELINES


class Evaluation(InWorkspace):
    """Every output is kept. Without a model version it is that of a simple baseline."""

    number = models.PositiveIntegerField(_("number"))
    dataset_version = models.ForeignKey(DatasetVersion, models.PROTECT, related_name="evaluations")
    model_version = models.ForeignKey(
        ModelVersion, models.CASCADE, null=True, blank=True, related_name="evaluations"
    )
    baseline = models.CharField(_("simple baseline"), max_length=50, blank=True)
    """Its name (workers/contracts/baselines); empty for a model."""
    training_data = models.ForeignKey(
        DatasetVersion,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="baselines",
        verbose_name=_("training data"),
    )
    """What a baseline learned from, where the evaluated data is for testing only."""
    split = models.CharField(_("split"), max_length=10, default="test")
    """train, validation, test, or all rows of the data."""
    max_rows = models.PositiveIntegerField(_("most rows"), null=True, blank=True)
    storage_key = models.CharField(max_length=300)
    job = models.OneToOneField(Job, models.PROTECT, related_name="evaluation")
    result: Any = models.JSONField(null=True, blank=True)
    """EvaluationResult, once done."""

    objects = InWorkspaceQuerySet.as_manager()

    class Meta:
        verbose_name = _("evaluation")
        verbose_name_plural = _("evaluations")
        ordering = ["-created_at"]
        constraints = [models.UniqueConstraint(fields=["workspace", "number"], name="evaluation_number")]

    def __str__(self) -> str:
        return f"{self.subject_label}: {self.dataset_version}"

    @property
    def subject_label(self) -> str:
        if self.model_version:
            return self.model_version.name
        baseline = BASELINES.get(self.baseline)
        return gettext(baseline.label) if baseline else gettext("Simple baseline")

    @property
    def kind(self) -> str:
        """base, tuned or trivial; decides the colour in every chart."""
        return self.model_version.kind if self.model_version else "trivial"


class Comparison(InWorkspace):
    """Any number of evaluations of one test set; the first is what the others are compared with."""

    number = models.PositiveIntegerField(_("number"))
    name = models.CharField(_("name"), max_length=200)
    dataset_version = models.ForeignKey(DatasetVersion, models.PROTECT, related_name="comparisons")
    evaluations: Any = models.ManyToManyField(
        Evaluation, through="ComparedEvaluation", related_name="comparisons"
    )
    storage_key = models.CharField(max_length=300)
    job = models.OneToOneField(Job, models.PROTECT, related_name="comparison", null=True, blank=True)
    """None while its evaluations are still under way."""
    result: Any = models.JSONField(null=True, blank=True)
    """ComparisonResult, once done."""

    objects = InWorkspaceQuerySet.as_manager()

    class Meta:
        verbose_name = _("comparison")
        verbose_name_plural = _("comparisons")
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(fields=["workspace", "number"], name="evaluation_comparison_number")
        ]

    def __str__(self) -> str:
        return self.name


class ComparedEvaluation(models.Model):
    comparison = models.ForeignKey(Comparison, models.CASCADE, related_name="compared")
    evaluation = models.ForeignKey(Evaluation, models.PROTECT, related_name="compared")
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["comparison", "evaluation"], name="evaluation_compared_once")
        ]

    def __str__(self) -> str:
        return f"{self.position}: {self.evaluation}"
