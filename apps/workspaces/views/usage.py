"""What the workspace uses, beside what it may."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from apps.workspaces.decorators import in_workspace
from apps.workspaces.usage_report import ledger_lines, meters

LATEST_LINES = 30


@require_GET
@in_workspace()
def usage(request: HttpRequest) -> HttpResponse:
    workspace = request.workspace  # type: ignore[attr-defined]
    context = {"meters": meters(workspace), "lines": ledger_lines(workspace, LATEST_LINES)}
    return render(request, "workspaces/usage.html", context)
