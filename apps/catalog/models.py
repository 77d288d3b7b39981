"""Where training starts (BaseModel) and what it leaves (ModelVersion)."""

from typing import Any

from django.db import models
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.catalog.querysets import BaseModelQuerySet, ModelVersionQuerySet
from apps.datasets.models import DatasetVersion, task_choices
from apps.jobs.models import Job
from apps.workspaces.models import InWorkspace
from apps.workspaces.querysets import InWorkspaceQuerySet
from workers.contracts.families import Family
from workers.contracts.metrics import METRICS, MetricInfo
from workers.contracts.recipes import Base, FolderBase, HubBase, UploadBase
from workers.contracts.tasks import TASKS, Task

FAMILY_LABELS = {
    Family.CAUSAL: _("Causal language model"),
    Family.SEQ2SEQ: _("Encoder and decoder"),
    Family.CLASSIFIER: _("Classifier"),
    Family.LINEAR: _("Linear classifier"),
    Family.ENCODER: _("Encoder"),
}


def family_choices() -> list[tuple[str, Promise]]:
    """Return the families with their labels, for model fields. A function, so that a new family needs no migration."""
    return [(family.value, label) for family, label in FAMILY_LABELS.items()]


UPLOADS_FOLDER = "bases"


class BaseModel(InWorkspace):
    """A model from elsewhere that the workspace brought: a Hub id, a folder on the workers' disk, or an uploaded archive.

    `location` of an upload is the name of its file. Bundled starters need no row: they are made from the dataset they are trained on.
    """

    class Kind(models.TextChoices):
        HUB = "hub", _("Hub")
        FOLDER = "folder", _("Folder")
        UPLOAD = "upload", _("Upload")

    kind = models.CharField(_("from"), max_length=10, choices=Kind.choices)
    name = models.CharField(_("name"), max_length=150)
    family = models.CharField(_("family"), max_length=20, choices=family_choices)
    location = models.CharField(_("Hub id or folder"), max_length=500)
    revision = models.CharField(_("revision"), max_length=100, blank=True, default="main")
    model_type = models.CharField(_("model type"), max_length=60, blank=True)
    """As its config.json says; empty where the site has not read that."""
    bytes = models.BigIntegerField(_("bytes"), default=0)
    """Of the files of an upload; 0 once they are deleted."""
    archived_at = models.DateTimeField(_("archived"), null=True, blank=True)

    objects = BaseModelQuerySet.as_manager()

    class Meta:
        verbose_name = _("base model")
        verbose_name_plural = _("base models")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def choice(self) -> str:
        """How the wizard and the API name it (apps.training.bases)."""
        return f"base:{self.pk}"

    @property
    def base(self) -> Base:
        family = Family(self.family)
        if self.kind == self.Kind.HUB:
            return HubBase(family=family, repo_id=self.location, revision=self.revision or "main")
        if self.kind == self.Kind.UPLOAD:
            return UploadBase(family=family, upload=str(self.pk))
        return FolderBase(family=family, path=self.location)

    @property
    def is_upload(self) -> bool:
        return bool(self.kind == self.Kind.UPLOAD)

    @property
    def files_key(self) -> str:
        """Where the files of an upload lie in storage."""
        return f"{UPLOADS_FOLDER}/{self.pk}"


class ModelVersion(InWorkspace):
    """A model folder in storage (workers.contracts.model_folder), with its lineage.

    `kind` base: the weights before training, as pre-flight left them. `bytes` is 0 until the files are there, and again
    when they were deleted; the row stays for the lineage of what was made from it.
    """

    class Kind(models.TextChoices):
        BASE = "base", _("Base")
        TUNED = "tuned", _("Tuned")

    number = models.PositiveIntegerField(_("number"))
    name = models.CharField(_("name"), max_length=150)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    family = models.CharField(_("family"), max_length=20, choices=family_choices)
    task_type = models.CharField(_("task"), max_length=20, choices=task_choices)
    origin: Any = models.JSONField(_("origin"))
    """The Base it came from (workers.contracts.recipes.Base)."""
    origin_label = models.CharField(_("origin"), max_length=200)
    parent = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="children")
    """The version that training started from."""
    dataset_version = models.ForeignKey(
        DatasetVersion, models.SET_NULL, null=True, blank=True, related_name="model_versions"
    )
    storage_key = models.CharField(max_length=300)
    bytes = models.BigIntegerField(_("bytes"), default=0)
    parameters = models.BigIntegerField(_("parameters"), default=0)
    context_length = models.PositiveIntegerField(_("context length"), default=0)
    labels: Any = models.JSONField(_("labels"), default=list, blank=True)
    precision = models.CharField(_("precision"), max_length=10, blank=True)
    notes = models.TextField(_("notes"), blank=True)
    archived_at = models.DateTimeField(_("archived"), null=True, blank=True)
    files_deleted_at = models.DateTimeField(_("files deleted"), null=True, blank=True)

    objects = ModelVersionQuerySet.as_manager()

    class Meta:
        verbose_name = _("model version")
        verbose_name_plural = _("model versions")
        ordering = ["-created_at"]
        constraints = [models.UniqueConstraint(fields=["workspace", "number"], name="catalog_version_number")]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("catalog:detail", args=[self.pk])

    @property
    def choice(self) -> str:
        """How the wizard and the API name it as a base (apps.training.bases)."""
        return f"version:{self.pk}"

    @property
    def is_ready(self) -> bool:
        return self.bytes > 0

    @property
    def task(self) -> Task:
        return TASKS[self.task_type]

    @property
    def headline(self) -> tuple[MetricInfo, dict[str, Any]] | None:
        """That of the newest finished evaluation on a test split; for rows of `ModelVersionQuerySet.for_list`."""
        return self._headline_in(self.newest_metrics)  # type: ignore[attr-defined]

    def headline_of(self, evaluation: Any) -> tuple[MetricInfo, dict[str, Any]] | None:
        """The deciding metric of one of its evaluations, with its MetricValue; None while there is no result."""
        return self._headline_in(evaluation.result["metrics"] if evaluation and evaluation.result else None)

    def _headline_in(self, metrics: dict[str, Any] | None) -> tuple[MetricInfo, dict[str, Any]] | None:
        known = metrics or {}
        name = next((name for name in self.task.metrics if name in known), None)
        return (METRICS[name], known[name]) if name else None

    @property
    def answers(self) -> bool:
        """Whether apps can serve it; else it is a base model for others."""
        return self.task.answers(self.family)

    @property
    def is_starter(self) -> bool:
        return bool(self.origin.get("kind") == "starter")


class Export(InWorkspace):
    """A model version packed for download."""

    model_version = models.ForeignKey(ModelVersion, models.CASCADE, related_name="exports")
    job = models.OneToOneField(Job, models.PROTECT, related_name="export")
    storage_key = models.CharField(max_length=300)
    result: Any = models.JSONField(null=True, blank=True)
    """ExportResult, once packed."""

    objects = InWorkspaceQuerySet.as_manager()

    class Meta:
        verbose_name = _("export")
        verbose_name_plural = _("exports")
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return str(self.model_version)

    @property
    def file_key(self) -> str:
        """Where the finished archive lies."""
        return f"{self.storage_key}/{self.result['filename']}"
