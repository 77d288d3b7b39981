"""A key-value cache whose rows belong to different requests, each with a length of its own.

transformers' caches hold one batch that starts and ends together. Here row r holds one request's keys and values
at columns 0 to lengths[r] - 1; rows come and go between steps, and a step computes on a window of neighbouring rows.
Storage grows and shrinks with what runs: powers of two in rows, whole steps in columns. The window takes whole steps
too, so that it mostly lies in one piece: reading around gaps takes a CPU up to twice as long as reading what fills them.
"""

from collections.abc import Sequence

import torch
from transformers.cache_utils import Cache, CacheLayerMixin

COLUMN_STEP = 32
_SHRINK = 2
"""Columns are given back once there are more than so many times as many as needed."""


def whole_steps(columns: int) -> int:
    return -(-columns // COLUMN_STEP) * COLUMN_STEP


def allocated_tokens(rows: int, columns: int) -> int:
    """Tokens that storage for this many rows and columns has room for."""
    return (1 << (rows - 1).bit_length()) * whole_steps(columns) if rows else 0


class Window:
    """The rows that the current forward pass computes on, and the `columns` that it sees, of which the last ones may be
    empty. `starts` and `widths` say where each row's new tokens go; they lie at the right end of the input, padding
    before them."""

    def __init__(self) -> None:
        self.first = 0
        self.count = 0
        self.columns = 0
        self.starts: list[int] = []
        self.widths: list[int] = []
        self.rows: torch.Tensor | None = None
        self.targets: torch.Tensor | None = None


class SlotLayer(CacheLayerMixin):
    """One layer: storage [rows, heads, columns, head size]; transformers sees the window's part of it."""

    is_sliding = False

    def __init__(self, window: Window, dtype: torch.dtype) -> None:
        # The base class would set keys and values, which are views here.
        self.is_initialized = True
        self.window = window
        self.dtype = dtype
        self.stored_keys: torch.Tensor | None = None
        self.stored_values: torch.Tensor | None = None

    @property
    def keys(self) -> torch.Tensor:
        return self._view(self.stored_keys)

    @property
    def values(self) -> torch.Tensor:
        return self._view(self.stored_values)

    def _view(self, stored: torch.Tensor | None) -> torch.Tensor:
        assert stored is not None  # noqa: S101
        window = self.window
        return stored[window.first : window.first + window.count, :, : window.columns]

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args: object, **kwargs: object
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Write the new tokens [window rows, heads, width, head size]; return the window's columns of its rows."""
        self._make_room(key_states, value_states)
        keys, values = self.keys, self.values
        key_states, value_states = key_states.to(self.dtype), value_states.to(self.dtype)
        window = self.window
        if window.targets is not None:
            keys[window.rows, :, window.targets] = key_states[:, :, 0]
            values[window.rows, :, window.targets] = value_states[:, :, 0]
            return keys, values
        width = key_states.shape[2]
        for row, (start, new) in enumerate(zip(window.starts, window.widths, strict=True)):
            keys[row, :, start : start + new] = key_states[row, :, width - new :]
            values[row, :, start : start + new] = value_states[row, :, width - new :]
        return keys, values

    def _make_room(self, key_states: torch.Tensor, value_states: torch.Tensor) -> None:
        rows = max(self.window.first + self.window.count, self.occupied)
        columns = max(self.window.columns, whole_steps(self.longest))
        stored = self.stored_keys
        if stored is not None and stored.shape[0] >= rows and columns <= stored.shape[2] <= _SHRINK * columns:
            return
        # Both or neither: memory may run out between them, and the other rows go on.
        self.stored_keys, self.stored_values = (
            self._fitted(self.stored_keys, key_states, rows, columns),
            self._fitted(self.stored_values, value_states, rows, columns),
        )

    def _fitted(self, old: torch.Tensor | None, like: torch.Tensor, rows: int, columns: int) -> torch.Tensor:
        rows = 1 << (rows - 1).bit_length()
        new = like.new_empty((rows, like.shape[1], columns, like.shape[3]), dtype=self.dtype)
        if old is not None:
            rows, columns = min(rows, old.shape[0]), min(columns, old.shape[2])
            new[:rows, :, :columns] = old[:rows, :, :columns]
        else:
            rows = 0
        # Not left as it comes: a masked NaN still poisons the weighted sum.
        new[:rows, :, columns:] = 0
        new[rows:] = 0
        return new

    occupied = 0
    longest = 0

    def move(self, source: int, target: int, length: int) -> None:
        for stored in (self.stored_keys, self.stored_values):
            if stored is not None:
                stored[target, :, :length] = stored[source, :, :length]

    def swap(self, one: int, other: int) -> None:
        for stored in (self.stored_keys, self.stored_values):
            if stored is not None:
                stored[[one, other]] = stored[[other, one]]

    def clear(self) -> None:
        self.stored_keys = self.stored_values = None

    def get_seq_length(self) -> int:
        return 0

    def get_max_length(self) -> int:
        return -1

    def get_mask_sizes(self, query_length: int) -> tuple[int, int]:
        return self.window.columns, 0

    def lazy_initialization(self, key_states: torch.Tensor, value_states: torch.Tensor) -> None:
        """Storage is made when the first tokens come."""


class SlotCache(Cache):
    """All layers, with the lengths that they share."""

    def __init__(self, layers: int, device: torch.device, dtype: torch.dtype) -> None:
        self.window = Window()
        self.device = device
        self.lengths: list[int] = []
        self.slot_layers = [SlotLayer(self.window, dtype) for _ in range(layers)]
        super().__init__(layers=self.slot_layers)

    def open(self, first: int, widths: Sequence[int]) -> torch.Tensor:
        """Point the window at len(widths) rows from `first`, with that many new tokens each.

        Returns the columns [rows, widest] that the new tokens take; padding on the left has column 0.
        Rows from `first` on that do not exist yet are appended, empty.
        """
        count, width = len(widths), max(widths)
        self.lengths += [0] * (first + count - len(self.lengths))
        starts = self.lengths[first : first + count]
        window = self.window
        window.first, window.count = first, count
        window.starts, window.widths = starts, list(widths)
        window.columns = whole_steps(max(start + new for start, new in zip(starts, widths, strict=True)))
        ends = torch.tensor(starts, device=self.device) + torch.tensor(widths, device=self.device)
        columns = (ends[:, None] - width + torch.arange(width, device=self.device)).clamp(min=0)
        window.targets = columns[:, 0] if width == 1 else None
        window.rows = torch.arange(count, device=self.device) if width == 1 else None
        for layer in self.slot_layers:
            layer.occupied, layer.longest = len(self.lengths), max(self.lengths)
        return columns

    def commit(self) -> None:
        """Count the new tokens of the window as held; before this a failed step leaves no trace."""
        window = self.window
        for row, new in enumerate(window.widths, start=window.first):
            self.lengths[row] += new

    def look(self, first: int, count: int) -> None:
        """Point the window at rows for reading alone."""
        self.window.first, self.window.count = first, count
        self.window.columns = whole_steps(max(self.lengths[first : first + count]))

    def move(self, source: int, target: int) -> None:
        """Overwrite row `target` by row `source`."""
        self.lengths[target] = self.lengths[source]
        for layer in self.slot_layers:
            layer.move(source, target, self.lengths[source])

    def swap(self, one: int, other: int) -> None:
        self.lengths[one], self.lengths[other] = self.lengths[other], self.lengths[one]
        for layer in self.slot_layers:
            layer.swap(one, other)

    def truncate(self, rows: int) -> None:
        """Forget all rows from `rows` on; with none left, storage is given back."""
        del self.lengths[rows:]
        if rows == 0:
            for layer in self.slot_layers:
                layer.clear()

    @property
    def token_bytes(self) -> int:
        """Bytes that one token takes over all layers; known while something is held."""
        return sum(
            stored.shape[1] * stored.shape[3] * stored.element_size()
            for layer in self.slot_layers
            for stored in (layer.stored_keys, layer.stored_values)
            if stored is not None
        )
