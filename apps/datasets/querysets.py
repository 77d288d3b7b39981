"""Reads of datasets, imports and versions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

from django.db.models import Case, Model, OuterRef, Q, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce

from apps.jobs.states import ACTIVE
from apps.workspaces.querysets import InWorkspaceQuerySet

if TYPE_CHECKING:
    from apps.datasets.models import Dataset


class DatasetQuerySet(InWorkspaceQuerySet):
    def current(self) -> Self:
        return self.filter(archived_at=None)

    def for_list(self) -> Self:
        """With the ids of the newest rows and the bytes that a list shows, each by a subquery of its own: what it costs
        does not depend on how many versions and imports a dataset has. `load_newest` fetches the rows of a page."""
        from apps.datasets.models import DatasetVersion, Import

        versions = DatasetVersion.objects.filter(dataset=OuterRef("pk")).order_by("-number")
        imports = Import.objects.filter(dataset=OuterRef("pk")).order_by("-created_at")
        opened = Import.objects.filter(pk=OuterRef("newest_import_id"), files_deleted_at=None, versions=None)
        return self.annotate(
            latest_id=Subquery(versions.ready().trainable_first().values("pk")[:1]),
            newest_version_id=Subquery(versions.values("pk")[:1]),
            newest_import_id=Subquery(imports.values("pk")[:1]),
            open_import_id=Subquery(opened.values("pk")[:1]),
            open_import_state=Subquery(opened.values("job__state")[:1]),
            newest_version_state=Subquery(versions.values("job__state")[:1]),
            stored_bytes=Coalesce(_sum(imports, "source_bytes"), 0) + Coalesce(_sum(versions, "bytes"), 0),
        )


def _sum(rows: QuerySet[Any], field: str) -> Subquery:
    """The sum of `field` over correlated `rows`."""
    return Subquery(rows.order_by().values("dataset").annotate(sum=Sum(field)).values("sum"))


_FROZEN = Q(rows_train__gt=0) | Q(rows_validation__gt=0) | Q(rows_test__gt=0)
_BIG = ("result", "job__spec", "job__result", "job__error_trace")


def load_newest(datasets: Sequence[Dataset]) -> None:
    """Fetch what `Dataset.latest`, `newest_import` and `newest_job` return for a page of `for_list`, in two queries."""
    from apps.datasets.models import DatasetVersion, Import

    def rows_of(model: type[Model], names: Sequence[str], *deferred: str) -> dict[Any, Any]:
        ids = {getattr(dataset, name) for dataset in datasets for name in names}
        found = model._default_manager.select_related("job").defer(*_BIG, *deferred)
        return found.in_bulk([one for one in ids if one])

    versions = rows_of(DatasetVersion, ("latest_id", "newest_version_id"), "roles")
    imports = rows_of(Import, ("open_import_id",))
    for dataset in datasets:
        dataset.__dict__["latest"] = versions.get(dataset.latest_id)  # type: ignore[attr-defined]
        dataset.__dict__["newest_version"] = versions.get(dataset.newest_version_id)  # type: ignore[attr-defined]
        dataset.__dict__["open_import"] = imports.get(dataset.open_import_id)  # type: ignore[attr-defined]
        dataset.__dict__["bytes"] = dataset.stored_bytes  # type: ignore[attr-defined]


class ImportQuerySet(InWorkspaceQuerySet):
    def bytes(self) -> int:
        """Disk taken by uploaded files."""
        return self.aggregate(total=Sum("source_bytes"))["total"] or 0


class DatasetVersionQuerySet(InWorkspaceQuerySet):
    def ready(self) -> Self:
        """Frozen: their rows are written and will not change, and they were not deleted."""
        return self.filter(_FROZEN, files_deleted_at=None)

    def trainable(self) -> Self:
        """Ready, with rows to train on: a test set has none."""
        return self.ready().filter(rows_train__gt=0)

    def trainable_first(self) -> Self:
        """Newest first, but test sets after all versions that can be trained on."""
        can_train = Case(When(rows_train__gt=0, then=Value(1)), default=Value(0))
        return self.order_by(can_train.desc(), "-number")

    def standing(self) -> Self:
        """Frozen, or being frozen: those whose job did not fail."""
        return self.filter(_FROZEN | Q(job__state__in=ACTIVE))

    def current(self) -> Self:
        return self.ready().filter(dataset__archived_at=None)
