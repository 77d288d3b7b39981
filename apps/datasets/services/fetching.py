"""A source that a job fetches from an address that a person typed in."""

from django.conf import settings
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.core.errors import UserError
from apps.core.outgoing_addresses import check_address
from apps.core.rate_limits import Rate, take
from apps.datasets.models import Dataset, Import
from apps.datasets.services.importing import create_import, new_import, reading_limits
from apps.datasets.sources import sealed_address
from apps.workspaces import access, usage
from apps.workspaces.access import Action
from apps.workspaces.models import Workspace
from workers.contracts.job_kinds.importing import ImportSpec

FETCHES = Rate(60, 3600)
"""Of one person: enough for a morning's work, too few to search a network with."""


def count_fetch(actor: User) -> None:
    """Raises UserError (field `address`) where that was one too many."""
    if wait := take(f"fetch:{actor.pk}", FETCHES):
        message = _("Too many downloads in a short time. Wait a while, or upload files instead.")
        raise UserError(message, field="address", code="too_often", retry_after=wait)


def import_from_address(
    *, actor: User, workspace: Workspace, address: str, dataset: Dataset | None = None, name: str = ""
) -> Import:
    """Queue the job that fetches a file and reads it. Raises UserError (field `address`) for an address that may not be
    opened, and when the workspace's storage is full (OverQuota); what only the site can tell, the job says."""
    target_workspace = dataset.workspace if dataset else workspace
    access.require(actor, target_workspace, Action.EDIT)
    target = check_address(address)
    count_fetch(actor)
    usage.require_storage(target_workspace, field="address")
    source = new_import(actor, workspace, target.filename)
    source.source_key, source.source_bytes = f"{source.rows_key}/source", 0
    source.address_encrypted = sealed_address(address)
    spec = ImportSpec(
        output=source.rows_key,
        filename=source.filename,
        limit_bytes=settings.UPLOAD_LIMIT_MB << 20,
        room_bytes=usage.room_for_bytes(target_workspace),
        **reading_limits(),
    )
    # The rest of an address may hold a secret.
    return create_import(actor, source, dataset, spec, name=name, told={"host": target.host})
