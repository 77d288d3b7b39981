"""How a delimited text is written: its delimiter and its way of quoting, found by trying them on the beginning."""

import csv
import math
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from workers.ingest.readers.lines import split_lines
from workers.ingest.vocabulary import is_known_name

SINGLE_COLUMN = "\x1f"
"""A delimiter that no text contains: each line is one cell."""
_DELIMITERS = (",", "\t", ";", "|")
_SAMPLE_RECORDS = 2_000
_FIELD_LIMIT = 1 << 30

csv.field_size_limit(_FIELD_LIMIT)


@dataclass(frozen=True)
class Dialect:
    """`escape` is set where quotes inside cells are written \\" rather than doubled. `consistent` and `spaced` are
    shares, 0 to 1: of records as wide as most are, and of cells that begin with a space, as after commas in a sentence.
    """

    delimiter: str
    quoting: bool = True
    escape: str | None = None
    width: int = 1
    consistent: float = 1.0
    spaced: float = 0.0
    begins_so: bool = True
    """Whether the first record, which often names the columns, is as wide as most."""

    def reader(self, lines: Iterable[str]) -> "csv._reader":  # type: ignore[name-defined]
        """A strict csv reader: what is quoted wrongly raises csv.Error instead of being altered silently."""
        return csv.reader(
            lines if self.escape is None else map(_with_line_end, lines),
            delimiter=self.delimiter,
            quotechar='"' if self.quoting else None,
            quoting=csv.QUOTE_MINIMAL if self.quoting else csv.QUOTE_NONE,
            doublequote=self.escape is None,
            escapechar=self.escape,
            strict=True,
        )


def _with_line_end(line: str) -> str:
    """Keep a backslash at the end of a line from escaping the line's end: it is one more character of the cell."""
    text = line.rstrip("\r\n")
    slashes = len(text) - len(text.rstrip("\\"))
    return f"{text}\\{line[len(text) :]}" if slashes % 2 else line


def find_dialect(sample: str, extension: str) -> Dialect:
    """Return the dialect under which most of the sample's records have the same number (above 1) of cells."""
    lines = split_lines(sample)
    declared = re.match(r"sep=(.)\r?\n?$", lines[0]) if lines else None
    delimiters = (declared[1],) if declared else _DELIMITERS
    body = lines[1:] if declared else lines
    candidates = [
        _measured(candidate, body)
        for delimiter in delimiters
        for candidate in _ways_of_quoting(delimiter, sample)
        if delimiter in sample
    ]
    best = max(candidates, key=_score, default=Dialect(SINGLE_COLUMN))
    if best.width < 2 or not _is_convincing(best, body, extension, declared=bool(declared)):
        return Dialect(SINGLE_COLUMN, quoting=extension in (".csv", ".tsv"))
    return best


def _ways_of_quoting(delimiter: str, sample: str) -> list[Dialect]:
    """The likelier first: among equals it wins."""
    ways = [Dialect(delimiter), Dialect(delimiter, quoting=False)]
    return [*ways, Dialect(delimiter, escape="\\")] if '\\"' in sample else ways


def _measured(dialect: Dialect, lines: list[str]) -> Dialect:
    widths: Counter[int] = Counter()
    reader = dialect.reader(lines)
    errors = spaced = first = 0
    while widths.total() + errors < _SAMPLE_RECORDS:
        try:
            record = next(reader)
        except StopIteration:
            break
        except csv.Error:
            errors += 1
        else:
            if record:
                first = first or len(record)
                widths[len(record)] += 1
                spaced += sum(cell.startswith(" ") for cell in record[1:])
    if not widths:
        return replace(dialect, width=1, consistent=0.0)
    width, count = widths.most_common(1)[0]
    cells = sum((size - 1) * times for size, times in widths.items())
    return replace(
        dialect,
        width=width,
        consistent=count / (widths.total() + errors),
        spaced=spaced / max(1, cells),
        begins_so=first == width,
    )


def _score(dialect: Dialect) -> float:
    """Consistency weighs more than width. Sentences hold commas, hardly ever tabs; only tab-separated texts are likely
    to write quotation marks as they are."""
    if dialect.width < 2:
        return 0.0
    likely = 2.0 if dialect.delimiter == "\t" else 1.0 if dialect.quoting else 0.5
    likely *= (1 - 0.5 * dialect.spaced) * (1.0 if dialect.begins_so else 0.5)
    return likely * dialect.consistent**2 * math.log2(dialect.width + 1)


def _is_convincing(dialect: Dialect, lines: list[str], extension: str, *, declared: bool) -> bool:
    """Whether this is a table rather than prose that happens to hold commas."""
    if declared:
        return True
    first = next((line.strip() for line in lines if line.strip()), "")
    if dialect.delimiter not in first and is_known_name(first.strip('"')):
        return False
    if extension in (".csv", ".tsv"):
        return dialect.consistent >= 0.4
    if dialect.delimiter == "\t":
        return dialect.consistent >= 0.8
    if dialect.consistent < 0.9 or sum(bool(line.strip()) for line in lines[:3]) < 2:
        return False
    spaced = cells = 0
    for record in dialect.reader([line for line in lines[:100] if line.count('"') % 2 == 0]):
        spaced += sum(cell.startswith(" ") for cell in record[1:])
        cells += len(record) - 1
    return spaced <= cells * 0.5
