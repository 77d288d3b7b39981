"""Reads of datasets, imports and versions."""

from __future__ import annotations

from typing import Self

from django.db.models import Prefetch, Q, Sum

from apps.jobs.models import ACTIVE
from apps.workspaces.querysets import InWorkspaceQuerySet


class DatasetQuerySet(InWorkspaceQuerySet):
    def current(self) -> Self:
        return self.filter(archived_at=None)

    def for_list(self) -> Self:
        """With versions, imports and their jobs, newest first, in a fixed number of queries and without big results."""
        from apps.datasets.models import DatasetVersion, Import

        versions = DatasetVersion.objects.select_related("job").defer(*_BIG, "roles").order_by("-number")
        imports = Import.objects.select_related("job").defer(*_BIG).order_by("-created_at")
        return self.prefetch_related(Prefetch("versions", versions), Prefetch("imports", imports))


_BIG = ("result", "job__spec", "job__result", "job__error_trace")


class ImportQuerySet(InWorkspaceQuerySet):
    def bytes(self) -> int:
        """Disk taken by uploaded files."""
        return self.aggregate(total=Sum("source_bytes"))["total"] or 0


class DatasetVersionQuerySet(InWorkspaceQuerySet):
    def ready(self) -> Self:
        """Frozen: their rows are written and will not change; and nobody deleted them."""
        return self.filter(rows_train__gt=0, files_deleted_at=None)

    def standing(self) -> Self:
        """Frozen, or being frozen: those whose job did not fail."""
        return self.filter(Q(rows_train__gt=0) | Q(job__state__in=ACTIVE))

    def current(self) -> Self:
        return self.ready().filter(dataset__archived_at=None)
