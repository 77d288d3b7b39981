"""What the columns hold, in one pass and bounded memory: counts, lengths, distinct values, examples, a sample."""

import random
from collections.abc import Sequence

import numpy as np

from workers.contracts.job_kinds.importing import Column
from workers.ingest.conversations import parse_messages

_SKETCH = 16_384
_EXAMPLES = 5
_EXAMPLE_CHARACTERS = 300
_SAMPLE_ROWS = 2_000
_SAMPLE_CHARACTERS = 20_000
_CHECKED_MESSAGES = 50


class ColumnProfile:
    """One column. `distinct` is exact up to 16,384 values; above, a k-minimum-values estimate (Bar-Yossef et al.,
    2002: (k - 1) / k-th smallest hash), within about one percent."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.filled = 0
        self._characters = 0
        self._max = 0
        self._hashes = np.empty(0, dtype=np.uint64)
        self._examples: dict[str, None] = {}
        self._checked = 0
        self._messages = 0

    def add(self, values: Sequence[str]) -> None:
        """Take in the filled cells of a batch."""
        self.filled += len(values)
        lengths = [len(value) for value in values]
        self._characters += sum(lengths)
        self._max = max(self._max, *lengths)
        hashes = np.fromiter(map(hash, values), dtype=np.int64, count=len(values)).view(np.uint64)
        self._hashes = np.unique(np.concatenate([self._hashes, hashes]))[:_SKETCH]
        if len(self._examples) < _EXAMPLES:
            for value in values:
                self._examples.setdefault(value[:_EXAMPLE_CHARACTERS])
                if len(self._examples) >= _EXAMPLES:
                    break
        for value in values[: max(0, _CHECKED_MESSAGES - self._checked)]:
            self._checked += 1
            self._messages += parse_messages(value) is not None

    def column(self) -> Column:
        distinct = len(self._hashes)
        is_estimate = distinct == _SKETCH
        if is_estimate:
            distinct = min(self.filled, round((_SKETCH - 1) / (float(self._hashes[-1]) / 2.0**64)))
        return Column(
            name=self.name,
            filled=self.filled,
            distinct=distinct,
            distinct_is_estimate=is_estimate,
            mean_length=round(self._characters / self.filled, 1) if self.filled else 0.0,
            max_length=self._max,
            examples=list(self._examples),
            is_messages=self._messages > 0.8 * self._checked,
        )


class Profile:
    """All columns of a table, and an even sample of its rows with long cells cut."""

    def __init__(self) -> None:
        self._columns: dict[str, ColumnProfile] = {}
        self._batch: dict[str, list[str]] = {}
        self._batched = 0
        self._seen = 0
        self._random = random.Random(17)  # noqa: S311
        self.sample: list[dict[str, str]] = []

    def add(self, cells: dict[str, str | None]) -> None:
        for name, value in cells.items():
            if name not in self._columns:
                self._columns[name] = ColumnProfile(name)
                self._batch[name] = []
            if value is not None:
                self._batch[name].append(value)
                self._batched += len(value)
        self._keep(cells)
        self._seen += 1
        if self._seen % 5_000 == 0 or self._batched > 8_000_000:
            self._flush()

    def _keep(self, cells: dict[str, str | None]) -> None:
        """Reservoir sampling (Vitter's algorithm R)."""
        place = self._seen if self._seen < _SAMPLE_ROWS else self._random.randrange(self._seen + 1)
        if place >= _SAMPLE_ROWS:
            return
        row: dict[str, str] = {}
        room = _SAMPLE_CHARACTERS
        for name, value in cells.items():
            if value is not None and room > 0:
                row[name] = value[:room]
                room -= len(value)
        if place == len(self.sample):
            self.sample.append(row)
        else:
            self.sample[place] = row

    def _flush(self) -> None:
        for name, values in self._batch.items():
            if values:
                self._columns[name].add(values)
                self._batch[name] = []
        self._batched = 0

    def columns(self) -> list[Column]:
        self._flush()
        return [profile.column() for profile in self._columns.values()]
