"""Peak memory of a run with few rows and with many: `python -m benchmarks.memory`.

Whole runs, each a process of its own as a worker starts it: a tokenizer is trained on the rows, all of them are encoded, and
a tiny chat model learns for a few steps. Two figures are taken. `anonymous` is what the process itself allocated (RssAnon,
looked at fifty times a second). `resident` adds the pages of mapped files that the kernel had not taken back (VmHWM): the
libraries, and those parts of the encoded rows that were read last.
"""

import argparse
import json
import os
import platform
import random
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from workers.contracts.families import Family
from workers.contracts.job_kinds.run import RunSpec
from workers.contracts.recipes import Precision, Recipe, StarterBase, StarterSize
from workers.contracts.specs import JobSpec
from workers.shared import kernels

FEW, MANY = 10_000, 1_000_000
TOLERANCE = 0.1
RESULT = Path(__file__).parent / "results" / "memory.json"
_STEPS = 100
_GROUP_ROWS = 10_000
_WORDS = [
    f"{first}{last}" for first in ("ba", "co", "du", "fe", "gi", "lo") for last in ("ran", "sit", "tum")
]
_SCHEMA = pa.schema(
    [
        ("row_id", pa.string()),
        ("line", pa.int64()),
        ("split", pa.string()),
        ("prompt", pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))),
        ("target", pa.string()),
    ]
)


def write_rows(folder: Path, count: int) -> None:
    """Write a data version of `count` short conversations, of which every hundredth is for validation."""
    chosen = random.Random(1)
    folder.mkdir(parents=True)
    with pq.ParquetWriter(folder / "data.parquet", _SCHEMA, compression="zstd") as writer:
        for begin in range(0, count, _GROUP_ROWS):
            rows = [
                {
                    "row_id": f"row-{number}",
                    "line": number + 1,
                    "split": "train" if number % 100 else "validation",
                    "prompt": [{"role": "user", "content": " ".join(chosen.choices(_WORDS, k=6))}],
                    "target": " ".join(chosen.choices(_WORDS, k=3)),
                }
                for number in range(begin, min(begin + _GROUP_ROWS, count))
            ]
            writer.write_table(pa.Table.from_pylist(rows, schema=_SCHEMA))


def measure(folder: Path, rows: int, steps: int = _STEPS) -> dict[str, Any]:
    """Run one training in a process of its own and return its peaks in bytes, and the seconds that it took."""
    write_rows(folder / "data", rows)
    spec = RunSpec(
        inputs={"data": str(folder / "data")},
        work=str(folder),
        task_type="chat",
        base=StarterBase(family=Family.CAUSAL, size=StarterSize.TINY),
        recipe=Recipe(
            precision=Precision.FP32, max_steps=steps, validation_rounds=2, validation_rows=100, sample_rows=1
        ),
        threads=1,
    )
    begun = time.monotonic()
    peaks, result = peaks_of_child("workers.training.run", spec)
    if result["steps"] != steps:
        raise RuntimeError(f"The run ended early: {result}")
    encoded = (folder / "train.arrow").stat().st_size
    return {**peaks, "encoded_rows": encoded, "seconds": round(time.monotonic() - begun, 1)}


def peaks_of_child(module: str, spec: JobSpec) -> tuple[dict[str, int], dict[str, Any]]:
    """Run one job in a process of its own and return its peaks in bytes, and its result."""
    folder = Path(spec.work)
    (folder / "spec.json").write_text(spec.model_dump_json())
    with (folder / "events").open("w") as events:
        child = subprocess.Popen(
            [sys.executable, "-m", module, str(folder / "spec.json")],
            env={**os.environ, **kernels.KEPT, "OMP_NUM_THREADS": "1"},
            stdout=events,
        )
        anonymous = resident = 0
        while child.poll() is None:
            anonymous = max(anonymous, _held(child.pid, "RssAnon"))
            resident = max(resident, _held(child.pid, "VmHWM"))
            time.sleep(0.02)
    last = json.loads((folder / "events").read_text().splitlines()[-1])
    if last["type"] != "finished":
        raise RuntimeError(f"The job did not finish: {last}")
    return {"anonymous": anonymous, "resident": resident}, last["result"]


def _held(process: int, name: str) -> int:
    try:
        found = re.search(rf"^{name}:\s+(\d+) kB$", Path(f"/proc/{process}/status").read_text(), re.MULTILINE)
    except OSError:
        return 0
    return int(found[1]) * 1024 if found else 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--few", type=int, default=FEW)
    parser.add_argument("--many", type=int, default=MANY)
    arguments = parser.parse_args()
    found = {}
    for rows in (arguments.few, arguments.many):
        with tempfile.TemporaryDirectory(prefix="maquette-bench-") as folder:
            found[rows] = measure(Path(folder), rows)
        print(rows, found[rows], flush=True)
    few, many = found[arguments.few], found[arguments.many]
    grown = {name: round(many[name] / few[name] - 1, 4) for name in ("anonymous", "resident")}
    result = {
        "what": "peak memory of a run of a tiny chat model, in bytes, by number of rows",
        "steps": _STEPS,
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "rows": found,
        "grown": grown,
    }
    RESULT.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))
    if max(grown.values()) > TOLERANCE:
        sys.exit(f"Memory grows with the number of rows: {grown}")


if __name__ == "__main__":
    main()
