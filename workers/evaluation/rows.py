"""Rows of a frozen dataset version, and the outputs that an evaluation leaves for them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from workers.contracts.model_folder import PromptMessage
from workers.contracts.specs import Split
from workers.evaluation.metrics.protocol import FloatArray
from workers.runtime.reporter import JobError

DATA_NAME = "data.parquet"
OUTPUTS_NAME = "outputs.parquet"
STATISTIC_PREFIX = "stat."


@dataclass(frozen=True)
class DataRows:
    """Rows of one split, in file order."""

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

    def sample(self, limit: int | None, seed: int) -> "DataRows":
        """At most `limit` rows, drawn by `seed`, in file order: equal arguments give equal rows."""
        if limit is None or len(self) <= limit:
            return self
        drawn = np.random.default_rng(seed).choice(len(self), limit, replace=False)
        chosen = sorted(drawn.tolist())
        return DataRows(
            [self.row_ids[i] for i in chosen],
            [self.lines[i] for i in chosen],
            [self.prompts[i] for i in chosen],
            [self.targets[i] for i in chosen],
        )


def read_split(folder: Path, split: Split) -> DataRows:
    """Read a split of a frozen version. Raises JobError (empty_split) when it has no rows."""
    columns = ["row_id", "line", "prompt", "target"]
    table = pq.read_table(folder / DATA_NAME, columns=columns, filters=[("split", "=", split)])
    if table.num_rows == 0:
        raise JobError(
            "empty_split",
            f"This data version has no {split} rows. Import more rows, or make a version with a larger {split} share.",
        )
    prompts = [[PromptMessage(**message) for message in prompt] for prompt in table["prompt"].to_pylist()]
    return DataRows(
        table["row_id"].to_pylist(), table["line"].to_pylist(), prompts, table["target"].to_pylist()
    )


@dataclass(frozen=True)
class Outputs:
    """What a model or a baseline gave for each row; `numbers` as in metrics.protocol.Rows."""

    texts: list[str]
    seconds: list[float]
    finish_reasons: list[str]
    numbers: Mapping[str, FloatArray]


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
