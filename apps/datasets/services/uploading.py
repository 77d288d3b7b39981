"""Files that come in parts, so that a broken connection costs one part and no file is ever held whole.

Parts lie under uploads/<user>/<upload>/ until the file is complete; an upload's id begins with the day it was begun.
"""

import errno
import re
import secrets
from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.core.disk_space import free_disk
from apps.core.errors import UserError
from apps.core.storage import storage
from apps.workspaces import access, usage
from apps.workspaces.access import Action
from apps.workspaces.models import Workspace

PART_BYTES = 4 << 20
KEPT_DAYS = 3
"""How long an upload that was broken off can be continued."""

_ID = re.compile(r"^(\d{8})-[0-9a-f]{32}\Z", re.ASCII)


def new_upload_id() -> str:
    return f"{timezone.now():%Y%m%d}-{secrets.token_hex(16)}"


def is_upload_id(upload_id: str) -> bool:
    return bool(_ID.match(upload_id))


def store_part(*, actor: User, workspace: Workspace, upload_id: str, number: int, content: bytes) -> None:
    """Keep part `number` (from 0) of an upload. Raises UserError when it is too large, or when the
    workspace's storage (OverQuota) or the disk is full."""
    access.require(actor, workspace, Action.EDIT)
    folder = _folder(actor, upload_id)
    if not content or len(content) > PART_BYTES or number * PART_BYTES >= settings.UPLOAD_LIMIT_MB << 20:
        raise UserError(too_large_message(), field="file", code="too_large")
    if number == 0:
        usage.require_storage(workspace, field="file")
    try:
        storage().write(f"{folder}/{number:06d}", iter([content]))
    except OSError as error:
        raise disk_is_full(error) from error


def stored_parts(*, actor: User, upload_id: str) -> list[int]:
    """Numbers of the parts that are here already, ascending."""
    names = (key.rpartition("/")[2] for key in storage().list(_folder(actor, upload_id)))
    # One that is being written has another name until it is complete.
    return sorted(int(name) for name in names if name.isdigit())


def read_parts(*, actor: User, upload_id: str, count: int) -> Iterator[bytes]:
    """The whole file, part by part. Raises UserError, before the first one, when a part is missing."""
    folder = _folder(actor, upload_id)
    if count < 1 or stored_parts(actor=actor, upload_id=upload_id) != list(range(count)):
        raise UserError(missing_part_message(), field="file", code="incomplete")
    return (_read(f"{folder}/{number:06d}") for number in range(count))


def _read(key: str) -> bytes:
    with storage().open(key) as stream:
        return stream.read()


def discard_parts(*, actor: User, upload_id: str) -> None:
    free_disk([_folder(actor, upload_id)])


def _folder(actor: User, upload_id: str) -> str:
    """Below the user's own folder: only they can read or complete what they began."""
    if not is_upload_id(upload_id):
        raise UserError(_("The upload was not found. Reload the page, then try again."), field="file")
    return f"uploads/{actor.pk}/{upload_id}"


def drop_old_uploads() -> int:
    """Drop the parts of uploads that a person broke off days ago; return how many uploads that were."""
    oldest = f"{timezone.now() - timedelta(days=KEPT_DAYS):%Y%m%d}"
    folders = {key.rpartition("/")[0] for key in storage().list("uploads")}
    old = [folder for folder in folders if folder.rpartition("/")[2][:8] < oldest]
    free_disk(old)
    return len(old)


def missing_part_message() -> str:
    return _("A part of the file did not arrive. Press Upload again. Only the missing parts are sent.")


def too_large_message() -> str:
    text = _(
        "This file is larger than the limit of %(limit)d MB. Split it, or ask an administrator to raise the limit."
    )
    return text % {"limit": settings.UPLOAD_LIMIT_MB}


def disk_is_full(error: OSError) -> Exception:
    """What to raise for a failed write: a UserError when the disk is full, else the error itself."""
    if error.errno not in (errno.ENOSPC, errno.EDQUOT):
        return error
    message = _("The disk is full. Delete datasets or models that are no longer needed, then try again.")
    return UserError(message, field="file", code="disk_full")
