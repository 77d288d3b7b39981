"""Tables of cells between delimiters (CSV, TSV), and texts without any."""

from workers.ingest.detect import not_a_table
from workers.ingest.dialect import SINGLE_COLUMN, TABS, find_dialect
from workers.ingest.formats import IMPORT_FORMATS, ImportFormat
from workers.ingest.readers.chat_exports import chat_people
from workers.ingest.readers.delimited import read_delimited
from workers.ingest.readers.text import read_text
from workers.ingest.readers.transcripts import boundary
from workers.ingest.source import Source
from workers.ingest.text_kinds import other_kind, other_use
from workers.runtime.reporter import JobError

_TABLES = (".csv", ".tsv")


def _is_text(source: Source) -> bool:
    """Raises JobError for a text of another kind, such as subtitles or a program."""
    if source.extension not in _TABLES:
        if other := other_use(source.sample()):
            raise JobError("not_a_table", other, field="source")
        if chat_people(source.sample()):
            return True
    is_text = _delimiter(source) == SINGLE_COLUMN and source.extension not in _TABLES
    kind = other_kind(source.sample(), source.extension)
    if kind and (is_text or kind.endswith("(CoNLL)")) and not boundary(source.sample()):
        raise not_a_table(kind)
    return is_text


def _has_tabs(source: Source) -> bool:
    return _delimiter(source) in ("\t", TABS)


def _delimiter(source: Source) -> str:
    return find_dialect(source.sample(newline=""), source.extension).delimiter


TEXT = IMPORT_FORMATS.add(ImportFormat(name="text", read=read_text, matches=_is_text), order=2000)
TSV = IMPORT_FORMATS.add(ImportFormat(name="tsv", read=read_delimited, matches=_has_tabs), order=2010)
CSV = IMPORT_FORMATS.add(
    ImportFormat(name="csv", read=read_delimited, matches=lambda source: True), order=2020
)
