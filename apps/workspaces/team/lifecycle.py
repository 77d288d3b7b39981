"""A workspace from its creation to its end: created, renamed, deleted with days of grace, brought back, purged."""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.core.errors import UserError
from apps.core.models import fitting
from apps.workspaces import access, audit, usage
from apps.workspaces.access import Action
from apps.workspaces.models import Membership, Role, Workspace, new_split_key
from apps.workspaces.signals import workspace_closed
from apps.workspaces.team.purging import delete_contents
from apps.workspaces.usage import lock_workspace


@transaction.atomic
def create_workspace(*, actor: User, name: str) -> Workspace:
    """Raises PermissionDenied where only administrators make workspaces."""
    access.require_creation(actor)
    workspace = Workspace.objects.create(name=name.strip() or _("My workspace"))
    Membership.objects.create(workspace=workspace, user=actor, role=Role.OWNER)
    audit.record(actor, "workspace.created", workspace, workspace=workspace)
    return workspace


@transaction.atomic
def rename_workspace(*, actor: User, workspace: Workspace, name: str) -> None:
    access.require(actor, workspace, Action.MANAGE)
    if not name.strip():
        raise UserError(_("Enter a name for the workspace."), field="name")
    before, workspace.name = workspace.name, fitting(Workspace, "name", name.strip())
    workspace.save(update_fields=["name"])
    audit.record(actor, "workspace.renamed", workspace, workspace=workspace, before=before)


@transaction.atomic
def delete_workspace(*, actor: User, workspace: Workspace, typed_name: str) -> None:
    """Hide and close a workspace at once: pages, links, keys, sockets, runs. An owner may bring it back for a while.

    `typed_name` is what the person typed to confirm. Raises UserError (field typed_name) when it is not the name.
    """
    access.require(actor, workspace, Action.OWN)
    if typed_name.strip() != workspace.name:
        raise UserError(_("This is not the name of the workspace."), field="typed_name")
    current = lock_workspace(workspace.pk)
    if not current.is_open:
        return
    current.deleted_at = workspace.deleted_at = timezone.now()
    current.save(update_fields=["deleted_at"])
    audit.record(actor, "workspace.deleted", current, workspace=current, days=settings.WORKSPACE_GRACE_DAYS)
    workspace_closed.send(sender=Workspace, workspace=current, actor=actor)


@transaction.atomic
def restore_workspace(*, actor: User, workspace: Workspace) -> None:
    """Open a deleted workspace again, links and keys included; runs stay stopped and can be resumed.

    Raises NotVisible for who does not own it, and once it is purged.
    """
    current = lock_workspace(workspace.pk)
    access.require_restore(actor, current)
    if current.is_open:
        return
    current.deleted_at = None
    current.save(update_fields=["deleted_at"])
    audit.record(actor, "workspace.restored", current, workspace=current)


def due_for_purge() -> list[Workspace]:
    """Deleted workspaces whose days of grace are over."""
    limit = timezone.now() - timedelta(days=settings.WORKSPACE_GRACE_DAYS)
    return list(Workspace.objects.filter(deleted_at__lt=limit, purged_at=None))


@transaction.atomic
def purge_workspace(workspace: Workspace) -> bool:
    """Empty a workspace for good; the row stays for what the audit trail and the ledger say about it.

    False when a person brought it back in the meantime.
    """
    current = lock_workspace(workspace.pk)
    if current.purge_at is None or current.purge_at > timezone.now() or current.purged_at:
        return False
    delete_contents(current)
    usage.forget_stored(current)
    current.purged_at, current.split_key = timezone.now(), new_split_key()
    current.save(update_fields=["purged_at", "split_key"])
    audit.record(None, "workspace.purged", current, workspace=current)
    return True
