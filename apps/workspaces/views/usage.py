"""What the workspace uses, beside what it may."""

from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from apps.workspaces.access.rules import VIEW, rule
from apps.workspaces.models import Quota, Workspace
from apps.workspaces.requests import WorkspaceRequest
from apps.workspaces.usage.report import ledger_lines, meters

LATEST_LINES = 30


@rule(get=VIEW)
def usage(request: WorkspaceRequest) -> HttpResponse:
    workspace = request.workspace
    context = {
        "meters": meters(workspace),
        "lines": ledger_lines(workspace, LATEST_LINES),
        "limits_address": limits_address(workspace) if request.user.is_staff else "",
    }
    return render(request, "workspaces/usage.html", context)


def limits_address(workspace: Workspace) -> str:
    """Where administrators set the limits of this workspace: its own, or the form that makes them."""
    quota = Quota.objects.filter(workspace=workspace).first()
    if quota is not None:
        return reverse("admin:workspaces_quota_change", args=[quota.pk])
    return f"{reverse('admin:workspaces_quota_add')}?{urlencode({'workspace': workspace.pk})}"
