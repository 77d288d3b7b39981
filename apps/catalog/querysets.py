"""Reads of base models, model versions and exports."""

from __future__ import annotations

from typing import Self

from django.db.models import OuterRef, Subquery

from apps.jobs.states import ACTIVE
from apps.workspaces.querysets import InWorkspaceQuerySet


class BaseModelQuerySet(InWorkspaceQuerySet):
    def current(self) -> Self:
        return self.filter(archived_at=None)


class ModelVersionQuerySet(InWorkspaceQuerySet):
    def ready(self) -> Self:
        """Those whose files are in storage: written, and not deleted since."""
        return self.exclude(bytes=0)

    def current(self) -> Self:
        return self.ready().filter(archived_at=None)

    def tuned(self) -> Self:
        return self.current().filter(kind="tuned")

    def being_trained(self) -> Self:
        """Those that a run is making, or waits to make."""
        return self.filter(bytes=0, files_deleted_at=None, run__job__state__in=ACTIVE)

    def for_list(self) -> Self:
        """With the data that it learned from, and the metrics of its newest finished evaluation on a test split."""
        evaluations = self.model._meta.get_field("evaluations").related_model.objects
        finished = evaluations.filter(model_version=OuterRef("pk"), split="test", result__isnull=False)
        newest = finished.order_by("-created_at").values("result__metrics")[:1]
        return self.select_related("dataset_version__dataset", "run").annotate(
            newest_metrics=Subquery(newest)
        )
