"""Downloads in pieces: the web process never holds a whole file."""

from collections.abc import AsyncIterator, Iterator
from typing import IO

from asgiref.sync import sync_to_async
from django.http import StreamingHttpResponse
from django.utils.http import content_disposition_header

_CHUNK_BYTES = 1 << 20


def stream_download(
    chunks: Iterator[bytes],
    *,
    filename: str,
    content_type: str = "application/octet-stream",
    size: int | None = None,
    reads_database: bool = False,
) -> StreamingHttpResponse:
    """A response that sends `chunks` as the file `filename`, as they come.

    `reads_database` keeps all of them in the one thread whose database connection is looked after.
    """
    produced = follow(chunks, thread_sensitive=reads_database)
    response = StreamingHttpResponse(produced, content_type=content_type)
    response["Content-Disposition"] = content_disposition_header(True, filename) or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    if size is not None:
        response["Content-Length"] = str(size)
    return response


async def follow(chunks: Iterator[bytes], *, thread_sensitive: bool = False) -> AsyncIterator[bytes]:
    """`chunks` as they come: ASGI collects a plain iterator into a list before it sends the first byte; an asynchronous one it follows."""
    following = sync_to_async(lambda: next(chunks, None), thread_sensitive=thread_sensitive)
    while (chunk := await following()) is not None:
        yield chunk


def read_chunks(stream: IO[bytes]) -> Iterator[bytes]:
    """The content of an open file, which is closed at the end."""
    with stream:
        while chunk := stream.read(_CHUNK_BYTES):
            yield chunk
