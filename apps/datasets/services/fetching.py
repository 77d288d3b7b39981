"""A source that the studio fetches itself, from an address that somebody typed in."""

from django.conf import settings
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.core.errors import UserError
from apps.core.outgoing import download
from apps.core.rates import Rate, take
from apps.datasets.models import Dataset, Import
from apps.datasets.services.importing import start_import
from apps.datasets.services.uploading import too_large_message
from apps.workspaces import access, audit
from apps.workspaces.access import Action
from apps.workspaces.models import Workspace

FETCHES = Rate(60, 3600)
"""Of one person: enough for a morning's work, too few to search a network with."""


def import_from_address(
    *, actor: User, workspace: Workspace, address: str, dataset: Dataset | None = None, name: str = ""
) -> Import:
    """Fetch a file and queue the job that reads it, as an upload would. Raises UserError (fields `address`, `file`)."""
    access.require(actor, dataset.workspace if dataset else workspace, Action.EDIT)
    if wait := take(f"fetch:{actor.pk}", FETCHES):
        message = _("That was a lot of downloads. Go on in a while, or upload files.")
        raise UserError(message, field="address", code="too_often", retry_after=wait)
    with download(address) as found:
        if found.size and found.size > settings.UPLOAD_LIMIT_MB << 20:
            raise UserError(too_large_message(), field="address", code="too_large")
        started = start_import(
            actor=actor,
            workspace=workspace,
            dataset=dataset,
            filename=found.filename,
            chunks=found.chunks,
            name=name,
        )
    # The rest of an address may hold a secret.
    audit.record(actor, "import.fetched", started, host=found.target.host)
    return started
