"""Reads of base models, model versions and exports."""

from __future__ import annotations

from typing import Self

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

    def for_list(self) -> Self:
        """With everything that a row of the list shows, in a fixed number of queries."""
        return self.select_related("dataset_version__dataset").prefetch_related("evaluations")
