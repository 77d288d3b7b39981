"""Files of a workspace, sent to people who may have them, and only for as long as they may.

A download that is under way ends within seconds of what let it in (apps.workspaces.access.live_access): the file stays incomplete, and
the connection breaks off, so that the client notices.
"""

from collections.abc import AsyncGenerator, Iterator, Mapping
from typing import cast

from django.core.exceptions import RequestAborted
from django.http import HttpRequest, StreamingHttpResponse

from apps.accounts.models import User
from apps.core.downloads import BINARY, as_download, follow, read_chunks
from apps.core.errors import NotVisible
from apps.core.parquet import local_file
from apps.core.storage import storage
from apps.core.tables import CONTENT_TYPES, Table, csv_chunks
from apps.workspaces import access
from apps.workspaces.access import Action, live_access
from apps.workspaces.models import ApiKey, Workspace
from workers.shared.storage import StorageError


def send_file(
    request: HttpRequest,
    chunks: Iterator[bytes],
    *,
    workspace: Workspace,
    action: Action = Action.VIEW,
    filename: str,
    content_type: str = BINARY,
    size: int | None = None,
    reads_database: bool = False,
) -> StreamingHttpResponse:
    """A response that sends `chunks` while the person who asked may do `action` in `workspace`.

    The caller has checked that once; `size` is in bytes, `reads_database` as for `apps.core.downloads.follow`.
    """
    produced = follow(chunks, thread_sensitive=reads_database)
    return as_download(
        _while_allowed(produced, request, workspace, action),
        filename=filename,
        content_type=content_type,
        size=size,
    )


def send_table(
    request: HttpRequest, tables: Mapping[str, Table], name: str, *, workspace: Workspace, stem: str
) -> StreamingHttpResponse:
    """Send one of `tables` as a file: `name` is its own with the extension csv or parquet, and follows `stem` in the
    file's name. The caller has checked that the person may view `workspace`.

    Raises NotVisible when there is no such table or format, and when its rows were deleted.
    """
    kind, _, extension = name.partition(".")
    table = tables.get(kind)
    if table is None or extension not in CONTENT_TYPES:
        raise NotVisible
    size = None
    try:
        if extension == "csv":
            chunks = csv_chunks(local_file(table.folder, table.name), table)
        else:
            chunks, size = read_chunks(storage().open(table.key)), storage().size(table.key)
    except StorageError as error:
        raise NotVisible from error
    return send_file(
        request,
        chunks,
        workspace=workspace,
        filename=f"{stem}-{name}",
        content_type=CONTENT_TYPES[extension],
        size=size,
    )


async def _while_allowed(
    source: AsyncGenerator[bytes], request: HttpRequest, workspace: Workspace, action: Action
) -> AsyncGenerator[bytes]:
    user, session_key = cast("User", request.user), request.session.session_key
    key: ApiKey | None = getattr(user, "api_key", None)

    def is_open() -> bool:
        if key is not None:
            is_known = ApiKey.objects.of_members().filter(pk=key.pk).exists()
        else:
            is_known = live_access.is_signed_in(user, session_key)
        return is_known and access.can(user, workspace, action)

    came_by = live_access.of_key(key.pk) if key is not None else live_access.of_session(session_key)
    groups = [live_access.of_user(user.pk), live_access.of_workspace(workspace.pk), came_by]
    try:
        async for chunk in live_access.while_open(source, groups, is_open):
            yield chunk
    except live_access.WayClosed:
        # Django drops such a request without an error, and the server breaks the connection off.
        raise RequestAborted from None
