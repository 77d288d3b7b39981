"""Arrow files, Feather included, and Arrow streams."""

from pathlib import Path

import pyarrow as pa

from workers.ingest.formats import IMPORT_FORMATS, ImportFormat
from workers.ingest.readers.arrow import read_arrow


def _begins(head: bytes, path: Path) -> bool:
    return head.startswith(b"ARROW1\0\0") or is_arrow_stream(head)


def is_arrow_stream(head: bytes) -> bool:
    """Whether a file begins with the message of a schema: FF FF FF FF, its length, then flatbuffers metadata whose
    version and type are near its root (https://arrow.apache.org/docs/format/Columnar.html#ipc-streaming-format)."""
    length = int.from_bytes(head[4:8], "little")
    if not head.startswith(b"\xff\xff\xff\xff") or length % 8 or not 16 <= length <= len(head) - 8:
        return False
    try:
        return bool(pa.ipc.read_schema(pa.py_buffer(head)).names)
    except (pa.ArrowException, OSError, ValueError):
        return False


ARROW = IMPORT_FORMATS.add(ImportFormat(name="arrow", read=read_arrow, begins=_begins), order=20)
