"""Frozen data versions, tiny models and a reporter, all made in code."""

import json
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

from workers.contracts.families import Family
from workers.contracts.recipes import StarterSize
from workers.contracts.tasks import TaskName
from workers.models.folder import write_folder
from workers.models.loading import LoadedModel
from workers.models.starters import create_starter
from workers.runtime.reporter import Reporter

Row = tuple[str, str, str]
"""Split, input, target."""


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def write_version(folder: Path, rows: Sequence[Row]) -> Path:
    """Write rows as a frozen version; return its folder."""
    folder.mkdir()
    message = pa.struct([("role", pa.string()), ("content", pa.string())])
    prompts = [[{"role": "user", "content": text}] if text else [] for _, text, _ in rows]
    table = pa.table(
        {
            "row_id": [f"r{place:05d}" for place in range(len(rows))],
            "line": pa.array(range(2, len(rows) + 2), pa.int64()),
            "split": [split for split, _, _ in rows],
            "prompt": pa.array(prompts, pa.list_(message)),
            "target": [target for _, _, target in rows],
        }
    )
    pq.write_table(table, folder / "data.parquet")
    return folder


@pytest.fixture
def freeze(tmp_path: Path) -> Callable[..., str]:
    """Write rows as a frozen version; return its folder."""
    return lambda rows, name="data": str(write_version(tmp_path / name, rows))


@pytest.fixture
def starter() -> Callable[..., LoadedModel]:
    def starter(
        rows: Sequence[Row], family: Family, task_type: TaskName, labels: Sequence[str] = ()
    ) -> LoadedModel:
        return create_starter(
            [text for _, source, target in rows for text in (source, target)],
            family=family,
            size=StarterSize.TINY,
            task_type=task_type,
            labels=labels,
            seed=1,
            device=torch.device("cpu"),
        )

    return starter


@pytest.fixture
def saved(tmp_path: Path) -> Callable[[LoadedModel], str]:
    def saved(loaded: LoadedModel) -> str:
        write_folder(loaded, tmp_path / "model")
        return str(tmp_path / "model")

    return saved


class Heard:
    """A reporter whose events can be read afterwards."""

    def __init__(self) -> None:
        self._read, write = os.pipe()
        os.set_blocking(self._read, False)
        self.reporter = Reporter(write)

    def events(self) -> list[dict[str, Any]]:
        with os.fdopen(self._read, "rb", closefd=False) as stream:
            return [json.loads(line) for line in (stream.read() or b"").splitlines()]


@pytest.fixture
def heard() -> Heard:
    return Heard()
