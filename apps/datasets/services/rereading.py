"""Reading a stored file again: in another encoding, or another sheet of it."""

from functools import partial

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.core.disk_space import free_disk
from apps.core.errors import UserError
from apps.datasets.models import Import
from apps.datasets.services.importing import reading_limits
from apps.jobs import services as jobs
from apps.workspaces import access, audit
from apps.workspaces.access import Action
from workers.contracts.encodings import ENCODINGS
from workers.contracts.job_kinds.importing import IMPORT, ImportSpec
from workers.contracts.texts import Text


@transaction.atomic
def reread_import(*, actor: User, import_: Import, part: str = "", encoding: str = "") -> Import:
    """Queue a job that reads the stored file again; empty choices leave the matter to the job.

    Raises UserError (field part or encoding) for a choice that there is not, and while the file is still being read, where
    it was never fetched, or once a version was made from it.
    """
    access.require(actor, import_.workspace, Action.EDIT)
    import_ = (
        Import.objects.select_for_update(of=("self",)).select_related("job", "dataset").get(pk=import_.pk)
    )
    _require_rereadable(import_)
    parts = parts_of(import_)
    if part and part not in parts:
        raise UserError(_("This file has no sheet or file with this name."), field="part")
    if encoding and encoding not in ENCODINGS:
        raise UserError(_("This encoding is not supported. Choose another one."), field="encoding")
    times, old_job, old_rows = import_.reading.get("times", 1) + 1, import_.job, import_.rows_key
    import_.reading = {"times": times, "parts": parts, "part": part, "encoding": encoding}
    import_.rows_key, import_.result = f"imports/{import_.pk}/rows-{times}", None
    import_.job = jobs.enqueue(
        actor=actor,
        workspace=import_.workspace,
        kind=IMPORT,
        title=Text("jobs.title_import", file=import_.filename),
        spec=ImportSpec(
            inputs={"source": import_.source_key},
            output=import_.rows_key,
            filename=import_.filename,
            part=part or None,
            encoding=encoding or None,
            **reading_limits(),
        ),
    )
    import_.save(update_fields=["reading", "rows_key", "result", "job"])
    old_job.delete()
    audit.record(actor, "import.reread", import_, part=part, encoding=encoding)
    if not import_.source_key.startswith(f"{old_rows}/"):
        # What was fetched from an address lies beside its first rows.
        transaction.on_commit(partial(free_disk, [old_rows]))
    return import_


def parts_of(import_: Import) -> list[str]:
    """Sheets of a workbook or files of an archive that can be read, as far as is known."""
    return list((import_.result or {}).get("parts") or import_.reading.get("parts", []))


def can_reread(import_: Import) -> bool:
    """Whether there is a stored file that no version rests on."""
    return not (
        import_.address_encrypted
        or import_.files_deleted_at
        or import_.job.is_active
        or import_.versions.exists()
    )


def _require_rereadable(import_: Import) -> None:
    if import_.job.is_active:
        raise UserError(_("This file is still being read. Wait until its columns are shown."), code="busy")
    if not can_reread(import_):
        message = _("This file can no longer be read differently. Upload it again.")
        raise UserError(message, code="already_confirmed")
