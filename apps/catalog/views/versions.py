"""Model versions: the list, one of them, changing, packing and deleting it."""

from functools import partial
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from apps.catalog import services
from apps.catalog.cards import read_card
from apps.catalog.forms import ModelVersionForm
from apps.catalog.lineage import lineage_of
from apps.catalog.models import BaseModel, Export, ModelVersion
from apps.core.downloads import read_chunks
from apps.core.errors import NotVisible
from apps.core.flash_messages import do_and_tell, tell_archived
from apps.core.htmx import redirect, render_page
from apps.core.listing import BY_NAME, BY_TIME_AND_NAME, NEWEST, OLDEST, Filter, Listing, Sort
from apps.core.storage import storage
from apps.datasets.filters import by_task
from apps.jobs.views import status_context
from apps.workspaces.access.downloads import send_file
from apps.workspaces.access.rules import EDIT, MAKER, VIEW, rule
from apps.workspaces.requests import WorkspaceRequest
from workers.shared.storage import StorageError

MODELS = Listing(
    searches=("name", "origin_label", "dataset_version__dataset__name"),
    sorts=(*BY_TIME_AND_NAME, Sort("size", _l("Largest first"), ("-bytes", "pk"))),
    filters=(
        by_task("task_type"),
        Filter(
            "evaluated",
            _l("Evaluation"),
            (("yes", _l("Evaluated")), ("no", _l("Not evaluated"))),
            lambda models, value: models.filter(newest_metrics__isnull=value == "no"),
        ),
    ),
)
BASES = Listing(searches=("name", "location"), sorts=(BY_NAME, NEWEST, OLDEST), page_size=12, prefix="bases-")
STARTS = Listing(searches=("name",), page_size=12, prefix="starts-")


@rule(get=VIEW)
def model_list(request: WorkspaceRequest) -> HttpResponse:
    """Tuned models first; then everything that training can start from."""
    versions = ModelVersion.objects.in_workspace(request.workspace)
    bases = BaseModel.objects.in_workspace(request.workspace)
    archived = request.GET.get("archived") == "1"
    shown = versions.ready().exclude(archived_at=None) if archived else versions.tuned()
    starts = versions.none() if archived else versions.current().filter(kind=ModelVersion.Kind.BASE)
    context = {
        "list": MODELS.read(request, shown.for_list()),
        "archived": archived,
        "archived_count": _archived(versions.ready(), bases),
        "bases": BASES.read(request, bases.exclude(archived_at=None) if archived else bases.current()),
        "starts": STARTS.read(request, starts),
        "being_trained": versions.being_trained().count(),
    }
    return render_page(request, "catalog/list.html", context)


def _archived(*querysets: QuerySet[Any]) -> int:
    """How many of all these are archived, in one query."""
    first, *others = (found.exclude(archived_at=None).order_by().values("pk") for found in querysets)
    return first.union(*others, all=True).count()


@rule(get=VIEW, of="model", related=("dataset_version__dataset", "parent", "created_by"))
def detail(request: WorkspaceRequest, version: ModelVersion) -> HttpResponse:
    export = version.exports.select_related("job").first()
    evaluations = version.evaluations.select_related("dataset_version__dataset", "job").order_by(
        "-created_at"
    )[:10]
    context: dict[str, Any] = {
        "model": version,
        "lineage": lineage_of(version),
        "run": getattr(version, "run", None),
        "export": export,
        "evaluations": [(evaluation, version.headline_of(evaluation)) for evaluation in evaluations],
        "is_evaluated": any(evaluation.result for evaluation in evaluations),
        "card": read_card(version),
    }
    if export is not None:
        context |= status_context(export.job)
    return render_page(request, "catalog/detail.html", context)


@rule(get=EDIT, post=EDIT, of="model")
def edit(request: WorkspaceRequest, version: ModelVersion) -> HttpResponse:
    form = ModelVersionForm(request.POST or None, initial={"name": version.name, "notes": version.notes})
    save = partial(services.update_version, actor=request.user, version=version)
    if request.method == "POST" and form.is_taken_by(save):
        return redirect(request, "catalog:detail", version.pk)
    context = {"form": form, "model": version}
    return render_page(request, "catalog/edit.html", context, status=422 if form.errors else 200)


@rule(post=EDIT, of="model")
def archive(request: WorkspaceRequest, version: ModelVersion) -> HttpResponse:
    """Hide, or with archived=0 show again."""
    archived = request.POST.get("archived") != "0"
    services.set_version_archived(actor=request.user, version=version, archived=archived)
    tell_archived(request, version.name, archived=archived)
    return redirect(request, "catalog:detail", version.pk)


@rule(post=MAKER, of="model")
def delete_files(request: WorkspaceRequest, version: ModelVersion) -> HttpResponse:
    delete = partial(services.delete_version_files, actor=request.user, version=version)
    done = _("The files of “%(name)s” were deleted and their disk space was freed.") % {"name": version.name}
    do_and_tell(request, delete, done)
    return redirect(request, "catalog:detail", version.pk)


@rule(post=VIEW, of="model")
def export(request: WorkspaceRequest, version: ModelVersion) -> HttpResponse:
    """Start packing; the page then offers the download."""
    do_and_tell(request, partial(services.start_export, actor=request.user, version=version))
    return redirect(request, "catalog:detail", version.pk)


@rule(get=VIEW, of="export")
def download(request: WorkspaceRequest, packed: Export) -> HttpResponseBase:
    """The packed model, once its job is done."""
    if not packed.result:
        raise NotVisible
    try:
        stream = storage().open(packed.file_key)
    except StorageError as error:
        raise NotVisible from error
    name, size = packed.result["filename"], packed.result["bytes"]
    return send_file(
        request,
        read_chunks(stream),
        workspace=packed.workspace,
        filename=name,
        content_type="application/zip",
        size=size,
    )
