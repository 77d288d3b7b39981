"""A dataset, its imports (a source on its way in) and its versions (frozen, never changed)."""

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.jobs.models import Job
from apps.workspaces.models import InWorkspace
from apps.workspaces.querysets import InWorkspaceQuerySet
from workers.contracts.task_types import TASKS, TaskInfo, TaskType


class DatasetQuerySet(InWorkspaceQuerySet):
    def current(self) -> "DatasetQuerySet":
        return self.filter(archived_at=None)


class Dataset(InWorkspace):
    number = models.PositiveIntegerField(_("number"))
    name = models.CharField(_("name"), max_length=150)
    description = models.TextField(_("description"), blank=True)
    archived_at = models.DateTimeField(_("archived"), null=True, blank=True)

    objects = DatasetQuerySet.as_manager()

    class Meta:
        verbose_name = _("dataset")
        verbose_name_plural = _("datasets")
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(fields=["workspace", "number"], name="datasets_dataset_number")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def latest(self) -> "DatasetVersion | None":
        """The newest version that is ready."""
        return self.versions.exclude(rows_train=0).order_by("-number").first()


class Import(InWorkspace):
    """A source turned into parsed rows and a proposal; confirming it freezes a DatasetVersion."""

    dataset = models.ForeignKey(Dataset, models.CASCADE, related_name="imports")
    filename = models.CharField(_("file"), max_length=255)
    source_key = models.CharField(max_length=300)
    source_bytes = models.BigIntegerField(_("bytes"))
    source_sha256 = models.CharField(max_length=64)
    rows_key = models.CharField(max_length=300)
    job = models.OneToOneField(Job, models.PROTECT, related_name="dataset_import")
    result: Any = models.JSONField(null=True, blank=True)
    """ImportResult, once parsed."""

    objects = InWorkspaceQuerySet.as_manager()

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.filename


class DatasetVersion(InWorkspace):
    """Frozen rows with roles and splits. `rows_train` is 0 until its job has written them."""

    dataset = models.ForeignKey(Dataset, models.CASCADE, related_name="versions")
    source = models.ForeignKey(Import, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField(_("number"))
    task_type = models.CharField(
        _("teaches"), max_length=20, choices=[(t.value, TASKS[t].label) for t in TaskType]
    )
    roles: Any = models.JSONField(_("column roles"))
    storage_key = models.CharField(max_length=300)
    job = models.OneToOneField(Job, models.PROTECT, related_name="dataset_version")
    result: Any = models.JSONField(null=True, blank=True)
    """FreezeResult, once frozen."""
    rows_train = models.PositiveIntegerField(_("training rows"), default=0)
    rows_validation = models.PositiveIntegerField(_("validation rows"), default=0)
    rows_test = models.PositiveIntegerField(_("test rows"), default=0)
    bytes = models.BigIntegerField(_("bytes"), default=0)

    objects = InWorkspaceQuerySet.as_manager()

    class Meta:
        verbose_name = _("dataset version")
        verbose_name_plural = _("dataset versions")
        ordering = ["-created_at"]
        constraints = [models.UniqueConstraint(fields=["dataset", "number"], name="datasets_version_number")]

    def __str__(self) -> str:
        return f"{self.dataset.name} v{self.number}"

    @property
    def is_ready(self) -> bool:
        return self.rows_train > 0

    @property
    def rows(self) -> int:
        return self.rows_train + self.rows_validation + self.rows_test

    @property
    def task(self) -> TaskInfo:
        return TASKS[TaskType(self.task_type)]

    @property
    def labels(self) -> list[str]:
        """Class names, sorted, for classification; empty otherwise."""
        return sorted((self.result or {}).get("labels", {}))
