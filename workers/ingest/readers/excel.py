"""Excel workbooks (.xlsx, .xls, .ods): the sheet that holds most, row numbers as Excel shows them."""

import datetime
import os
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, Any

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError

from workers.ingest.detect import not_a_table
from workers.ingest.header import column_names, looks_like_header, rows_above_header
from workers.ingest.readers.delimited import too_many_columns
from workers.ingest.source import Bad, Row, Source
from workers.runtime.reporter import JobError

_UNPACKED_LIMIT = 1_500_000_000
_LOCAL_HEADER_BYTES = 30
"""Its last four say how long the name and the extra field after it are (APPNOTE.TXT of PKWARE, 4.3.7)."""
_PIECE_BYTES = 1 << 20


def read_excel(source: Source) -> Iterator[Row | Bad]:
    """Yield a row per line below the header. Raises JobError for a locked, damaged, oversized or empty workbook."""
    try:
        _refuse_oversized(source)
        with CalamineWorkbook.from_path(source.path) as workbook:
            yield from _sheet(source, *_fullest(workbook))
    except PasswordError as error:
        raise JobError(
            "locked_file",
            "This workbook is protected by a password. Remove the password in Excel, then upload it again.",
            field="source",
        ) from error
    except (CalamineError, zipfile.BadZipFile, zlib.error, struct.error) as error:
        if source.path.open("rb").read(2) != b"PK":
            raise not_a_table("an old Office document that holds no readable sheet") from error
        raise JobError(
            "damaged_file",
            f"This workbook cannot be read ({error}). Save it again in Excel, or as CSV.",
            field="source",
        ) from error


def _refuse_oversized(source: Source) -> None:
    if not zipfile.is_zipfile(source.path):
        return
    with zipfile.ZipFile(source.path) as archive, source.path.open("rb") as stream:
        unpacked = 0
        for member in archive.infolist():
            unpacked += _unpacked_bytes(stream, member, _UNPACKED_LIMIT - unpacked)
            if unpacked > _UNPACKED_LIMIT:
                raise JobError(
                    "too_large",
                    f"Unpacked, this workbook is more than {_UNPACKED_LIMIT / 1e9:.1f} GB. Save it as CSV, which is read piece by "
                    "piece.",
                    field="source",
                )


def _unpacked_bytes(stream: IO[bytes], member: zipfile.ZipInfo, most: int) -> int:
    """What a member really unpacks to, not what the archive says; counted no further than just above `most`."""
    if member.compress_type != zipfile.ZIP_DEFLATED:
        return member.compress_size
    stream.seek(member.header_offset + _LOCAL_HEADER_BYTES - 4)
    name_bytes, extra_bytes = struct.unpack("<HH", stream.read(4))
    stream.seek(name_bytes + extra_bytes, os.SEEK_CUR)
    unpacker, size, left = zlib.decompressobj(-zlib.MAX_WBITS), 0, member.compress_size
    while left > 0 and not unpacker.eof and size <= most:
        packed = stream.read(min(_PIECE_BYTES, left))
        left -= len(packed) or left
        while packed and size <= most:
            size += len(unpacker.decompress(packed, _PIECE_BYTES))
            packed = unpacker.unconsumed_tail
    return size


def _fullest(workbook: CalamineWorkbook) -> tuple[CalamineSheet, str, list[str]]:
    """The sheet with the most filled cells: what stands before it is a cover, what follows it notes or lists."""
    filled = {name: _filled_cells(workbook, name) for name in workbook.sheet_names}
    name = max(filled, key=lambda name: filled[name], default="")
    if not filled.get(name):
        raise JobError(
            "empty_file", "No sheet of this workbook holds any cells. Fill one in, then upload it again."
        )
    return workbook.get_sheet_by_name(name), name, list(filled)


def _filled_cells(workbook: CalamineWorkbook, name: str) -> int:
    """0 also for what is no table, such as a sheet that holds a chart only."""
    try:
        sheet = workbook.get_sheet_by_name(name)
    except CalamineError:
        return 0
    return sum(bool(_text(cell)) for row in sheet.iter_rows() for cell in row) if sheet.total_height else 0


def _sheet(source: Source, sheet: CalamineSheet, name: str, names: list[str]) -> Iterator[Row | Bad]:
    if len(names) > 1:
        source.notes.append(
            f"The workbook has {len(names)} sheets; “{name}”, the fullest, was read. Save another one as a file of its own to use it."
        )
    height = max(1, sheet.total_height)
    rows = ((number, [_text(cell) for cell in row]) for number, row in enumerate(sheet.iter_rows(), start=1))
    filled = ((number, row) for number, row in rows if any(row))
    ahead = [record for _, record in zip(range(200), filled, strict=False)]
    if len(ahead[0][1]) > source.max_columns:
        raise too_many_columns(len(ahead[0][1]), source.max_columns)
    above = rows_above_header([row for _, row in ahead])
    for number, row in ahead[:above]:
        yield Bad(number, "Stands above the table's header", " ".join(filter(None, row)))
    ahead = ahead[above:]
    has_header = looks_like_header(ahead[0][1], [row for _, row in ahead[1:]])
    if has_header and len(ahead) == 1:
        raise JobError(
            "header_only", "This sheet has a header but no rows. Add rows below it.", field="source"
        )
    columns = column_names(ahead[0][1] if has_header else [""] * len(ahead[0][1]))
    for number, row in (*ahead[has_header:],):
        yield Row(number, dict(zip(columns, row, strict=True)))
    for number, row in filled:
        source.position = lambda number=number: source.size * number // height  # type: ignore[misc]
        yield Row(number, dict(zip(columns, row, strict=True)))


def _text(cell: Any) -> str:
    """Write a cell as Excel shows it: whole numbers without a point, dates in ISO form."""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    if isinstance(cell, datetime.datetime):
        return cell.isoformat(sep=" ")
    return str(cell).strip() if cell is not None else ""
