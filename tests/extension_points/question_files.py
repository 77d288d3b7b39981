"""A toy import format: each line that begins with “?” is a question, and the line below it is its answer."""

from collections.abc import Iterator

from workers.ingest.formats import IMPORT_FORMATS, ImportFormat
from workers.ingest.source import Bad, Row, Source


def _is_questions(source: Source) -> bool:
    return source.sample().startswith("?")


def _read(source: Source) -> Iterator[Row | Bad]:
    lines = source.path.read_text(source.encoding).splitlines()
    for number in range(0, len(lines) - 1, 2):
        cells = {"question": lines[number].removeprefix("?").strip(), "answer": lines[number + 1]}
        yield Row(number + 1, cells)


IMPORT_FORMATS.add(ImportFormat(name="questions", read=_read, matches=_is_questions))
