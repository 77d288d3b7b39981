"""Rows of a frozen dataset version, and the outputs that an evaluation leaves for them.

Rows are read as they are needed, some at a time: there may be more of them than fit into memory. Each pass reads the file again.
"""

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from workers.contracts.job_kinds.evaluation import EvaluatedSplit
from workers.contracts.model_folder import PromptMessage, asked_text
from workers.contracts.texts import Text
from workers.evaluation.metrics.protocol import FloatArray
from workers.runtime.reporter import JobError

DATA_NAME = "data.parquet"
OUTPUTS_NAME = "outputs.parquet"
STATISTIC_PREFIX = "stat."
PART_ROWS = 1000
"""Rows read, scored or written at a time."""

OnProgress = Callable[[float, int], None]
"""Called with rows done (a row that is being generated counts in part) and rows in all, about once a token."""
IntArray = NDArray[np.int64]
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class DataRow:
    row_id: str
    line: int
    prompt: list[PromptMessage]
    target: str

    @property
    def input(self) -> str:
        """What was asked, as one text: everything but the system's messages."""
        return asked_text(self.prompt)


class DataRows(Collection[DataRow]):
    """Rows of a split, or all of them, in file order, without answers that are rated bad; of these only those at the places
    `chosen`, where that is given."""

    def __init__(self, path: Path, split: EvaluatedSplit, chosen: IntArray | None = None) -> None:
        self._path, self._split, self._chosen = path, split, chosen
        self._rated = ["feedback"] if "feedback" in pq.read_schema(path).names else []
        self._count = sum(batch.num_rows for batch in self._of_split([])) if chosen is None else len(chosen)

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[DataRow]:
        for row in self._read(["row_id", "line", "prompt", "target"]):
            yield DataRow(row["row_id"], row["line"], _messages(row["prompt"]), row["target"])

    def __contains__(self, row: object) -> bool:
        return any(row == other for other in self)

    @property
    def targets(self) -> Collection[str]:
        return _Column(self, lambda: (row["target"] for row in self._read(["target"])))

    @property
    def prompts(self) -> Collection[list[PromptMessage]]:
        return _Column(self, lambda: (_messages(row["prompt"]) for row in self._read(["prompt"])))

    @property
    def inputs(self) -> Collection[str]:
        """What was asked of each row, as one text."""
        return _Column(self, lambda: (DataRow("", 0, prompt, "").input for prompt in self.prompts))

    def ids(self) -> pa.Array:
        """Return all row ids, as compact as Arrow holds them."""
        found = [batch["row_id"] for batch in self._batches(["row_id"])]
        return pa.concat_arrays(found) if found else pa.array([], pa.string())

    def sample(self, limit: int | None, seed: int, *, by_target: bool = False) -> "DataRows":
        """At most `limit` rows, drawn by `seed`, in file order: equal arguments give equal rows, and a smaller sample is
        part of a larger one. `by_target` keeps each target's share, and one row at least of as many as fit."""
        if limit is None or len(self) <= limit:
            return self
        order = np.random.default_rng(seed).permutation(len(self))
        if by_target:
            order = order[_even_order(self._target_numbers()[order])]
        places = np.sort(order[:limit])
        return DataRows(self._path, self._split, places if self._chosen is None else self._chosen[places])

    def _target_numbers(self) -> IntArray:
        """A number for each row that stands for its target."""
        numbers: dict[str, int] = {}
        found = (numbers.setdefault(target, len(numbers)) for target in self.targets)
        return np.fromiter(found, np.int64, len(self))

    def _read(self, columns: list[str]) -> Iterator[dict[str, Any]]:
        for batch in self._batches(columns):
            yield from batch.to_pylist()

    def _batches(self, columns: list[str]) -> Iterator[pa.RecordBatch]:
        begin = 0
        for batch in self._of_split(columns):
            if self._chosen is None:
                yield batch
                continue
            end = begin + batch.num_rows
            first, last = np.searchsorted(self._chosen, (begin, end))
            yield batch.take(pa.array(self._chosen[first:last] - begin))
            begin = end

    def _of_split(self, columns: list[str]) -> Iterator[pa.RecordBatch]:
        with pq.ParquetFile(self._path) as file:
            read = ["split", *self._rated, *columns]
            for batch in file.iter_batches(PART_ROWS, columns=read, use_threads=False):
                found = batch if self._split == "all" else batch.filter(pc.equal(batch["split"], self._split))
                yield found.filter(found["feedback"]) if self._rated else found


@dataclass(frozen=True)
class _Column(Collection[Item], Generic[Item]):
    """One value of each row. Each pass reads the file again."""

    rows: DataRows
    read: Callable[[], Iterator[Item]]

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Item]:
        return self.read()

    def __contains__(self, value: object) -> bool:
        return any(value == other for other in self)


def _messages(prompt: list[dict[str, Any]] | None) -> list[PromptMessage]:
    return [PromptMessage(**message) for message in prompt or []]


def _even_order(targets: IntArray) -> NDArray[np.intp]:
    """Return an order whose every beginning holds each target in about its share: the j-th of n equal ones comes at j/n."""
    counts = np.bincount(targets)
    by_target = np.argsort(targets, kind="stable")
    places = np.empty(len(targets))
    begins = np.cumsum(counts) - counts
    places[by_target] = np.arange(len(targets)) - np.repeat(begins, counts)
    return np.argsort(places / counts[targets], kind="stable")


_SPLITS = {
    "train": Text("evaluation.split_train"),
    "validation": Text("evaluation.split_validation"),
    "test": Text("evaluation.split_test"),
}


def read_split(folder: Path, split: EvaluatedSplit) -> DataRows:
    """Return a split of a frozen version, or all its rows. Raises JobError (empty_split) when it has no rows."""
    rows = rows_of_split(folder, split)
    if not len(rows):
        raise JobError(
            "empty_split",
            Text("evaluation.no_rows_in_split", split=_SPLITS.get(split, split)),
        )
    return rows


def rows_of_split(folder: Path, split: EvaluatedSplit) -> DataRows:
    """Return a split, or all rows, of a frozen version; there may be none."""
    return DataRows(folder / DATA_NAME, split)


def shared_rows(rows: DataRows, folder: Path) -> int:
    """Return how many of `rows` are training rows of a frozen version: equal rows have equal ids in a workspace."""
    ids, learned = rows.ids(), rows_of_split(folder, "train").ids()
    return len(pc.unique(ids.filter(pc.is_in(ids, value_set=learned))))


@dataclass(frozen=True)
class Outputs:
    """What a model or a baseline gave for each row; `numbers` as in metrics.protocol.Rows."""

    texts: list[str]
    seconds: list[float]
    finish_reasons: list[str]
    numbers: Mapping[str, FloatArray]


@dataclass
class Answers:
    outputs: Outputs
    cut_inputs: int = 0
    cut_outputs: int = 0
    max_new_tokens: int = 0
    output_tokens: int = 0
    """Generated tokens, end tokens included."""
    numbers: dict[str, FloatArray] = field(default_factory=dict)


_OUTPUT_FIELDS = [
    ("row_id", pa.string()),
    ("line", pa.int64()),
    ("input", pa.string()),
    ("prompt", pa.string()),
    ("target", pa.string()),
    ("output", pa.string()),
    ("seconds", pa.float64()),
    ("finish_reason", pa.string()),
]


def write_outputs(
    folder: Path, rows: Collection[DataRow], outputs: Outputs, statistics: Mapping[str, FloatArray]
) -> None:
    """Write outputs.parquet as EvaluationSpec describes it; `statistics` maps names to n floats."""
    numbers = {f"{STATISTIC_PREFIX}{name}": values for name, values in statistics.items()}
    schema = pa.schema([*_OUTPUT_FIELDS, *((name, pa.float64()) for name in numbers)])
    folder.mkdir(parents=True, exist_ok=True)
    with pq.ParquetWriter(folder / OUTPUTS_NAME, schema, compression="zstd") as writer:
        for place, part in parts(rows):
            of_part = slice(place, place + len(part))
            columns = [
                [row.row_id for row in part],
                [row.line for row in part],
                [row.input for row in part],
                [_as_json(row.prompt) for row in part],
                [row.target for row in part],
                outputs.texts[of_part],
                outputs.seconds[of_part],
                outputs.finish_reasons[of_part],
                *(values[of_part] for values in numbers.values()),
            ]
            arrays = [pa.array(column, kind.type) for column, kind in zip(columns, schema, strict=True)]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
    # Arrow would keep what the parts took, while metrics are resampled.
    pa.default_memory_pool().release_unused()


def parts(rows: Collection[Item]) -> Iterator[tuple[int, list[Item]]]:
    """Yield rows some at a time, each time with the place of the first of them."""
    left, place = iter(rows), 0
    while part := list(islice(left, PART_ROWS)):
        yield place, part
        place += len(part)


def _as_json(prompt: Sequence[PromptMessage]) -> str:
    return json.dumps([message.model_dump() for message in prompt], ensure_ascii=False)
