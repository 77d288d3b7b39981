"""Small datasets and specs: every training here takes seconds."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

from workers.contracts.events import Event
from workers.contracts.families import Family
from workers.contracts.job_kinds.run import RunSpec
from workers.contracts.recipes import Precision, Recipe, StarterBase, StarterSize
from workers.runtime.reporter import Reporter

torch.set_num_threads(1)

COLOURS = {"red": "rouge", "green": "vert", "blue": "bleu", "white": "blanc", "black": "noir"}
THINGS = {
    "cat": "chat",
    "dog": "chien",
    "book": "livre",
    "car": "camion",
    "hat": "chapeau",
    "garden": "jardin",
}
TASKS = {
    Family.CAUSAL: "chat",
    Family.SEQ2SEQ: "translation",
    Family.CLASSIFIER: "classification",
}
LABELS = sorted(COLOURS)


class Recording(Reporter):
    """A reporter that keeps events, and asks for a stop after a given number of metrics."""

    def __init__(self, stop_after_metrics: int | None = None) -> None:
        super().__init__()
        self.events: list[Event] = []
        self._stop_after = stop_after_metrics

    def emit(self, event: Event) -> None:
        self.events.append(event)
        if self._stop_after is not None and len(self.of("metric")) >= self._stop_after:
            self.request_stop()

    def of(self, kind: str) -> list[Any]:
        return [event for event in self.events if event.type == kind]


def write_rows(folder: Path, rows: list[tuple[str, list[tuple[str, str]], str]]) -> Path:
    """A frozen dataset of (split, messages, target) rows."""
    folder.mkdir(parents=True, exist_ok=True)
    message = pa.struct([("role", pa.string()), ("content", pa.string())])
    schema = pa.schema(
        [
            ("row_id", pa.string()),
            ("line", pa.int64()),
            ("split", pa.string()),
            ("prompt", pa.list_(message)),
            ("target", pa.string()),
        ]
    )
    found = [
        {
            "row_id": f"row-{number}",
            "line": number + 1,
            "split": split,
            "prompt": [{"role": role, "content": content} for role, content in messages],
            "target": target,
        }
        for number, (split, messages, target) in enumerate(rows)
    ]
    pq.write_table(pa.Table.from_pylist(found, schema=schema), folder / "data.parquet")
    return folder


def add_rejected(folder: Path, worse: Callable[[str], str]) -> Path:
    """Give each row of a frozen dataset a rejected answer, made from its target."""
    table = pq.read_table(folder / "data.parquet")
    answers = pa.array([worse(target) for target in table["target"].to_pylist()], pa.string())
    pq.write_table(table.append_column("rejected", answers), folder / "data.parquet")
    return folder


def phrases(count: int, *, classify: bool) -> list[tuple[str, list[tuple[str, str]], str]]:
    chosen = random.Random(5)
    rows = []
    for number in range(count):
        colour, thing = chosen.choice(sorted(COLOURS)), chosen.choice(sorted(THINGS))
        extra = " please" * chosen.randrange(6)
        split = ("train", "train", "train", "validation", "test")[number % 5]
        target = colour if classify else f"le {THINGS[thing]} {COLOURS[colour]}"
        rows.append((split, [("user", f"the {colour} {thing}{extra}")], target))
    return rows


@pytest.fixture
def dataset(tmp_path: Path) -> Callable[[Family], Path]:
    """A dataset that the family can learn within a few steps."""

    def build(family: Family) -> Path:
        classify = family is Family.CLASSIFIER
        return write_rows(tmp_path / f"data-{family}", phrases(100, classify=classify))

    return build


@pytest.fixture
def make_spec(dataset: Callable[[Family], Path], tmp_path: Path) -> Callable[..., RunSpec]:
    """A short fp32 run of a tiny starter."""

    def build(
        family: Family, *, name: str = "work", inputs: dict[str, str] | None = None, **recipe: Any
    ) -> RunSpec:
        settings = {"max_steps": 12, "epochs": 50, "batch_rows": 8, "validation_rounds": 3, "sample_rows": 1}
        settings |= {"precision": Precision.FP32, "learning_rate": 3e-3, **recipe}
        work = tmp_path / name
        work.mkdir(parents=True, exist_ok=True)
        return RunSpec(
            inputs={"data": str(dataset(family)), **(inputs or {})},
            work=str(work),
            task_type=TASKS[family],
            base=StarterBase(family=family, size=StarterSize.TINY),
            recipe=Recipe(**settings),
            labels=LABELS if family is Family.CLASSIFIER else [],
            lineage={"dataset": "phrases"},
        )

    return build


@pytest.fixture
def recording() -> type[Recording]:
    return Recording
