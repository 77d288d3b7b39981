"""The list of datasets, and one dataset with its versions and rows."""

from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from apps.core.errors import NotVisible
from apps.core.htmx import render_page
from apps.core.listing import BY_TIME_AND_NAME, Filter, Listing, Sort
from apps.datasets.models import Dataset, DatasetVersion, task_choices
from apps.datasets.querysets import load_newest
from apps.datasets.roles import role_label
from apps.datasets.rows import DataRows, RejectedRows
from apps.jobs.states import ACTIVE, FAILURES, State
from apps.jobs.views import status_context
from apps.workspaces.access.rules import VIEW, rule
from apps.workspaces.requests import WorkspaceRequest
from workers.contracts.roles import Role

ROWS_A_PAGE = 25
SPLITS = ("train", "validation", "test")


def _in_state(datasets: Any, value: str) -> Any:
    """The rows of `for_list` in one of the states that the list names."""
    wanted = {
        "ready": Q(latest_id__isnull=False),
        "confirm": Q(open_import_state=State.SUCCEEDED),
        "active": Q(open_import_state__in=ACTIVE) | Q(newest_version_state__in=ACTIVE),
        "failed": Q(open_import_state__in=FAILURES)
        | Q(open_import_state=None, newest_version_state__in=FAILURES),
    }
    return datasets.filter(wanted[value])


DATASETS = Listing(
    searches=("name", "description"),
    sorts=(*BY_TIME_AND_NAME, Sort("size", _("Largest first"), ("-stored_bytes", "pk"))),
    filters=(
        Filter(
            "task",
            _("Task"),
            task_choices(),
            lambda datasets, value: datasets.filter(
                latest_id__in=DatasetVersion.objects.filter(task_type=value).values("pk")
            ),
        ),
        Filter(
            "state",
            _("State"),
            (
                ("ready", _("Ready")),
                ("confirm", _("Columns to confirm")),
                ("active", _("In progress")),
                ("failed", _("Failed")),
            ),
            _in_state,
        ),
    ),
)
VERSIONS = Listing(sorts=(Sort("newest", "", ("-number",)),), page_size=12, prefix="versions-")


@rule(get=VIEW)
def dataset_list(request: WorkspaceRequest) -> HttpResponse:
    everything = Dataset.objects.in_workspace(request.workspace)
    archived = request.GET.get("archived") == "1"
    datasets = everything.exclude(archived_at=None) if archived else everything.current()
    shown = DATASETS.read(request, datasets.for_list())
    load_newest(shown.page.object_list)  # type: ignore[arg-type]
    context = {
        "list": shown,
        "archived": archived,
        "archived_count": everything.exclude(archived_at=None).count(),
    }
    return render_page(request, "datasets/list.html", context)


@rule(get=VIEW, of="dataset")
def detail(request: WorkspaceRequest, dataset: Dataset) -> HttpResponse:
    """The newest version, or the one that ?version= names."""
    version = _chosen_version(dataset, request.GET.get("version", ""))
    related = dataset.versions.select_related("job").defer("result", "roles", "job__spec", "job__result")
    context: dict[str, Any] = {
        "dataset": dataset,
        "version": version,
        "versions": VERSIONS.read(request, related),
        "open_import": dataset.open_import,
    }
    if version is not None:
        context |= {"lineage": _lineage(version), "is_latest": version == dataset.latest}
        context |= status_context(version.job)
        if version.is_ready:
            context |= _profile_context(version) | _rows_context(request, version)
        elif version.files_deleted_at:
            context["models"] = _models_of(version)
    has_rows = version is not None and version.is_ready
    return render_page(request, "datasets/detail.html", context, partial="rows" if has_rows else None)


def _chosen_version(dataset: Dataset, number: str) -> DatasetVersion | None:
    """The version of that number; without one the newest. Raises NotVisible when there is no such version."""
    versions = dataset.versions.select_related("job", "source", "dataset").order_by("-number")
    if not number:
        return versions.first()
    chosen: DatasetVersion | None = (
        versions.filter(number=number).first() if number.isdecimal() and len(number) < 10 else None
    )
    if chosen is None:
        raise NotVisible
    return chosen


def _lineage(version: DatasetVersion) -> list[dict[str, str]]:
    source = version.source
    return [
        {"label": source.filename, "url": reverse("datasets:import", args=[source.pk]), "icon": "file"},
        {"label": str(version), "url": version.get_absolute_url(), "icon": "database"},
    ]


def _profile_context(version: DatasetVersion) -> dict[str, Any]:
    frozen = version.frozen
    assert frozen is not None  # noqa: S101  (a ready version has its result)
    labels = sorted(frozen.labels.items(), key=lambda item: -item[1])
    return {
        "frozen": frozen,
        "splits": _split_bar(version),
        "labels": labels,
        "most_of_a_label": labels[0][1] if labels else 0,
        "column_roles": [
            (column, role_label(version.task, Role(role))) for column, role in version.roles.items()
        ],
        "models": _models_of(version),
    }


def _models_of(version: DatasetVersion) -> list[Any]:
    return list(version.model_versions.exclude(bytes=0).filter(kind="tuned")[:20])


def _split_bar(version: DatasetVersion) -> list[tuple[str, int, int, int]]:
    """(split, rows, width, start) of each part of the bar, in thousandths of it."""
    rows = (version.rows_train, version.rows_validation, version.rows_test)
    edges = [1000 * sum(rows[:index]) // (version.rows or 1) for index in range(4)]
    return [
        (split, rows[index], edges[index + 1] - edges[index], edges[index])
        for index, split in enumerate(SPLITS)
    ]


def _rows_context(request: WorkspaceRequest, version: DatasetVersion) -> dict[str, Any]:
    """The page of rows (kept or rejected) that the address asks for, and the address without its page."""
    shows_rejected = request.GET.get("rows") == "rejected"
    split = request.GET.get("split", "") if request.GET.get("split", "") in SPLITS else ""
    text = request.GET.get("q", "").strip()[:200]
    rows: Any = (
        RejectedRows(version.storage_key) if shows_rejected else DataRows(version, split=split, text=text)
    )
    shown = {
        "version": version.number,
        "rows": "rejected" if shows_rejected else "",
        "split": split,
        "q": text,
    }
    query = urlencode({name: value for name, value in shown.items() if value})
    return {
        "page": Paginator(rows, ROWS_A_PAGE).get_page(request.GET.get("page")),
        "shows_rejected": shows_rejected,
        "split": split,
        "text": text,
        "query": f"{query}&",
    }
