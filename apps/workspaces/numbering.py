"""The running numbers of the objects of a workspace (run 7, evaluation 3)."""

from django.db.models import F

from apps.workspaces.models import Counter, Workspace


def next_number(workspace: Workspace, kind: str) -> int:
    """The next small number for `kind`; call inside the transaction that uses it, so that none is lost or given twice."""
    Counter.objects.get_or_create(workspace=workspace, kind=kind)
    Counter.objects.filter(workspace=workspace, kind=kind).update(value=F("value") + 1)
    return Counter.objects.get(workspace=workspace, kind=kind).value
