"""Examples in an Arrow file, mapped into memory: the process holds those that it computes with, not all of them."""

import dataclasses
import mmap
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any, Generic, TypeVar, get_type_hints, overload

import pyarrow as pa

from workers.models.prompts import Example

_PART_ROWS = 8192
_PART_TOKENS = 1 << 20
"""Of one record batch, whichever is reached first: what is held while a file is written."""
_RELEASED_AFTER = 32
"""Examples read, after which the mapped pages are given back. Each may have mapped 64 KiB a column."""
_TYPES = {
    Sequence[int]: pa.list_(pa.int32()),
    bool: pa.bool_(),
    int: pa.int64(),
    float: pa.float64(),
    str: pa.string(),
}


E = TypeVar("E", bound=Example)


class Examples(Sequence[E], Generic[E]):
    """The examples of one file, in their order. Each is made when it is asked for; its token ids are views of the file."""

    def __init__(self, path: Path, kind: type[E]) -> None:
        """Open a file that `store` wrote for the same `kind` of example."""
        self.path, self._kind = path, kind
        with path.open("rb") as stream:
            self._map = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
        reader = pa.ipc.open_file(pa.py_buffer(self._map))
        parts = [reader.get_batch(number) for number in range(reader.num_record_batches)]
        self._parts = [[_column(array) for array in part.columns] for part in parts]
        self._begins = [0, *accumulate(part.num_rows for part in parts)]
        self._reads = 0

    def __reduce__(self) -> tuple[type["Examples[E]"], tuple[Path, type[E]]]:
        """Send the place of the file to another process, which maps it itself."""
        return Examples, (self.path, self._kind)

    def __len__(self) -> int:
        return self._begins[-1]

    @overload
    def __getitem__(self, index: int) -> E: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[E]: ...
    def __getitem__(self, index: int | slice) -> E | Sequence[E]:
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(len(self)))]
        index = range(len(self))[index]
        part = bisect_right(self._begins, index) - 1
        place = index - self._begins[part]
        self._reads += 1
        if self._reads % _RELEASED_AFTER == 0:
            self._release()
        fields: list[Any] = [column[place] for column in self._parts[part]]
        return self._kind(*fields)

    def _release(self) -> None:
        """Give the mapped pages back. They stay in the system's cache, and views that are still in use fetch them again.

        The kernel does so only when memory is short, and until then counts them as this process's.
        """
        if hasattr(mmap, "MADV_DONTNEED"):
            self._map.madvise(mmap.MADV_DONTNEED)


class _Lists:
    """A column of lists of token ids, as views."""

    def __init__(self, array: pa.ListArray) -> None:
        self._ends = memoryview(array.offsets.to_numpy())
        self._tokens = memoryview(array.values.to_numpy())

    def __getitem__(self, row: int) -> Sequence[int]:
        return self._tokens[self._ends[row] : self._ends[row + 1]]


class _Values:
    """A column of single values."""

    def __init__(self, array: pa.Array) -> None:
        self._array = array

    def __getitem__(self, row: int) -> Any:
        return self._array[row].as_py()


def _column(array: pa.Array) -> _Lists | _Values:
    return _Lists(array) if pa.types.is_list(array.type) else _Values(array)


def store(examples: Iterable[E], path: Path, kind: type[E]) -> Examples[E]:
    """Write examples to `path` as they come, a column for each field of `kind`, and return them mapped."""
    hints = get_type_hints(kind)
    schema = pa.schema([(field.name, _TYPES[hints[field.name]]) for field in dataclasses.fields(kind)])
    path.parent.mkdir(parents=True, exist_ok=True)
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
        for part in _parts(examples):
            columns = [
                pa.array([getattr(example, field.name) for example in part], field.type) for field in schema
            ]
            writer.write_batch(pa.record_batch(columns, schema=schema))
    return Examples(path, kind)


def _parts(examples: Iterable[E]) -> Iterator[list[E]]:
    part: list[E] = []
    tokens = 0
    for example in examples:
        part.append(example)
        tokens += example.input_length
        if len(part) >= _PART_ROWS or tokens >= _PART_TOKENS:
            yield part
            part, tokens = [], 0
    if part:
        yield part
