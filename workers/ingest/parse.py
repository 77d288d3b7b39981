"""The import job: a file in any common format becomes rows.parquet, rejected.parquet, a profile and a proposal.

python -m workers.ingest.parse spec.json        ImportSpec -> ImportResult
"""

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from workers.contracts.encodings import encoding_label
from workers.contracts.excerpts import excerpt
from workers.contracts.fixes import FILE_TOO_LARGE
from workers.contracts.job_kinds.importing import ImportResult, ImportSpec, Reject
from workers.contracts.texts import Text
from workers.ingest.containers import unpacked
from workers.ingest.detect import binary_format, text_format
from workers.ingest.encodings import DAMAGED, WESTERN_HANDLER, detect_encoding, preview
from workers.ingest.fetching import fetch_source
from workers.ingest.formats import ImportFormat
from workers.ingest.limits import Limits
from workers.ingest.mojibake import DoubleEncoding
from workers.ingest.nested import flattened
from workers.ingest.profile import Profile
from workers.ingest.proposals import propose
from workers.ingest.readers.delimited import too_many_columns
from workers.ingest.rejects import REJECTED_NAME, REJECTED_TEXT_CHARACTERS, RejectedWriter
from workers.ingest.reshaping import repair_encoding, reshape
from workers.ingest.row_count import require_few_enough
from workers.ingest.source import Bad, Row, Source
from workers.ingest.split_names import SPLIT_COLUMN
from workers.ingest.tables import (
    ROWS_NAME,
    SOURCE_NAME,
    RowsWriter,
    cell_text,
)
from workers.runtime.reporter import JobError, Reporter, run_child
from workers.shared import memory

_CHECKING_SHARE = 0.1
"""Share of the progress bar for finding the encoding."""
_FETCHING_SHARE = 0.5


def run(spec: ImportSpec, reporter: Reporter) -> ImportResult:
    """Import one file. Raises JobError when it is no table or holds no usable row."""
    reporter.started()
    try:
        return _parsed(spec, reporter)
    except MemoryError:
        raise JobError("too_large", FILE_TOO_LARGE, field="source") from None
    except UnicodeError as error:
        if not spec.encoding:
            raise
        message = Text("files.wrong_encoding", encoding=Text.marked(encoding_label(spec.encoding)))
        raise JobError("wrong_encoding", message, field="encoding") from error


def _parsed(spec: ImportSpec, reporter: Reporter) -> ImportResult:
    out = Path(spec.work) / "out"
    out.mkdir(parents=True, exist_ok=True)
    fetched = None
    if "source" not in spec.inputs:
        fetched = fetch_source(spec, out / SOURCE_NAME, reporter, share=_FETCHING_SHARE)
    source = Source(
        out / SOURCE_NAME if fetched else Path(spec.inputs["source"]),
        fetched.filename if fetched else spec.filename,
        max_cell_bytes=spec.max_cell_bytes,
        max_columns=spec.max_columns,
        limits=Limits.of(spec),
        share_before=_FETCHING_SHARE if fetched else 0.0,
    )
    source = unpacked(source, Path(spec.work), spec.part, partial(_on_unpacked, source, reporter))
    format_ = identify(source, reporter, spec.encoding)
    source.part = source.part or spec.part
    require_few_enough(source, format_, partial(_on_counted, source, reporter))
    rows = RowsWriter(out / ROWS_NAME, Path(spec.work))
    profile, doubled = Profile(), DoubleEncoding()
    with RejectedWriter(out / REJECTED_NAME) as rejected:
        for record in _reported(_records(source, spec, reporter, format_), source, reporter):
            if cells := _place(record, source, rows, rejected):
                profile.add(cells)
                doubled.add(cells.values())
    rows.close()
    if not rows.count:
        raise _no_rows(rejected)
    is_text = not format_.is_binary and not source.written_from
    if doubled.is_noticeable and _is_repaired(doubled, source, spec, is_text=is_text):
        profile = repair_encoding(out / ROWS_NAME, Path(spec.work))
    columns, count = profile.columns(), rows.count
    if reshaped := reshape(out / ROWS_NAME, Path(spec.work), columns, profile.sample, source.notes):
        profile, count = reshaped.profile, reshaped.rows
        columns = profile.columns()
    if count == 1 and format_.is_one_value and _is_whole_table(profile):
        source.notes.append(Text("files.one_object"))
    for note in source.notes:
        reporter.log(note)
    proposal = propose(columns, profile.sample, source.notes)
    return ImportResult(
        format=source.written_from or format_.name,
        encoding=encoding_label(source.encoding) if is_text else None,
        codec=source.encoding if is_text else None,
        preview=preview(source.sample()) if is_text else [],
        blank=source.blank,
        comments=source.comments,
        parts=source.parts,
        part=source.part if source.parts else None,
        rows=count,
        rejected=rejected.count,
        first_rejects=[Reject(line=line, reason=reason) for line, reason in rejected.first],
        columns=columns,
        proposal=proposal.model_copy(update={"warnings": [*source.warnings, *proposal.warnings]}),
        bytes=sum((out / name).stat().st_size for name in (ROWS_NAME, REJECTED_NAME)),
        fetched=fetched,
    )


def _on_unpacked(source: Source, reporter: Reporter, done: int) -> None:
    reporter.raise_if_stopping()
    reporter.progress(Text("files.phase_unpacking"), done, fraction=source.share_before)


def _on_counted(source: Source, reporter: Reporter, rows: int) -> None:
    reporter.raise_if_stopping()
    source.limits.require_time()
    reporter.progress(Text("files.phase_counting"), rows, fraction=_share(source, _CHECKING_SHARE))


def identify(source: Source, reporter: Reporter, codec: str | None = None) -> ImportFormat:
    """Return the format; sets `source.encoding` for texts, to `codec` where a person chose one."""
    if binary := binary_format(source.path):
        return binary
    size = max(1, source.size)

    def on_bytes(done: int) -> None:
        reporter.raise_if_stopping()
        source.limits.require_time()
        reporter.progress(
            Text("files.phase_checking"),
            done,
            size,
            fraction=_share(source, _CHECKING_SHARE * done / size),
        )

    if codec:
        source.encoding = codec
    else:
        source.encoding, mixed_lines = detect_encoding(source.path, on_bytes)
        if mixed_lines:
            source.errors = WESTERN_HANDLER
            source.warnings.append(Text("files.mixed_encodings", lines=mixed_lines))
    if not source.sample().strip("\ufeff\0 \t\r\n"):
        raise JobError("empty_file", Text("files.blank"), field="source")
    return text_format(source)


def _records(
    source: Source, spec: ImportSpec, reporter: Reporter, format_: ImportFormat
) -> Iterator[Row | Bad]:
    """Read the source and the parts that follow it. Lines are counted on from part to part."""
    yield from _with_split(format_.read(source), source)
    above = source.last_line
    for part in source.following:
        if not format_.is_binary:
            format_ = identify(part, reporter, spec.encoding)
        for record in _with_split(format_.read(part), part):
            yield record._replace(line=record.line + above)
        above += part.last_line
        source.blank += part.blank
        source.comments += part.comments


def _with_split(records: Iterator[Row | Bad], source: Source) -> Iterator[Row | Bad]:
    for record in records:
        source.last_line = max(source.last_line, record.line)
        if source.split and isinstance(record, Row) and SPLIT_COLUMN not in record.cells:
            record = record._replace(cells={**record.cells, SPLIT_COLUMN: source.split})
        yield record


def _reported(records: Iterator[Row | Bad], source: Source, reporter: Reporter) -> Iterator[Row | Bad]:
    size = max(1, source.size)
    for count, record in enumerate(records):
        if count % 500 == 0:
            reporter.raise_if_stopping()
            source.limits.require_time()
            source.limits.require_rows(count)
            done = min(size, source.position())
            share = _CHECKING_SHARE + (1 - _CHECKING_SHARE) * done / size
            reporter.progress(Text("files.phase_reading"), done, size, fraction=_share(source, share))
        yield record
    reporter.progress(Text("files.phase_reading"), size, size, fraction=1.0)


def _share(source: Source, done: float) -> float:
    return source.share_before + (1 - source.share_before) * done


def _is_repaired(doubled: DoubleEncoding, source: Source, spec: ImportSpec, *, is_text: bool) -> bool:
    """Say that cells were encoded twice, and whether they are repaired: not where a person chose how to read the file."""
    count, example = f"{doubled.count:,}", doubled.example
    if spec.encoding or not doubled.is_frequent:
        source.warnings.append(Text("files.maybe_encoded_twice", cells=count, example=example))
        return False
    source.warnings.append(
        Text(
            "files.encoded_twice_with_choice",
            cells=count,
            example=example,
            encoding=Text.marked(encoding_label(source.encoding)),
        )
        if is_text
        else Text("files.encoded_twice", cells=count, example=example)
    )
    return True


def _place(
    record: Row | Bad, source: Source, rows: RowsWriter, rejected: RejectedWriter
) -> dict[str, str | None] | None:
    """Put a record in exactly one place; return its cells where it became a row."""
    if isinstance(record, Bad):
        rejected.add(*record)
        return None
    cells: dict[str, str | None] = {}
    characters = 0
    for name, value in flattened(record.cells):
        text = cell_text(value)
        characters += len(text) if text else 0
        problem = name_problem(name) or (text is not None and cell_problem(text, source))
        if problem:
            source.count(characters)
            rejected.add(
                record.line,
                Text("files.field_problem", field=printable_name(name), problem=problem),
                _row_text(record),
            )
            return None
        cells["line_" if name == "__line" else name] = text
    if not characters:
        rejected.add(record.line, Text("files.row_empty"), _row_text(record))
        return None
    source.count(characters)
    rows.add(record.line, cells, characters)
    if len(rows.columns) > source.max_columns:
        raise too_many_columns(len(rows.columns), source.max_columns)
    return cells


def name_problem(name: str) -> Text | None:
    if len(name) > 500:
        return Text("files.field_name_too_long")
    try:
        name.encode()
    except UnicodeEncodeError:
        return Text("files.field_name_has_surrogate")
    return Text("files.field_name_has_nul") if "\0" in name else None


def printable_name(name: str) -> str:
    return excerpt(name, 60).encode("utf-8", "replace").decode().replace("\0", "?")


def cell_problem(text: str, source: Source) -> Text | None:
    """Return why a cell cannot be kept, or None."""
    try:
        size = len(text) if text.isascii() else len(text.encode())
    except UnicodeEncodeError:
        return Text("files.has_surrogate")
    if size > source.max_cell_bytes:
        return Text("files.cell_too_large", bytes=size, most=source.max_cell_bytes)
    if "\0" in text:
        return Text("files.has_nul")
    if DAMAGED in text:
        return Text("files.invalid_bytes", encoding=Text.marked(encoding_label(source.encoding)))
    return None


def _row_text(record: Row) -> str:
    return json.dumps(
        {name: excerpt(str(value), REJECTED_TEXT_CHARACTERS) for name, value in record.cells.items()},
        ensure_ascii=False,
    )


def _is_whole_table(profile: Profile) -> bool:
    """Whether the only row holds nested values that are no conversation: columns, or a list of rows under some name."""
    nested = [column.name for column in profile.columns() if not column.is_messages]
    return any(profile.sample[0].get(name, "").startswith(("[{", "[[", '["', "{")) for name in nested)


def _no_rows(rejected: RejectedWriter) -> JobError:
    if not rejected.count:
        return JobError("no_rows", Text("files.no_rows"), field="source")
    line, reason = rejected.first[0]
    return JobError(
        "no_rows",
        Text("files.no_usable_rows", rows=rejected.count, line=line, reason=reason),
        field="source",
    )


if __name__ == "__main__":
    memory.bound()
    run_child(ImportSpec, run)
