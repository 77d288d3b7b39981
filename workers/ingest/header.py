"""Whether a table's first row names its columns, and what the columns are called."""

import re
from collections import Counter

from workers.contracts.words import without_marks
from workers.ingest.vocabulary import is_known_name

_NUMBER = re.compile(
    r"[-+]?[.,]?\d[\d.,]*%?$|\d{4}-\d\d-\d\d|\d{4}/\d\d?/\d\d?( \d.*)?$|\d{1,2}[/.]\d{1,2}[/.]\d{2,4}( \d.*)?$"
)
_MISSING = frozenset(("n/a", "na", "nan", "none", "null", "nil"))
_SENTENCE_END = re.compile(r"[.!?。！？…]$")
_IDENTIFIER = re.compile(r"[^\W\d][\w .:/()#'’&-]*\??$")


def looks_like_header(first: list[str], body: list[list[str]]) -> bool:
    """Judge the first row against (up to some hundred) rows below it. Known names decide, and words above a column of
    numbers or dates; else shape does."""
    cells = [cell.strip() for cell in first]
    filled = [cell for cell in cells if cell]
    if not filled or any(_NUMBER.match(cell) for cell in filled):
        return False
    columns = [(cell, [row[index] for row in body]) for index, cell in enumerate(cells)]
    if len(filled) * 2 < sum(bool(name) or _is_used(values) for name, values in columns):
        return False
    known = sum(is_known_name(cell) for cell in filled)
    if known * 2 > len(filled) or any(_heads_numbers(name, values) for name, values in columns):
        return True
    if len({cell.casefold() for cell in filled}) < len(filled):
        return False
    if any(len(cell) > 64 or "\n" in cell for cell in filled):
        return False
    if known:
        return True
    if any(_SENTENCE_END.search(cell) for cell in filled) or not body:
        return False
    if any(_column_differs(name, values) for name, values in columns):
        return True
    if all(_reads_otherwise(name, values) for name, values in columns if any(values)):
        return True
    repeated = any(name and name in values for name, values in columns)
    return not repeated and all(_is_identifier(cell) for cell in filled)


def _is_identifier(cell: str) -> bool:
    """Whether a cell is made of a few words."""
    return bool(_IDENTIFIER.match(without_marks(cell))) and len(cell.split()) <= 3


def rows_above_header(rows: list[list[str]]) -> int:
    """How many rows at the top are a title or a note: of one cell each, above a row that names the columns."""
    cells = [sum(map(bool, row)) for row in rows]
    above = next((index for index, count in enumerate(cells) if count > 1), 0)
    if any(is_known_name(cell) for row in rows[:above] for cell in row):
        return 0
    if _is_band(rows[above : above + 2]) and looks_like_header(rows[above + 1], rows[above + 2 :]):
        return above + 1
    return above if above and looks_like_header(rows[above], rows[above + 1 :]) else 0


def _is_band(rows: list[list[str]]) -> bool:
    """Whether the first of two rows names groups of columns (“Request” above “question” and “city”): it has gaps where the
    second one has names, most of which people commonly use."""
    if len(rows) < 2:
        return False
    band, names = ([cell.strip() for cell in row] for row in rows)
    used = [name for name, above in zip(names, band, strict=False) if name or above]
    known = sum(is_known_name(name) for name in names if name)
    return (
        all(used)
        and len({name.casefold() for name in used}) == len(used)
        and 0 < sum(map(bool, band)) < len(used)
        and known * 2 > len(used)
    )


def _is_used(values: list[str]) -> bool:
    """Whether more than a stray cell stands in a column: spreadsheets leave empty ones at the right."""
    return sum(bool(value.strip()) for value in values) * 10 >= len(values)


def _heads_numbers(name: str, values: list[str]) -> bool:
    """Whether words stand above at least three numbers or dates, and nothing else."""
    filled = [value for value in values if value.strip()]
    return (
        len(filled) >= 3
        and bool(re.search(r"[^\W\d_]{2}", without_marks(name)))
        and name.casefold() not in _MISSING
        and all(_NUMBER.match(value.strip()) for value in filled)
    )


def _column_differs(name: str, values: list[str]) -> bool:
    """Whether a column's values are numbers, or far longer than its name."""
    filled = [value for value in values if value.strip()]
    if not name or not filled:
        return False
    if sum(bool(_NUMBER.match(value.strip())) for value in filled) > 0.9 * len(filled):
        return True
    if _names_labels(name, filled):
        return True
    return len(name.split()) <= 3 and sum(map(len, filled)) / len(filled) > 4 * len(name) + 20


def _names_labels(name: str, values: list[str]) -> bool:
    """Whether a column repeats a few short values, each of them, and what stands above is none of these."""
    counts = Counter(values)
    return (
        len(values) >= 8
        and 2 <= len(counts) <= len(values) / 4
        and min(counts.values()) >= 2
        and name not in counts
        and max(map(len, counts)) <= 40
        and len(name.split()) <= 5
    )


def _reads_otherwise(name: str, values: list[str]) -> bool:
    """Whether a few words that end like no sentence stand above texts that mostly do, or that have many more words."""
    filled = [value.strip() for value in values if value.strip()]
    words = len(name.split())
    if not name or len(filled) < 5 or words > 6:
        return False
    sentences = sum(bool(_SENTENCE_END.search(value)) for value in filled)
    return sentences > 0.7 * len(filled) or sum(len(value.split()) for value in filled) > 2.5 * words * len(
        filled
    )


def column_names(cells: list[str]) -> list[str]:
    """Return unique, non-empty names: blank ones are numbered, repeated ones get _2, _3."""
    names: list[str] = []
    taken: set[str] = set()
    for index, cell in enumerate(cells, start=1):
        base = " ".join(cell.replace("\0", "").split())[:200] or f"column_{index}"
        base = "line_" if base == "__line" else base
        name, copy = base, 1
        while name in taken:
            copy += 1
            name = f"{base}_{copy}"
        taken.add(name)
        names.append(name)
    return names
