"""A source on its way in: choosing it, watching it being read, confirming its columns."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.utils.translation import gettext as _

from apps.core.errors import UserError
from apps.core.htmx import redirect, render_page
from apps.datasets import roles, services
from apps.datasets.forms import ConfirmForm, RereadForm, UploadForm
from apps.datasets.models import Dataset, Import
from apps.datasets.rows import sample_rows
from apps.jobs.views import status_context
from apps.workspaces.access.rules import EDIT, VIEW, rule
from apps.workspaces.models import Workspace
from apps.workspaces.requests import WorkspaceRequest
from workers.contracts.tasks import TASKS

PASTED_NAME = "pasted.txt"


@rule(get=EDIT, post=EDIT)
def new(request: WorkspaceRequest) -> HttpResponse:
    """Upload a file, or paste rows, into a new dataset."""
    return _upload(request, request.workspace, None)


@rule(get=EDIT, post=EDIT, of="dataset")
def upload(request: WorkspaceRequest, dataset: Dataset) -> HttpResponse:
    """Upload the next version of a dataset, or another file when the first could not be read."""
    return _upload(request, dataset.workspace, dataset)


def _upload(request: WorkspaceRequest, workspace: Workspace, dataset: Dataset | None) -> HttpResponse:
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        cleaned = form.cleaned_data
        try:
            started = _started(request, workspace, dataset, cleaned)
        except UserError as error:
            form.add_user_error(error)
        else:
            if cleaned["upload"]:
                services.discard_parts(actor=request.user, upload_id=cleaned["upload"])
            return redirect(request, "datasets:import", started.pk)
    context = {
        "form": form,
        "dataset": dataset,
        "limit_mb": settings.UPLOAD_LIMIT_MB,
        "upload_id": services.new_upload_id(),
        "part_bytes": services.PART_BYTES,
    }
    return render_page(request, "datasets/upload.html", context, status=422 if form.errors else 200)


def _started(
    request: WorkspaceRequest, workspace: Workspace, dataset: Dataset | None, cleaned: dict[str, Any]
) -> Import:
    """The import of what was given. Raises UserError."""
    into: dict[str, Any] = {"actor": request.user, "workspace": workspace, "dataset": dataset}
    if cleaned["address"] and not cleaned["upload"] and not cleaned["file"]:
        return services.import_from_address(**into, address=cleaned["address"], name=cleaned["name"])
    return services.start_import(**into, **_source(request, cleaned))


def _source(request: WorkspaceRequest, cleaned: dict[str, Any]) -> dict[str, Any]:
    """What to import: a file that came in parts or whole, else the pasted text."""
    if cleaned["upload"]:
        parts = services.read_parts(
            actor=request.user,
            upload_id=cleaned["upload"],
            count=cleaned["parts"] or 0,
        )
        return {"filename": cleaned["filename"], "chunks": parts, "name": cleaned["name"]}
    file = cleaned["file"]
    if file:
        return {"filename": file.name, "chunks": file.chunks(), "name": cleaned["name"]}
    pasted: Iterator[bytes] = iter([cleaned["text"].encode()])
    return {"filename": PASTED_NAME, "chunks": pasted, "name": cleaned["name"] or _("Pasted text")}


@rule(get=EDIT, values="upload_id")
def parts(request: WorkspaceRequest, upload_id: str) -> JsonResponse:
    """Which parts of an upload are here, so that it goes on where it broke off."""
    try:
        numbers = services.stored_parts(actor=request.user, upload_id=upload_id)
    except UserError as error:
        return JsonResponse({"message": str(error.message)}, status=400)
    return JsonResponse({"parts": numbers})


@rule(post=EDIT, values="upload_id number")
def part(request: WorkspaceRequest, upload_id: str, number: int) -> JsonResponse:
    """One part of a file, as the body of the request."""
    if request.content_type == "multipart/form-data":
        # Its fields were read before this; what is left is no part.
        return JsonResponse({"message": services.missing_part_message()}, status=400)
    try:
        services.store_part(
            actor=request.user,
            workspace=request.workspace,
            upload_id=upload_id,
            number=number,
            content=request.body,
        )
    except UserError as error:
        return JsonResponse({"message": str(error.message), "code": error.code}, status=400)
    return JsonResponse({})


@rule(get=VIEW, post=EDIT, of="import", related=("dataset", "job"))
def import_page(request: WorkspaceRequest, import_: Import) -> HttpResponse:
    """Progress while the file is read; then the proposal, to be corrected and confirmed."""
    form = ConfirmForm(request.POST or None, import_=import_)
    if request.method == "POST" and form.is_valid():
        try:
            version = services.confirm_import(
                actor=request.user,
                import_=import_,
                task_type=form.cleaned_data["task_type"],
                roles=form.roles,
                test_only=form.cleaned_data["test_only"],
                merge_label_case=not form.cleaned_data["keep_case"],
            )
        except UserError as error:
            form.add_user_error(error)
        else:
            return redirect(request, f"{version.get_absolute_url()}")
    context = {"import": import_, "dataset": import_.dataset, "form": form, **status_context(import_.job)}
    if services.can_reread(import_):
        context["reread_form"] = RereadForm(import_=import_)
    if import_.result:
        context |= _proposal_context(import_, form)
    return render_page(request, "datasets/import.html", context, status=422 if form.errors else 200)


def _proposal_context(import_: Import, form: ConfirmForm) -> dict[str, Any]:
    parsed = import_.parsed
    assert parsed is not None  # noqa: S101  (the caller looked)
    task_type = form.data.get("task_type") or (parsed.proposal.task_type or "")
    info = TASKS.get(task_type)
    chosen = (
        form.roles if form.is_bound else {name: str(role) for name, role in parsed.proposal.roles.items()}
    )
    return {
        "parsed": parsed,
        "tasks": TASKS.values(),
        "task_type": str(task_type),
        "role_choices": roles.role_choices(info),
        "columns": [(column, chosen.get(column.name, "ignore")) for column in parsed.columns],
        "is_any_unused": any(chosen.get(column.name, "ignore") == "ignore" for column in parsed.columns),
        "sample": sample_rows(import_),
        "roles_for_script": roles.for_script(parsed.proposal),
        "version": import_.versions.standing().first(),
    }


@rule(post=EDIT, of="import", related=("dataset", "job"))
def reread(request: WorkspaceRequest, import_: Import) -> HttpResponse:
    """Read the stored file again: another sheet of it, or in another encoding."""
    try:
        services.reread_import(
            actor=request.user,
            import_=import_,
            part=request.POST.get("part", ""),
            encoding=request.POST.get("encoding", ""),
        )
    except UserError as error:
        messages.error(request, str(error.message))
    return redirect(request, "datasets:import", import_.pk)


@rule(post=EDIT, of="import", related=("dataset",))
def discard(request: WorkspaceRequest, import_: Import) -> HttpResponse:
    dataset = import_.dataset
    try:
        services.discard_import(actor=request.user, import_=import_)
    except UserError as error:
        messages.error(request, str(error.message))
        return redirect(request, "datasets:import", import_.pk)
    messages.success(request, _("“%(file)s” was discarded.") % {"file": import_.filename})
    if Dataset.objects.filter(pk=dataset.pk).exists():
        return redirect(request, "datasets:detail", dataset.pk)
    return redirect(request, "datasets:list")
