"""The parity check: does the engine compute what the trainer computed? `python -m workers.serving.parity spec.json`.

The trainer left its own answers to validation rows in parity.json: prompt ids, output ids, and the log-probability of
each. The engine is asked to score the same outputs through /score, in the batches and caches that visitors' requests go
through. Prompt ids must be identical, and a row's log-probabilities may differ by rounding only: how much that is below
fp32, the trainer measured against fp32 (`ParityRecord.rounding`).
"""

import json
import math
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import httpx
from pydantic import TypeAdapter, ValidationError

from workers.contracts.engine import EngineModel, ScoreResponse
from workers.contracts.job_kinds.parity import ParityResult, ParitySpec
from workers.contracts.model_folder import PARITY_NAME, ParityRecord
from workers.contracts.recipes import Precision
from workers.contracts.texts import Text
from workers.models.manifest import read_manifest
from workers.models.rounding import allowed_by_rounding
from workers.runtime.reporter import JobError, Reporter, run_child

LIMITS = {Precision.FP32: 0.01, Precision.BF16: 0.05}
"""Largest mean difference of a row, in nats a token, unless the model rounds more."""
_AT_ONCE = 4
_TIMEOUT_SECONDS = 300
_RECORDS: TypeAdapter[list[ParityRecord]] = TypeAdapter(list[ParityRecord])


@dataclass(frozen=True)
class _Row:
    """`nats` is the mean absolute difference of a row's log-probabilities."""

    ids_identical: bool
    nats: float
    exact: bool


def check(spec: ParitySpec, reporter: Reporter) -> ParityResult:
    """Raises JobError: no_parity_records, engine_unreachable, engine_refused."""
    reporter.started()
    folder = Path(spec.inputs["model"])
    records = _read_records(folder)
    key = os.environ.get("ENGINE_KEY", "")
    headers = {"Authorization": f"Bearer {key}"}
    with httpx.Client(base_url=spec.engine_url, headers=headers, timeout=_TIMEOUT_SECONDS) as client:
        served = EngineModel.model_validate(_ask(client, "/load", {"model": spec.model}))
        rows = _compare_all(client, spec.model, records, reporter)
    precisions = {read_manifest(folder).precision, Precision(served.precision)}
    rounding = max(record.rounding for record in records)
    limit = max([allowed_by_rounding(rounding), *(LIMITS[precision] for precision in precisions)])
    return _result(rows, limit)


def _read_records(folder: Path) -> list[ParityRecord]:
    try:
        records = _RECORDS.validate_python(json.loads((folder / PARITY_NAME).read_text()))
    except (OSError, ValueError, ValidationError) as error:
        raise JobError(
            "no_parity_records",
            Text("parity.records_unreadable", file=PARITY_NAME),
        ) from error
    if not records:
        raise JobError("no_parity_records", Text("parity.no_records", file=PARITY_NAME))
    return records


def _ask(client: httpx.Client, path: str, body: dict[str, object]) -> dict[str, object]:
    try:
        response = client.post(path, json=body)
    except httpx.TransportError as error:
        raise JobError(
            "engine_unreachable",
            Text("parity.engine_unreachable", address=client.base_url, error=error),
        ) from error
    if response.status_code == 200:
        return response.json()
    try:
        message = response.json()["error"]["message"]
    except (ValueError, KeyError, TypeError):
        message = response.text[:200]
    raise JobError("engine_refused", Text("parity.engine_refused", message=message))


def _compare_all(
    client: httpx.Client, model: str, records: Sequence[ParityRecord], reporter: Reporter
) -> list[_Row]:
    def compare(record: ParityRecord) -> _Row:
        reporter.raise_if_stopping()
        body = {
            "model": model,
            "prompt": [message.model_dump() for message in record.prompt],
            "output_ids": record.output_ids,
            "greedy_tokens": len(record.output_ids),
        }
        return compare_row(record, ScoreResponse.model_validate(_ask(client, "/score", body)))

    rows = []
    # Several at a time, so that what is checked is the batched computation.
    with ThreadPoolExecutor(_AT_ONCE) as workers:
        for row in workers.map(compare, records):
            rows.append(row)
            reporter.progress(
                Text("parity.phase_comparing"), len(rows), len(records), fraction=len(rows) / len(records)
            )
    return rows


def compare_row(record: ParityRecord, answer: ScoreResponse) -> _Row:
    """One record beside the engine's answer. A classifier's output is its best label: that one is scored."""
    ids_identical = answer.prompt_ids == record.prompt_ids
    if record.label_scores:
        best = max(record.label_scores, key=record.label_scores.__getitem__)
        given = answer.label_scores.get(best, 0.0)
        nats = abs(math.log(max(given, 1e-30)) - math.log(max(record.label_scores[best], 1e-30)))
        exact = bool(answer.label_scores) and given == max(answer.label_scores.values())
        return _Row(ids_identical, nats, exact)
    if len(answer.log_probabilities) != len(record.log_probabilities):
        return _Row(ids_identical, math.inf, exact=False)
    differences = [
        abs(a - b) for a, b in zip(answer.log_probabilities, record.log_probabilities, strict=True)
    ]
    nats = sum(differences) / len(differences) if differences else 0.0
    return _Row(ids_identical, nats, answer.greedy_ids == record.output_ids)


def _result(rows: Sequence[_Row], limit: float) -> ParityResult:
    identical = all(row.ids_identical for row in rows)
    worst = min(max(row.nats for row in rows), 1e9)  # JSON knows no infinity
    passed = identical and worst <= limit
    exact = sum(row.exact for row in rows) / len(rows)
    if passed:
        message = Text("parity.passed", nats=worst)
    elif not identical:
        count = sum(not row.ids_identical for row in rows)
        message = Text("parity.other_tokens", count=count, rows=len(rows))
    else:
        message = Text("parity.differs", nats=worst, limit=limit)
    return ParityResult(
        rows=len(rows),
        ids_identical=identical,
        max_nat_per_token=worst,
        limit_nat_per_token=limit,
        exact_match=exact,
        passed=passed,
        message=message,
    )


if __name__ == "__main__":
    run_child(ParitySpec, check)
