"""The audit trail of a workspace, for its admins: filtered, in pages, and as a file."""

from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone

from apps.accounts.models import User
from apps.core.choices import pick
from apps.core.errors import NotVisible
from apps.workspaces import audit
from apps.workspaces.access import Action
from apps.workspaces.access.downloads import send_file
from apps.workspaces.access.rules import MANAGE, rule
from apps.workspaces.forms import AuditFilterForm
from apps.workspaces.models import AuditEntry
from apps.workspaces.querysets import AuditQuerySet
from apps.workspaces.requests import WorkspaceRequest

ENTRIES_A_PAGE = 50
EXPORTS = {"csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl; charset=utf-8"}


def _found(request: WorkspaceRequest) -> tuple[AuditFilterForm, AuditQuerySet]:
    """The form as it was sent and what its valid fields leave; a wrong one filters nothing and says so."""
    workspace = request.workspace
    acted = User.objects.filter(Exists(AuditEntry.objects.filter(workspace=workspace, actor=OuterRef("pk"))))
    chosen = [request.GET.get("actor", "")]
    people = pick(request, "actor", acted.order_by("email"), searches=("email", "name"), chosen=chosen)
    actors = [(str(person.pk), person.email) for person in people.options]
    form = AuditFilterForm(request.GET, workspace=workspace, actors=actors)
    form.fields["actor"].picked = people  # type: ignore[attr-defined]
    form.is_valid()
    everything = AuditEntry.objects.filter(workspace=workspace)
    return form, everything.found_by(**{name: value for name, value in form.cleaned_data.items() if value})


@rule(get=MANAGE)
def trail(request: WorkspaceRequest) -> HttpResponse:
    form, found = _found(request)
    chosen = {name: request.GET[name] for name in form.fields if request.GET.get(name)}
    query = f"{urlencode(chosen)}&" if chosen else ""
    page = Paginator(found.select_related("actor"), ENTRIES_A_PAGE).get_page(request.GET.get("page"))
    context: dict[str, Any] = {"form": form, "page": page, "query": query, "exports": list(EXPORTS)}
    return render(request, "workspaces/audit.html", context, status=422 if form.errors else 200)


@rule(get=MANAGE, values="audit_kind")
def export(request: WorkspaceRequest, kind: str) -> HttpResponseBase:
    """What the filters leave, newest first, as csv or jsonl; streamed, however long it is."""
    if kind not in EXPORTS:
        raise NotVisible
    _form, found = _found(request)
    audit.record(
        request.user,
        "audit.exported",
        request.workspace,
        workspace=request.workspace,
        kind=kind,
    )
    return send_file(
        request,
        audit.export(found, kind),
        workspace=request.workspace,
        action=Action.MANAGE,
        filename=f"audit-{timezone.localdate():%Y-%m-%d}.{kind}",
        content_type=EXPORTS[kind],
        reads_database=True,
    )
