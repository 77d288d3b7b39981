"""Tables whose rows are not yet the rows to learn from: marked-up text, nested values as text, one turn a row.

What the table holds is known once all of it was read, so this is a second pass, over the few files that need one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from workers.contracts.job_kinds.importing import Column
from workers.contracts.texts import Text
from workers.ingest.conversations.cast import SELVES, are_selves
from workers.ingest.conversations.markup import cast_of_lines
from workers.ingest.mojibake import repaired
from workers.ingest.profile import Profile
from workers.ingest.reshaping.cells import Cells, find_conversion
from workers.ingest.reshaping.compared_answers import compared_answers
from workers.ingest.reshaping.grouping import group_line_pairs, group_turns, has_line_pairs, turn_columns
from workers.ingest.reshaping.groups import filled_down, group_column
from workers.ingest.reshaping.turn_table import is_tree
from workers.ingest.reshaping.wide_rows import language_pairs
from workers.ingest.tables import RowsWriter, read_rows

Sample = list[dict[str, str]]


@dataclass(frozen=True)
class Reshaped:
    rows: int
    profile: Profile


def reshape(
    path: Path, work: Path, columns: list[Column], sample: Sample, notes: list[Text]
) -> Reshaped | None:
    """Rewrite rows.parquet where its rows need it, say so in `notes`, and return what it holds then; None where not."""
    rows: int | None = None
    if turns := turn_columns(columns, sample, partial(is_tree, path, work)):
        rows = group_turns(path, work, turns, notes)
    elif has_line_pairs(columns, sample):
        cast = cast_of_lines(row[columns[0].name] for row in sample if columns[0].name in row)
        rows = _rewrite(path, work, partial(group_line_pairs, cast=cast))
        notes.append(Text("reshaping.question_and_answer_lines"))
        notes += [SELVES] if are_selves(cast) else []
    elif pairs := language_pairs(columns, sample):
        rows = _rewrite(path, work, pairs.rows)
        notes.append(pairs.note)
    elif compared := compared_answers(columns, sample):
        rows = _rewrite(path, work, compared.rows)
        notes.append(compared.note)
    elif conversion := find_conversion(columns, sample):
        rows = _rewrite(
            path, work, lambda table: ((line, conversion.convert(cells)) for line, cells in table)
        )
        notes += conversion.notes
    elif group := group_column(path, columns):
        rows = _rewrite(path, work, partial(filled_down, name=group))
        notes.append(Text("reshaping.filled_down", column=group))
    return None if rows is None else Reshaped(rows, _profiled(path))


def repair_encoding(path: Path, work: Path) -> Profile:
    """Rewrite rows.parquet without what was encoded twice, and return what it holds then."""
    _rewrite(
        path,
        work,
        lambda table: (
            (line, {repaired(name) or name: repaired(text) for name, text in cells.items()})
            for line, cells in table
        ),
    )
    return _profiled(path)


def _rewrite(path: Path, work: Path, change: Callable[[Cells], Cells]) -> int:
    made = work / "reshaped.parquet"
    writer = RowsWriter(made, work)
    for line, cells in change(read_rows(path)):
        if characters := sum(len(text) for text in cells.values() if text):
            writer.add(line, cells, characters)
    writer.close()
    made.replace(path)
    return writer.count


def _profiled(path: Path) -> Profile:
    profile = Profile()
    for _, cells in read_rows(path):
        profile.add(cells)
    return profile
