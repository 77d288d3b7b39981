"""An importer and a freezer that run the real jobs on files made by the test."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from workers.contracts.job_kinds.freezing import FreezeResult, FreezeSpec
from workers.contracts.job_kinds.importing import ImportResult, ImportSpec
from workers.contracts.roles import Role
from workers.contracts.tasks import TaskName
from workers.ingest import freeze, parse
from workers.runtime.reporter import Reporter

SPLIT_KEY = "5e" * 32


@dataclass
class Imported:
    result: ImportResult
    folder: Path

    @property
    def rows(self) -> list[dict[str, Any]]:
        return pq.read_table(self.folder / "rows.parquet").to_pylist()

    @property
    def rejected(self) -> list[dict[str, Any]]:
        return pq.read_table(self.folder / "rejected.parquet", columns=["line", "reason", "text"]).to_pylist()

    @property
    def encoding(self) -> str | None:
        return self.result.encoding


@dataclass
class Frozen:
    result: FreezeResult
    folder: Path

    @property
    def rows(self) -> list[dict[str, Any]]:
        return pq.read_table(self.folder / "data.parquet").to_pylist()

    @property
    def rejected(self) -> list[dict[str, Any]]:
        return pq.read_table(self.folder / "rejected.parquet", columns=["line", "reason", "text"]).to_pylist()

    @property
    def reasons(self) -> dict[str, int]:
        return {str(group.reason): group.rows for group in self.result.reasons}


Importer = Callable[..., Imported]
Freezer = Callable[..., Frozen]


@pytest.fixture
def reporter() -> Reporter:
    return Reporter(os.open(os.devnull, os.O_WRONLY))


@pytest.fixture
def import_file(tmp_path_factory: pytest.TempPathFactory, reporter: Reporter) -> Importer:
    def run(content: bytes | str | Path, name: str = "data.csv", **limits: int) -> Imported:
        work = tmp_path_factory.mktemp("import")
        source = content if isinstance(content, Path) else work / "source"
        if not isinstance(content, Path):
            source.write_bytes(content.encode() if isinstance(content, str) else content)
        spec = ImportSpec(inputs={"source": str(source)}, work=str(work), filename=name, **limits)
        return Imported(parse.run(spec, reporter), work / "out")

    return run


@pytest.fixture
def freeze_rows(
    tmp_path_factory: pytest.TempPathFactory, reporter: Reporter, import_file: Importer
) -> Freezer:
    """Import a text, then freeze it with the roles given by column."""

    def run(
        content: str, task_type: TaskName, roles: dict[str, str], *, name: str = "data.csv", **spec: Any
    ) -> Frozen:
        imported = import_file(content, name)
        work = tmp_path_factory.mktemp("freeze")
        values = {"split_key": SPLIT_KEY, "inputs": {"rows": str(imported.folder)}, "work": str(work), **spec}
        typed = {column: Role(role) for column, role in roles.items()}
        result = freeze.run(FreezeSpec(task_type=task_type, roles=typed, **values), reporter)
        return Frozen(result, work / "out")

    return run
