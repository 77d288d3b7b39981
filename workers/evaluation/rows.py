"""Rows of a frozen dataset version, and the outputs that an evaluation leaves for them."""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from workers.contracts.job_kinds.evaluation import EvaluatedSplit
from workers.contracts.model_folder import PromptMessage
from workers.contracts.texts import Text
from workers.evaluation.metrics.protocol import FloatArray
from workers.runtime.reporter import JobError

DATA_NAME = "data.parquet"
OUTPUTS_NAME = "outputs.parquet"
STATISTIC_PREFIX = "stat."

OnProgress = Callable[[float, int], None]
"""Called with rows done (a row that is being generated counts in part) and rows in all, about once a token."""


@dataclass(frozen=True)
class DataRows:
    """Rows of a split, or all of them, in file order."""

    row_ids: list[str]
    lines: list[int]
    prompts: list[list[PromptMessage]]
    targets: list[str]

    def __len__(self) -> int:
        return len(self.row_ids)

    @property
    def inputs(self) -> list[str]:
        """What was asked, as one text: everything but the system's messages."""
        return ["\n".join(m.content for m in prompt if m.role != "system") for prompt in self.prompts]

    def sample(self, limit: int | None, seed: int, *, by_target: bool = False) -> "DataRows":
        """At most `limit` rows, drawn by `seed`, in file order: equal arguments give equal rows, and a smaller sample is
        part of a larger one. `by_target` keeps each target's share, and one row at least of as many as fit."""
        if limit is None or len(self) <= limit:
            return self
        order = np.random.default_rng(seed).permutation(len(self))
        if by_target:
            order = order[_even_order([self.targets[i] for i in order])]
        chosen = sorted(order[:limit].tolist())
        return DataRows(
            [self.row_ids[i] for i in chosen],
            [self.lines[i] for i in chosen],
            [self.prompts[i] for i in chosen],
            [self.targets[i] for i in chosen],
        )


def _even_order(targets: Sequence[str]) -> np.ndarray:
    """Return an order whose every beginning holds each target in about its share: the j-th of n equal ones comes at j/n."""
    total, seen = Counter(targets), Counter[str]()
    places = np.empty(len(targets))
    for index, target in enumerate(targets):
        places[index] = seen[target] / total[target]
        seen[target] += 1
    return np.argsort(places, kind="stable")


_SPLITS = {
    "train": Text("evaluation.split_train"),
    "validation": Text("evaluation.split_validation"),
    "test": Text("evaluation.split_test"),
}


def read_split(folder: Path, split: EvaluatedSplit) -> DataRows:
    """Read a split of a frozen version, or all its rows. Raises JobError (empty_split) when it has no rows."""
    rows = rows_of_split(folder, split)
    if not len(rows):
        raise JobError(
            "empty_split",
            Text("evaluation.no_rows_in_split", split=_SPLITS.get(split, split)),
        )
    return rows


def rows_of_split(folder: Path, split: EvaluatedSplit) -> DataRows:
    """Read a split, or all rows, of a frozen version; there may be none."""
    columns = ["row_id", "line", "prompt", "target"]
    table = pq.read_table(folder / DATA_NAME, columns=columns, filters=_only(split))
    prompts = [[PromptMessage(**message) for message in prompt] for prompt in table["prompt"].to_pylist()]
    return DataRows(
        table["row_id"].to_pylist(), table["line"].to_pylist(), prompts, table["target"].to_pylist()
    )


def shared_rows(rows: DataRows, folder: Path) -> int:
    """Return how many of `rows` are training rows of a frozen version: equal rows have equal ids in a workspace."""
    train = pq.read_table(folder / DATA_NAME, columns=["row_id"], filters=_only("train"))
    return len(set(rows.row_ids).intersection(train["row_id"].to_pylist()))


def _only(split: EvaluatedSplit) -> list[tuple[str, str, str]] | None:
    return None if split == "all" else [("split", "=", split)]


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


def write_outputs(
    folder: Path, rows: DataRows, outputs: Outputs, statistics: Mapping[str, FloatArray]
) -> None:
    """Write outputs.parquet as EvaluationSpec describes it; `statistics` maps names to n floats."""
    columns = {
        "row_id": pa.array(rows.row_ids, pa.string()),
        "line": pa.array(rows.lines, pa.int64()),
        "input": pa.array(rows.inputs, pa.string()),
        "prompt": pa.array([_as_json(prompt) for prompt in rows.prompts], pa.string()),
        "target": pa.array(rows.targets, pa.string()),
        "output": pa.array(outputs.texts, pa.string()),
        "seconds": pa.array(outputs.seconds, pa.float64()),
        "finish_reason": pa.array(outputs.finish_reasons, pa.string()),
    }
    columns |= {f"{STATISTIC_PREFIX}{name}": pa.array(values) for name, values in statistics.items()}
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), folder / OUTPUTS_NAME, compression="zstd")


def _as_json(prompt: Sequence[PromptMessage]) -> str:
    return json.dumps([message.model_dump() for message in prompt], ensure_ascii=False)
