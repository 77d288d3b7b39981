"""How a delimited text is written: its delimiter and its way of quoting, found by trying them on the beginning."""

import csv
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache, partial

from workers.ingest.conversations.markup import masked
from workers.ingest.quoted_lines import Marks, marks_of, straightened
from workers.ingest.readers.lines import split_lines
from workers.ingest.vocabulary import is_known_name

SINGLE_COLUMN = "\x1f"
"""A delimiter that no text contains: each line is one cell."""
_STAND_IN = "\x1f"
"""What a delimiter of several characters becomes for the csv module, which knows single ones only."""
_DELIMITERS = (",", "\t", ";", "|", "^", "¦", "\x01")
_NEVER_TEXT = ("\t", "\x01")
"""Signs that hardly stand within texts: a tab, and what Hive writes."""
_RARE = ("^", "¦")
"""Formulas hold these too, so that a header has to say that they part cells."""
_LONG_DELIMITERS = (
    "||",
    "|||",
    "::",
    "\t|\t",
    "~|~",
    "|~|",
    "^|^",
    "##",
    "@@",
    "\\t",
    "<tab>",
    "<TAB>",
    "<sep>",
    "[SEP]",
)
TABS = "\t+"
"""Several tabs in a row part two cells, as people write them to line up columns."""
COMMENTS = ("#", "//")
_RULE = re.compile(r":?-+:?")
"""A cell of the line below the header of a table in Markdown."""
_ARROWS = (" ==> ", " => ", " --> ", " -> ", " → ")
_LEAST_ARROWS = 10
_STOPS = (".", "!", "?", "…", "。", "！", "？", "।", "؟")
_SAMPLE_RECORDS = 2_000
_FIELD_LIMIT = 1 << 30
_QUOTED_SHARE = 0.3
_LEAST_CONSISTENT = 0.9
_SPACED_CELLS = re.compile(r'"(?:[^"\\]|\\.|"")*"(?: (?:"(?:[^"\\]|\\.|"")*"|-?\d[\d.e+-]*|TRUE|FALSE|NA))+')

csv.field_size_limit(_FIELD_LIMIT)


@dataclass(frozen=True)
class Dialect:
    """`escape` is set where quotes inside cells are written \\" rather than doubled; `padded` where spaces stand between a
    delimiter and a quotation mark. `consistent`, `spaced` and `stray` are shares, 0 to 1: of records as wide as most are,
    of cells that begin with a space, as after commas in a sentence, and of cells that still stand in quotation marks.
    """

    delimiter: str
    quote: str = '"'
    escape: str | None = None
    padded: bool = False
    comment: str = ""
    width: int = 1
    consistent: float = 1.0
    spaced: float = 0.0
    stray: float = 0.0
    is_markdown: bool = False
    """Whether rows begin and end with a bar as well, as in Markdown."""
    marks: Marks = ""
    between: str = ""
    """What stands between curly marks."""
    begins_so: bool = True
    """Whether the first record, which often names the columns, is as wide as most."""

    @property
    def is_long(self) -> bool:
        return len(self.delimiter) > 1

    def reader(self, lines: Iterable[str]) -> Iterator[list[str]]:
        """A strict csv reader: what is quoted wrongly raises csv.Error instead of being altered silently."""
        # map goes on after a line that raises an error; a generator would end there, and the rest of the file with it.
        if self.marks:
            lines = map(partial(straightened, marks=self.marks, delimiter=self.between), lines)
        if self.is_markdown:
            lines = map(_without_edges, lines)
        elif self.delimiter == TABS:
            lines = map(_with_single_tabs, lines)
        elif self.is_long:
            lines = map(self._with_stand_in, lines)
        if self.padded:
            lines = map(self._without_padding, lines)
        if self.escape:
            lines = map(_with_line_end, lines)
        records = csv.reader(
            lines,
            delimiter="\t" if self.delimiter == TABS else _STAND_IN if self.is_long else self.delimiter,
            quotechar=self.quote or None,
            quoting=csv.QUOTE_MINIMAL if self.quote else csv.QUOTE_NONE,
            doublequote=self.escape is None,
            escapechar=self.escape,
            skipinitialspace=self.padded,
            strict=True,
        )
        is_stripped = self.is_markdown or (self.is_long and self.delimiter != TABS)
        return _LongCells(records, self.delimiter) if is_stripped else records

    def _with_stand_in(self, line: str) -> str:
        return line.replace(self.delimiter, _STAND_IN)

    def _without_padding(self, line: str) -> str:
        """Remove the spaces between a closing quotation mark and what follows; csv skips those before an opening one."""
        delimiter = re.escape(_STAND_IN if self.is_long else self.delimiter)
        return re.sub(rf"(?<={self.quote})[ \t]+(?={delimiter}|[\r\n]*$)", "", line)

    def is_comment(self, cells: list[str]) -> bool:
        """Whether a record is a remark: it begins with a comment's mark and a space, or is no row by its width."""
        if self.is_markdown:
            return all(_RULE.fullmatch(cell) for cell in cells)
        if not self.begins_comment(cells[0]):
            return False
        remark = cells[0].lstrip("\ufeff ")[len(self.comment) :]
        return len(cells) != self.width or remark.startswith(" ")

    def begins_comment(self, text: str) -> bool:
        """Whether a line or its first cell begins with a comment's mark."""
        return bool(self.comment) and text.lstrip("\ufeff ").startswith(self.comment)


class _LongCells:
    """Puts a long delimiter back where it stood inside a cell, and drops the spaces around it elsewhere."""

    def __init__(self, records: Iterator[list[str]], delimiter: str) -> None:
        self._records, self._delimiter = records, delimiter

    def __iter__(self) -> Iterator[list[str]]:
        return self

    def __next__(self) -> list[str]:
        return [cell.replace(_STAND_IN, self._delimiter).strip(" ") for cell in next(self._records)]


def _without_edges(line: str) -> str:
    """Remove the bars around a row of Markdown, and protect those that stand within its cells."""
    text = line.strip().removeprefix("|")
    text = text[:-1] if text.endswith("|") and not text.endswith("\\|") else text
    return text.replace("\\|", _STAND_IN) + ("\n" if text else line[len(line.rstrip()) :])


def _markdown(lines: list[str]) -> Dialect | None:
    """The dialect of a table with a rule of hyphens below its header, to which nearly all lines belong."""
    filled = [line.strip() for line in lines if line.strip()]
    for above, line in enumerate(filled[:20]):
        cells = line.strip("|").split("|")
        if above and "|" in line and len(cells) > 1 and all(_RULE.fullmatch(cell.strip()) for cell in cells):
            rows = sum("|" in row for row in filled[above - 1 :])
            whole = rows >= 0.9 * len(filled[above - 1 :]) and "|" in filled[above - 1]
            return Dialect("|", quote="", width=len(cells), is_markdown=True) if whole else None
    return None


def _arrows(lines: list[str]) -> Dialect | None:
    """The dialect of lines that all have one arrow between two texts: “question => answer”."""
    filled = [line for line in lines if line.strip()]
    for arrow in _ARROWS:
        with_one = sum(line.count(arrow) == 1 and not line.startswith(arrow) for line in filled)
        if (
            len(filled) >= _LEAST_ARROWS
            and with_one >= 0.95 * len(filled)
            and not _in_sentences(arrow, filled)
        ):
            return Dialect(arrow, quote="", width=2)
    return None


def _in_sentences(arrow: str, lines: list[str]) -> bool:
    """Whether an arrow stands within sentences: most lines end like one, and what stands before the arrow does not."""
    parts = [line.rstrip().partition(arrow) for line in lines]
    ended = sum(after.endswith(_STOPS) for _, _, after in parts)
    begun = sum(" " in before.strip() and not before.rstrip().endswith(_STOPS) for before, _, _ in parts)
    return min(ended, begun) * 2 > len(lines)


def _with_single_tabs(line: str) -> str:
    return re.sub(r"(?<=[^\t])\t+(?=[^\t\r\n])", "\t", line)


def _with_line_end(line: str) -> str:
    """Keep a backslash at the end of a line from escaping the line's end: it is one more character of the cell."""
    text = line.rstrip("\r\n")
    slashes = len(text) - len(text.rstrip("\\"))
    return f"{text}\\{line[len(text) :]}" if slashes % 2 else line


@lru_cache(maxsize=1)
def find_dialect(sample: str, extension: str) -> Dialect:
    """Return the dialect under which most of the sample's records have the same number (above 1) of cells.

    The last one is remembered: the formats that a text is tried for ask about the same sample, and so does the reader.
    """
    sample = masked(sample)
    lines = split_lines(sample)
    if markdown := _markdown(lines):
        return markdown
    if other := _with_other_marks(lines, extension) or _spaced_cells(lines):
        return other
    declared = re.match(r"sep=(.)\r?\n?$", lines[0]) if lines else None
    if declared:
        return _best(lines[1:], sample, (declared[1],), extension, declared=True)
    for mark in COMMENTS:
        rest = [line for line in lines if not line.lstrip("\ufeff ").startswith(mark)]
        remarks = len(lines) - len(rest)
        if not remarks or remarks > len(rest):
            continue
        found = _best(rest, "".join(rest), _DELIMITERS, extension)
        if found.width > 1 and _are_remarks([line for line in lines if line not in set(rest)], found):
            return replace(found, comment=mark)
    found = _best(lines, sample, _DELIMITERS, extension)
    if found.delimiter == SINGLE_COLUMN and extension not in (".csv", ".tsv"):
        return _arrows(lines) or found
    return found


def _with_other_marks(lines: list[str], extension: str) -> Dialect | None:
    """The dialect of lines whose quotation marks are curly, or stand around whole lines."""
    marks, between = marks_of(lines)
    if marks == "whole":
        return Dialect(SINGLE_COLUMN) if extension in (".csv", ".tsv") else None
    if not marks:
        return None
    straight = [straightened(line, marks, between) for line in lines]
    found = _best(straight, "".join(straight), (between,) if between else _DELIMITERS, extension)
    is_table = found.width > 1 and found.consistent >= _LEAST_CONSISTENT
    return replace(found, marks=marks, between=between) if is_table else None


def _spaced_cells(lines: list[str]) -> Dialect | None:
    """The dialect of what R writes: quoted texts, numbers and marks of no value with one space between two of them."""
    some = [line for line in lines[:_SAMPLE_RECORDS] if line.strip()]
    whole = [line for line in some if _SPACED_CELLS.fullmatch(line.rstrip())]
    if len(some) < 3 or len(whole) < _LEAST_CONSISTENT * len(some):
        return None
    return _measured(Dialect(" ", escape="\\" if '\\"' in "".join(some) else None), lines)


def _are_remarks(lines: list[str], dialect: Dialect) -> bool:
    """Whether most of these lines are no rows."""
    try:
        widths = [len(next(dialect.reader([line]), [])) for line in lines[:100]]
    except csv.Error:
        return True
    return sum(width != dialect.width for width in widths) * 2 > len(widths)


def _best(
    lines: list[str], sample: str, delimiters: tuple[str, ...], extension: str, *, declared: bool = False
) -> Dialect:
    long = () if declared else tuple(delimiter for delimiter in _LONG_DELIMITERS if delimiter in sample)
    found = [
        _measured(candidate, lines)
        for delimiter in (*delimiters, *long)
        if delimiter in sample and not any(_is_part(delimiter, other, sample) for other in long)
        for candidate in _ways_of_quoting(delimiter, lines)
    ]
    best = max(found, key=_score, default=Dialect(SINGLE_COLUMN))
    if "\t\t" in sample and not declared and (best.width < 2 or best.consistent < 0.9):
        tabs = _measured(Dialect(TABS), lines)
        best = tabs if tabs.consistent >= 0.95 and tabs.width > 1 else best
    if best.width < 2 or not _is_convincing(best, lines, extension, declared=declared):
        return Dialect(SINGLE_COLUMN, quote='"' if extension in (".csv", ".tsv") else "")
    if best.quote and best.width > 1 and best.spaced > 0.95 and extension in (".csv", ".tsv"):
        return replace(best, padded=True)
    return best


def _is_part(delimiter: str, other: str, sample: str) -> bool:
    """Whether a delimiter only ever occurs as a part of a longer one."""
    return (
        other != delimiter
        and other.count(delimiter) > 0
        and sample.count(delimiter) == sample.count(other) * other.count(delimiter)
    )


def _ways_of_quoting(delimiter: str, lines: list[str]) -> list[Dialect]:
    """The likelier first: among equals it wins."""
    some = lines[:500]
    text = "".join(some)
    ways = [Dialect(delimiter), Dialect(delimiter, quote="")]
    if '\\"' in text:
        ways.append(Dialect(delimiter, escape="\\"))
    mark = re.escape(delimiter)
    if _share(rf"{mark}[ \t]+\"[^\"]*\"[ \t]*({mark}|[\r\n]|$)|\"[ \t]+{mark}", some) > _QUOTED_SHARE:
        ways += [replace(way, padded=True) for way in ways if way.quote]
    if _share(rf"(^|{mark})[ \t]*'([^'\n]|''|\\')*'[ \t]*({mark}|[\r\n]|$)", some) > _QUOTED_SHARE:
        single = Dialect(delimiter, quote="'", padded=bool(re.search(rf"{mark} +'", text)))
        ways += [single, replace(single, escape="\\")] if "\\'" in text else [single]
    return ways


def _share(pattern: str, lines: list[str]) -> float:
    return sum(bool(re.search(pattern, line)) for line in lines) / max(1, len(lines))


def _measured(dialect: Dialect, lines: list[str]) -> Dialect:
    widths: Counter[int] = Counter()
    reader = dialect.reader(lines)
    errors = spaced = stray = first = 0
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
                stray += any(_stands_in_quotes(cell) for cell in record)
    if not widths:
        return replace(dialect, width=1, consistent=0.0)
    width, count = widths.most_common(1)[0]
    cells = sum((size - 1) * times for size, times in widths.items())
    return replace(
        dialect,
        width=width,
        consistent=count / (widths.total() + errors),
        spaced=spaced / max(1, cells),
        stray=stray / widths.total(),
        begins_so=first == width,
    )


def _stands_in_quotes(cell: str) -> bool:
    cell = cell.strip(" ")
    return len(cell) > 1 and cell[0] == cell[-1] and cell[0] in "\"'"


def _score(dialect: Dialect) -> float:
    """Consistency weighs more than width. Sentences hold commas, hardly ever tabs; only tab-separated texts are likely
    to write quotation marks as they are."""
    if dialect.width < 2:
        return 0.0
    likely = 2.0 if any(sign in dialect.delimiter for sign in _NEVER_TEXT) else 1.0 if dialect.quote else 0.5
    likely *= (1 - 0.5 * dialect.spaced) * (1.0 if dialect.begins_so else 0.5)
    likely *= 1 - 0.3 * dialect.stray
    return likely * dialect.consistent**2 * math.log2(dialect.width + 1)


def _is_convincing(dialect: Dialect, lines: list[str], extension: str, *, declared: bool) -> bool:
    """Whether this is a table rather than prose that happens to hold commas."""
    if declared:
        return True
    first = next((line.strip() for line in lines if line.strip()), "")
    mark = "\t" if dialect.delimiter == TABS else dialect.delimiter
    if mark not in first and is_known_name(first.strip('"')):
        return False
    if dialect.delimiter in _RARE and not any(map(is_known_name, first.split(dialect.delimiter))):
        return extension == ".csv" and dialect.consistent >= 0.95
    if extension in (".csv", ".tsv"):
        return dialect.consistent >= 0.4
    if any(sign in dialect.delimiter for sign in _NEVER_TEXT):
        return dialect.consistent >= 0.8
    if dialect.consistent < 0.9 or sum(bool(line.strip()) for line in lines[:3]) < 2:
        return False
    spaced = cells = 0
    for record in dialect.reader([line for line in lines[:100] if line.count(dialect.quote or '"') % 2 == 0]):
        spaced += sum(cell.startswith(" ") for cell in record[1:])
        cells += len(record) - 1
    return spaced <= cells * 0.5
