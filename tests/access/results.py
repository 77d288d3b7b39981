"""What jobs of the world found, in the shape of their contracts."""

import pyarrow as pa

from workers.contracts.job_kinds.freezing import FreezeResult
from workers.contracts.job_kinds.importing import Column, ImportResult, Proposal
from workers.contracts.roles import Role

_LENGTHS = {"mean": 9.0, "p50": 9.0, "p95": 12.0, "max": 20.0}


def import_result() -> ImportResult:
    columns = [
        Column(name=name, filled=60, distinct=distinct, mean_length=9, max_length=20)
        for name, distinct in (("text", 60), ("label", 2))
    ]
    proposal = Proposal(task_type="classification", roles={"text": Role.INPUT, "label": Role.LABEL})
    return ImportResult(
        format="csv",
        encoding="utf-8",
        rows=60,
        rejected=0,
        first_rejects=[],
        columns=columns,
        proposal=proposal,
        bytes=100,
    )


def freeze_result() -> FreezeResult:
    return FreezeResult(
        rows={"train": 42, "validation": 6, "test": 12},
        rejected=0,
        reasons={},
        labels={"billing": 30, "account": 30},
        input_characters=_LENGTHS,
        target_characters=_LENGTHS,
        bytes=1000,
        sha256="0" * 64,
    )


def import_files() -> dict[str, pa.Table]:
    """What an import leaves (workers.contracts.job_kinds.importing.ImportSpec)."""
    rows = {"__line": pa.array([2, 3], pa.int64()), "text": ["one", "two"], "label": ["billing", "account"]}
    rejected = {"line": pa.array([4], pa.int64()), "reason": ["empty"], "text": [""]}
    return {
        "rows.parquet": pa.table(rows),
        "rejected.parquet": pa.table(rejected),
        ".published": pa.table({"line": [1]}),
    }
