"""A dataset, its imports (a source on its way in) and its versions (frozen, never changed)."""

from typing import Any

from django.db import models
from django.db.models import Sum
from django.urls import reverse
from django.utils.functional import Promise, cached_property
from django.utils.translation import gettext_lazy as _

from apps.datasets.querysets import DatasetQuerySet, DatasetVersionQuerySet, ImportQuerySet
from apps.jobs.models import Job
from apps.workspaces.models import InWorkspace
from workers.contracts.job_kinds.evaluation import EvaluatedSplit
from workers.contracts.job_kinds.freezing import FreezeResult
from workers.contracts.job_kinds.importing import ImportResult
from workers.contracts.roles import Role
from workers.contracts.tasks import TASKS, Task


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

    def get_absolute_url(self) -> str:
        return reverse("datasets:detail", args=[self.pk])

    @cached_property
    def bytes(self) -> int:
        """Disk taken by its uploads and versions; parsed rows in between are not counted."""
        uploads = self.imports.aggregate(sum=Sum("source_bytes"))["sum"] or 0
        return uploads + (self.versions.aggregate(sum=Sum("bytes"))["sum"] or 0)

    @cached_property
    def latest(self) -> "DatasetVersion | None":
        """The newest version that is ready; one that can be trained on before a test set."""
        return self.versions.ready().select_related("job").trainable_first().first()

    @cached_property
    def newest_version(self) -> "DatasetVersion | None":
        return self.versions.select_related("job").order_by("-number").first()

    @cached_property
    def open_import(self) -> "Import | None":
        """The newest upload, while it has not become a version: being read, waiting for its columns, or failed."""
        newest = self.imports.select_related("job").order_by("-created_at").first()
        return newest if newest and not newest.files_deleted_at and not newest.versions.exists() else None

    @property
    def newest_job(self) -> Job | None:
        """The job whose state is the dataset's."""
        if self.open_import:
            return self.open_import.job
        return self.newest_version.job if self.newest_version else None


class Import(InWorkspace):
    """A source turned into parsed rows and a proposal; confirming it freezes a DatasetVersion."""

    dataset = models.ForeignKey(Dataset, models.CASCADE, related_name="imports")
    filename = models.CharField(_("file"), max_length=255)
    source_key = models.CharField(max_length=300)
    source_bytes = models.BigIntegerField(_("bytes"))
    source_sha256 = models.CharField(max_length=64)
    address_encrypted = models.TextField(blank=True, editable=False)
    """Where the source is still to be fetched from; empty for uploads, and once it is here."""
    rows_key = models.CharField(max_length=300)
    job = models.OneToOneField(Job, models.PROTECT, related_name="dataset_import")
    result: Any = models.JSONField(null=True, blank=True)
    """ImportResult, once parsed."""
    reading: Any = models.JSONField(_("reading"), default=dict, blank=True)
    """How a person wants it read: `encoding`, `part`; the `parts` there are, and how often it was read (`times`)."""
    files_deleted_at = models.DateTimeField(_("files deleted"), null=True, blank=True)

    objects = ImportQuerySet.as_manager()

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.filename

    @property
    def parsed(self) -> ImportResult | None:
        return ImportResult.model_validate(self.result) if self.result else None


def task_choices() -> list[tuple[str, Promise]]:
    """Names and labels of all tasks, in their order."""
    return [(task.name, _(task.label)) for task in TASKS.values()]


class DatasetVersion(InWorkspace):
    """Frozen rows with roles and splits. Its counts of rows are 0 until its job has written them."""

    dataset = models.ForeignKey(Dataset, models.CASCADE, related_name="versions")
    source = models.ForeignKey(Import, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField(_("number"))
    task_type = models.CharField(_("task"), max_length=20, choices=task_choices)
    roles: Any = models.JSONField(_("column roles"))
    storage_key = models.CharField(max_length=300)
    job = models.OneToOneField(Job, models.PROTECT, related_name="dataset_version")
    result: Any = models.JSONField(null=True, blank=True)
    """FreezeResult, once frozen."""
    rows_train = models.PositiveIntegerField(_("training rows"), default=0)
    rows_validation = models.PositiveIntegerField(_("validation rows"), default=0)
    rows_test = models.PositiveIntegerField(_("test rows"), default=0)
    bytes = models.BigIntegerField(_("bytes"), default=0)
    files_deleted_at = models.DateTimeField(_("files deleted"), null=True, blank=True)
    """When its rows were deleted; the row stays for what was made from them."""

    objects = DatasetVersionQuerySet.as_manager()

    class Meta:
        verbose_name = _("dataset version")
        verbose_name_plural = _("dataset versions")
        ordering = ["-created_at"]
        constraints = [models.UniqueConstraint(fields=["dataset", "number"], name="datasets_version_number")]

    def __str__(self) -> str:
        return f"{self.dataset.name} v{self.number}"

    def get_absolute_url(self) -> str:
        return f"{reverse('datasets:detail', args=[self.dataset_id])}?version={self.number}"

    @property
    def is_ready(self) -> bool:
        """Whether its rows are frozen, and still there."""
        return self.rows > 0 and self.files_deleted_at is None

    @property
    def is_trainable(self) -> bool:
        """Whether it is ready and has rows to train on: a test set has none."""
        return self.is_ready and self.rows_train > 0

    @property
    def is_test_set(self) -> bool:
        return self.is_ready and self.rows_train == 0

    @property
    def rows(self) -> int:
        return self.rows_train + self.rows_validation + self.rows_test

    def rows_of(self, split: EvaluatedSplit) -> int:
        counts = {"train": self.rows_train, "validation": self.rows_validation, "test": self.rows_test}
        return self.rows if split == "all" else counts[split]

    @property
    def task(self) -> Task:
        return TASKS[self.task_type]

    @property
    def given_roles(self) -> frozenset[Role]:
        """The roles that its columns have."""
        return frozenset(map(Role, self.roles.values()))

    @property
    def has_preferences(self) -> bool:
        """Whether each row has a rejected answer as well."""
        return Role.REJECTED in self.given_roles

    @property
    def has_ratings(self) -> bool:
        """Whether each answer is rated good or bad, and bad ones are kept."""
        return Role.FEEDBACK in self.given_roles

    @property
    def frozen(self) -> FreezeResult | None:
        return FreezeResult.model_validate(self.result) if self.result else None

    @property
    def labels(self) -> list[str]:
        """Class names, sorted, for classification; empty otherwise."""
        return sorted((self.result or {}).get("labels", {}))
