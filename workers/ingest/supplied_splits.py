"""Splits that a file brings along, as the freeze job follows them and as the proposal explains them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow.compute as pc
import pyarrow.parquet as pq

from workers.contracts.excerpts import excerpt
from workers.contracts.job_kinds.importing import Column
from workers.contracts.texts import Text
from workers.ingest import vocabulary
from workers.ingest.split_names import (
    MOST_FOLDS,
    SPLIT_COLUMN,
    are_flags,
    blank_code,
    codes_of,
    flagged_split,
    fold_codes,
    is_bare_flag,
    names_splits,
)
from workers.ingest.splits import TEST, TRAIN, VALIDATION
from workers.ingest.vocabulary import named
from workers.runtime.reporter import JobError

_MOST_VALUES = 200


@dataclass(frozen=True)
class SuppliedSplits:
    """What each value of `column` means; `codes` has no entry for values that name no split."""

    column: str
    codes: dict[str, int]
    blank: int = TRAIN
    """The split of rows whose cell is empty."""

    def code(self, value: str | None) -> int | None:
        """Return the split of a row; None for a value that names no split."""
        return self.blank if value is None or not value.strip() else self.codes.get(value)


def explained(column: str, values: Sequence[str]) -> Text:
    """Say in a sentence how a split column is read."""
    folds = fold_codes(column, list(dict.fromkeys(values)))
    if folds:
        by_code = {code: value for value, code in folds.items()}
        return Text("proposal.fold_column", column=column, test=by_code[TEST], validation=by_code[VALIDATION])
    if blank_code(column, codes_of(column, values)) == TEST:
        return Text("proposal.train_flag_column", column=column)
    return Text("proposal.split_column", column=column)


def split_column(columns: Sequence[Column], sample: Sequence[Mapping[str, str]]) -> str | None:
    """Return the column that says which split each row is in, if one stands beside others: the readers' own one first."""
    ordered = sorted(
        columns, key=lambda column: (column.name != SPLIT_COLUMN, flagged_split(column.name) != TRAIN)
    )
    rows = max((column.filled for column in columns), default=0)
    for column in ordered if len(columns) > 1 else ():
        is_label = named(column.name, vocabulary.LABEL)
        if column.is_messages or is_label or not 0 < column.distinct <= MOST_FOLDS:
            continue
        values = [row[column.name] for row in sample if column.name in row]
        if names_splits(column.name, values) and not _is_other_flag(column, values, rows, columns):
            return column.name
    return None


def _is_other_flag(column: Column, values: Sequence[str], rows: int, columns: Sequence[Column]) -> bool:
    """Whether a column of yes and no marks all rows alike, or is one of several topics (`train`, `bus`, `plane`)."""
    if flagged_split(column.name) is None or not are_flags(values):
        return False
    if column.distinct == 1 and column.filled == rows:
        return True
    others = [
        each
        for each in columns
        if flagged_split(each.name) is None and 0 < each.distinct <= 2 and are_flags(each.examples)
    ]
    return is_bare_flag(column.name) and len(others) > 1


def read_supplied_splits(file: pq.ParquetFile, column: str) -> SuppliedSplits:
    """Return what the values of `column` mean. Raises JobError when none of them names a split."""
    distinct: dict[str, None] = {}
    for batch in file.iter_batches(50_000, columns=[column]):
        distinct |= dict.fromkeys(value for value in pc.unique(batch.column(0)).to_pylist() if value)
        if len(distinct) > _MOST_VALUES:
            break
    codes = codes_of(column, distinct)
    if not codes:
        first = next(iter(distinct), "")
        raise JobError(
            "no_splits",
            Text("proposal.split_values_unknown", column=column, value=excerpt(first, 30)),
            field="roles",
        )
    return SuppliedSplits(column, codes, blank_code(column, codes))
