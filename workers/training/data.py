"""Rows from Parquet to token ids, their order, and how they are grouped so that little padding is computed.

Rows are read and encoded as they are needed, some at a time: there may be more of them than fit into memory.

The order of rows is a pure function of seed and epoch, and what one optimizer step holds is a pure function of that
order: batching decides only how a step's rows are laid out, so it never changes the result.
"""

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import torch
from jinja2 import TemplateError
from numpy.typing import NDArray
from transformers import PreTrainedTokenizerBase

from workers.contracts.model_folder import ModelManifest, PromptMessage, asked_text
from workers.contracts.roles import Role
from workers.contracts.specs import Split
from workers.contracts.texts import Text
from workers.models.prompts import Example, encode_examples
from workers.models.templates import TemplateRefused
from workers.models.windows import divide
from workers.runtime.reporter import JobError

E = TypeVar("E", bound=Example)

_READ_ROWS = 1000
_READ_CHARACTERS = 2 << 20
_MOST_ROWS_PADDED = 64
_MICROBATCH_COST = 64
"""What starting a micro-batch costs, in tokens; measured on two cores with a starter."""


@dataclass(frozen=True, slots=True)
class Row:
    """One frozen row: the messages before the answer, and the answer (or label); where the data has one, a worse answer.
    `is_good` says whether the answer is one to give."""

    row_id: str
    messages: list[PromptMessage]
    target: str
    rejected: str = ""
    is_good: bool = True

    @property
    def input(self) -> str:
        """What was asked, as one text: everything but the system's messages."""
        return asked_text(self.messages)


class Rows(Collection[Row]):
    """Rows of one split of a frozen version, in the order of the source, without bad answers unless `with_bad`. Each pass over
    them reads the file again.

    Raises JobError (data_unreadable).
    """

    def __init__(self, folder: Path, split: Split, *, with_bad: bool = False) -> None:
        self._folder, self._path, self._split = folder, folder / "data.parquet", split
        self._with_bad = with_bad
        self._extra = _extra_columns(self._path)
        self._count = sum(batch.num_rows for batch in self._batches([]))

    @property
    def roles(self) -> frozenset[Role]:
        """Roles of columns that the rows have in addition to those of every row."""
        return frozenset(map(Role, self._extra))

    def learned_by(self, roles: Collection[Role]) -> "Rows":
        """Return the rows for an objective that needs these roles: with bad answers if it learns from them."""
        return Rows(self._folder, self._split, with_bad=Role.FEEDBACK in roles)

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Row]:
        for batch in self._batches(["row_id", "prompt", "target", *self._extra]):
            for row in batch.to_pylist():
                messages = [PromptMessage(**message) for message in row["prompt"] or []]
                rejected, is_good = row.get("rejected") or "", row.get("feedback", True)
                yield Row(row["row_id"], messages, row["target"], rejected, is_good)

    def __contains__(self, row: object) -> bool:
        return any(row == other for other in self)

    def _batches(self, columns: list[str]) -> Iterator[pa.RecordBatch]:
        try:
            with pq.ParquetFile(self._path) as file:
                rated = [] if self._with_bad or Role.FEEDBACK not in self.roles else [Role.FEEDBACK.value]
                read = list(dict.fromkeys(["split", *rated, *columns]))
                for batch in file.iter_batches(_READ_ROWS, columns=read, use_threads=False):
                    found = batch.filter(pc.equal(batch["split"], self._split))
                    yield found.filter(found[rated[0]]) if rated else found
        except (OSError, ValueError, KeyError) as error:
            raise JobError("data_unreadable", Text("training.rows_unreadable")) from error


def _extra_columns(path: Path) -> list[str]:
    """Names of the columns that only some versions have. Raises JobError (data_unreadable)."""
    try:
        return [name for name in (Role.REJECTED, Role.FEEDBACK) if name in pq.read_schema(path).names]
    except (OSError, ValueError) as error:
        raise JobError("data_unreadable", Text("training.rows_unreadable")) from error


def encode_rows(
    rows: Collection[Row],
    tokenizer: PreTrainedTokenizerBase,
    manifest: ModelManifest,
    *,
    max_length: int | None,
    max_target_length: int | None,
    divides: bool = False,
    on_progress: Callable[[int, int], None] | None = None,
) -> Iterator[Example]:
    """Yield token ids of all rows, in their order. Rows longer than `max_length` lose their end; with `divides` they become
    several examples (workers.models.windows). Raises JobError: unknown_label when a target is not one of the model's labels,
    template_refuses when the model's chat template does not take these conversations."""
    divides = divides and max_length is not None
    done = 0
    for part in parts_of(rows):
        try:
            encoded = encode_examples(
                tokenizer,
                manifest,
                [(row.messages, row.target) for row in part],
                max_length=None if divides else max_length,
                max_target_length=max_target_length,
            )
        except KeyError as error:
            raise JobError(
                "unknown_label",
                Text("training.unknown_label", label=error.args[0]),
                field="labels",
            ) from error
        except (TemplateError, TemplateRefused) as error:
            raise JobError(
                "template_refuses",
                Text("training.template_refuses_rows", error=error),
                field="base",
            ) from error
        for example in encoded:
            yield from divide(example, max_length or 0) if divides else [example]
        done += len(part)
        if on_progress:
            on_progress(done, len(rows))


def parts_of(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Yield as many rows at once as are encoded together: fewer where they are long, so that memory stays bounded."""
    part: list[Row] = []
    characters = 0
    for row in rows:
        part.append(row)
        characters += len(row.target) + sum(len(message.content) for message in row.messages)
        if len(part) >= _READ_ROWS or characters >= _READ_CHARACTERS:
            yield part
            part, characters = [], 0
    if part:
        yield part


def evenly_spaced(rows: Collection[Row], most: int) -> list[Row]:
    """At most `most` rows from all over the collection, always the same ones."""
    if len(rows) <= most:
        return list(rows)
    chosen = {index * len(rows) // most for index in range(most)}
    return [row for index, row in enumerate(rows) if index in chosen]


@dataclass(frozen=True, slots=True)
class Order:
    """Which rows each optimizer step holds, for any step, without going through the ones before."""

    rows: int
    batch_rows: int
    seed: int

    @property
    def steps_per_epoch(self) -> int:
        return max(1, -(-self.rows // self.batch_rows))

    def step(self, number: int) -> list[int]:
        """Row indices of optimizer step `number`, counted from 0."""
        epoch, place = divmod(number, self.steps_per_epoch)
        order = _epoch_order(self.rows, self.seed, epoch)
        return order[place * self.batch_rows : (place + 1) * self.batch_rows].tolist()


@lru_cache(maxsize=2)
def _epoch_order(rows: int, seed: int, epoch: int) -> NDArray[np.int32]:
    # torch's CPU generator looks at the low 32 bits of a seed only, so both numbers are hashed into those.
    digest = hashlib.sha256(f"{seed}:{epoch}".encode()).digest()
    generator = torch.Generator().manual_seed(int.from_bytes(digest[:4], "big"))
    return torch.randperm(rows, generator=generator, dtype=torch.int32).numpy()


def pack(examples: Sequence[E], budget: int) -> Iterator[list[E]]:
    """Groups of rows to lay end to end, at most `budget` tokens each (or one row)."""
    group: list[E] = []
    used = 0
    for example in examples:
        if group and used + example.input_length > budget:
            yield group
            group, used = [], 0
        group.append(example)
        used += example.input_length
    if group:
        yield group


def group_by_length(
    examples: Sequence[E], budget: int, widths: Callable[[E], tuple[int, ...]]
) -> Iterator[list[E]]:
    """Groups of similar length whose padded size is at most `budget` (or one row), the cheapest such partition.

    `widths` gives a row's sequence lengths (source and target, say); a group's size is its rows times the sum of
    the largest of each. The partition of the sorted rows is found by dynamic programming over where groups end.
    """
    rows = sorted(examples, key=widths, reverse=True)
    measured = [widths(row) for row in rows]
    cheapest = [0.0] + [float("inf")] * len(rows)
    begins = [0] * (len(rows) + 1)
    for end in range(1, len(rows) + 1):
        widest = measured[end - 1]
        for begin in range(end - 1, max(-1, end - 1 - _MOST_ROWS_PADDED), -1):
            widest = tuple(map(max, widest, measured[begin]))
            size = (end - begin) * sum(widest)
            if size > budget and end - begin > 1:
                break
            cost = cheapest[begin] + size + _MICROBATCH_COST
            if cost < cheapest[end]:
                cheapest[end], begins[end] = cost, begin
    groups = []
    end = len(rows)
    while end:
        groups.append(rows[begins[end] : end])
        end = begins[end]
    # Longest first, so that memory is claimed once.
    yield from reversed(groups)
