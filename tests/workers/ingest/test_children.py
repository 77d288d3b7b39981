"""Both jobs as the supervisor runs them: a spec on disk, events as JSON lines, a result or a failure."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from workers.contracts.events import Failed, Finished, Progress, parse_event
from workers.contracts.job_kinds.freezing import FreezeResult
from workers.contracts.job_kinds.importing import ImportResult


def run_child(module: str, spec: dict[str, Any], folder: Path) -> tuple[int, list[Any]]:
    path = folder / "spec.json"
    path.write_text(json.dumps(spec))
    done = subprocess.run([sys.executable, "-m", module, str(path)], capture_output=True, check=False)
    assert not done.stderr, done.stderr.decode()
    return done.returncode, [parse_event(line) for line in done.stdout.splitlines()]


def test_import_then_freeze(tmp_path: Path) -> None:
    (tmp_path / "source.csv").write_text("text,label\n" + "".join(f"text {n},l{n % 3}\n" for n in range(40)))
    spec = {
        "inputs": {"source": str(tmp_path / "source.csv")},
        "work": str(tmp_path / "a"),
        "filename": "source.csv",
    }
    status, events = run_child("workers.ingest.parse", spec, tmp_path)
    assert status == 0
    assert isinstance(events[-1], Finished)
    result = ImportResult.model_validate(events[-1].result)
    progress = [event for event in events if isinstance(event, Progress)]
    assert (progress[-1].done, progress[-1].fraction) == ((tmp_path / "source.csv").stat().st_size, 1.0)
    freeze = {
        "inputs": {"rows": str(tmp_path / "a" / "out")},
        "work": str(tmp_path / "b"),
        "task_type": result.proposal.task_type,
        "roles": result.proposal.roles,
        "split_key": "00ff",
    }
    status, events = run_child("workers.ingest.freeze", freeze, tmp_path)
    assert status == 0
    assert sum(FreezeResult.model_validate(events[-1].result).rows.values()) == 40
    assert sorted(path.name for path in (tmp_path / "b" / "out").iterdir()) == [
        "data.parquet",
        "rejected.parquet",
    ]


def test_a_picture_fails_in_plain_words(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")
    spec = {
        "inputs": {"source": str(tmp_path / "data.csv")},
        "work": str(tmp_path / "w"),
        "filename": "data.csv",
    }
    status, events = run_child("workers.ingest.parse", spec, tmp_path)
    assert status == 1
    assert isinstance(events[-1], Failed)
    assert (events[-1].code, events[-1].user_error) == ("not_a_table", True)
    assert events[-1].message.startswith("This is a PNG image, not a table.")
