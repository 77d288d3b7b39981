"""Downloads in pieces: the web process never holds a whole file."""

from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from typing import IO

from asgiref.sync import sync_to_async
from django.http import StreamingHttpResponse
from django.utils.http import content_disposition_header

BINARY = "application/octet-stream"
_CHUNK_BYTES = 1 << 20


def stream_download(
    chunks: Iterator[bytes], *, filename: str, content_type: str = BINARY
) -> StreamingHttpResponse:
    """A response that sends `chunks` as the file `filename`, as they come."""
    return as_download(follow(chunks), filename=filename, content_type=content_type)


def as_download(
    produced: AsyncIterator[bytes], *, filename: str, content_type: str = BINARY, size: int | None = None
) -> StreamingHttpResponse:
    """A response that sends what is `produced` as the file `filename` of `size` bytes, where that is known."""
    response = StreamingHttpResponse(produced, content_type=content_type)
    response["Content-Disposition"] = content_disposition_header(True, filename) or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    if size is not None:
        response["Content-Length"] = str(size)
    return response


async def follow(chunks: Iterator[bytes], *, thread_sensitive: bool = False) -> AsyncGenerator[bytes]:
    """`chunks` as they come: ASGI collects a plain iterator into a list before it sends the first byte; an asynchronous one it follows.

    `thread_sensitive` keeps all of them in the one thread whose database connection is looked after.
    """
    following = sync_to_async(lambda: next(chunks, None), thread_sensitive=thread_sensitive)
    while (chunk := await following()) is not None:
        yield chunk


def read_chunks(stream: IO[bytes]) -> Iterator[bytes]:
    """The content of an open file, which is closed at the end."""
    with stream:
        while chunk := stream.read(_CHUNK_BYTES):
            yield chunk
