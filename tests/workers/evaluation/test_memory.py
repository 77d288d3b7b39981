"""Rows are read, encoded, scored and written some at a time: of each, an evaluation holds only its output and statistics."""

from pathlib import Path

import pytest
import torch

from benchmarks.memory import TOLERANCE, peaks_of_child, write_rows
from workers.contracts.families import Family
from workers.contracts.job_kinds.evaluation import EvaluationSpec
from workers.contracts.recipes import StarterSize
from workers.evaluation.rows import read_split
from workers.models.folder import write_folder
from workers.models.starters import create_starter


def _peaks(folder: Path, rows: int) -> dict[str, int]:
    write_rows(folder / "data", rows)
    texts = read_split(folder / "data", "validation").targets
    made = create_starter(
        texts,
        family=Family.SEQ2SEQ,
        size=StarterSize.TINY,
        task_type="translation",
        labels=[],
        seed=1,
        device=torch.device("cpu"),
    )
    write_folder(made, folder / "model")
    spec = EvaluationSpec(
        inputs={"data": str(folder / "data"), "model": str(folder / "model")},
        work=str(folder),
        task_type="translation",
        split="train",
        max_new_tokens=2,
        threads=1,
    )
    peaks, result = peaks_of_child("workers.evaluation.run", spec)
    assert result["rows"] == rows * 99 // 100
    assert set(result["metrics"]) >= {"chrf", "bleu", "bits_per_byte"}
    return peaks


@pytest.mark.training
def test_an_evaluation_holds_of_many_rows_only_outputs_and_statistics(tmp_path: Path) -> None:
    """Those of 38,000 rows more are most of the tolerance: 32 statistics a row, twice while they are resampled."""
    few, many = (_peaks(tmp_path / str(rows), rows) for rows in (2_000, 40_000))
    for name in ("anonymous", "resident"):
        assert many[name] <= (1 + TOLERANCE) * few[name], (name, few, many)
