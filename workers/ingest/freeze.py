"""The freeze job: applies column roles to imported rows, checks and splits them; the result never changes.

    python -m workers.ingest.freeze spec.json        FreezeSpec -> FreezeResult

Two passes. The first builds every example and stages it with its hashes; what is needed to judge the whole (labels,
duplicates, splits) stays in memory as numbers. The second writes data.parquet with each row's split.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from workers.contracts.excerpts import excerpt
from workers.contracts.fixes import FILE_TOO_LARGE
from workers.contracts.job_kinds.freezing import FreezeResult, FreezeSpec, RejectGroup
from workers.contracts.roles import ROLE_LABELS, Role
from workers.contracts.texts import Text
from workers.ingest.examples import Builder, RowError
from workers.ingest.findings import (
    QUOTED_CHARACTERS,
    Gathered,
    label_counts,
    split_findings,
    statistics,
    unclear_marks,
    warnings_for,
)
from workers.ingest.label_merging import Settled, same_label, settle_labels
from workers.ingest.rejects import REJECTED_NAME, RejectedWriter, merge_rejects, most_frequent
from workers.ingest.splits import (
    SPLITS,
    TEST,
    TRAIN,
    completed_codes,
    input_hash,
    missing_shares,
    row_id,
    split_codes,
)
from workers.ingest.supplied_marks import read_marks
from workers.ingest.supplied_splits import SuppliedSplits, read_supplied_splits
from workers.ingest.tables import DATA_NAME, LINE, ROWS_NAME, GroupWriter
from workers.ingest.verdicts import is_weight_column
from workers.runtime.reporter import JobError, Reporter, run_child
from workers.shared import memory

MESSAGE_TYPE = pa.struct([("role", pa.string()), ("content", pa.string())])
MARKED_MESSAGE_TYPE = pa.struct([*MESSAGE_TYPE, ("learned", pa.bool_())])
"""Where an answer among the prompt's messages is read, and not learned."""
DATA_SCHEMA = pa.schema(
    [
        ("row_id", pa.string()),
        ("line", pa.int64()),
        ("split", pa.string()),
        ("prompt", pa.list_(MESSAGE_TYPE)),
        ("target", pa.string()),
    ]
)
MARKED_DATA_SCHEMA = DATA_SCHEMA.set(
    DATA_SCHEMA.get_field_index("prompt"), pa.field("prompt", pa.list_(MARKED_MESSAGE_TYPE))
)
MORE_FIELDS = {
    Role.REJECTED: pa.field("rejected", pa.string()),
    Role.FEEDBACK: pa.field("feedback", pa.bool_()),
}
"""Columns of versions in which a column has that role: the worse answer, and whether the answer is a good one."""
_STAGED_SCHEMA = pa.schema(
    [
        *MARKED_DATA_SCHEMA.remove(MARKED_DATA_SCHEMA.get_field_index("split")),
        *MORE_FIELDS.values(),
    ]
)
_BATCH_ROWS = 2_000
_MAX_LABELS = 1_000


def run(spec: FreezeSpec, reporter: Reporter) -> FreezeResult:
    """Freeze one version. Raises JobError for roles that do not fit and for too little left to train on."""
    reporter.started()
    try:
        return _frozen(spec, reporter)
    except MemoryError:
        raise JobError("too_large", FILE_TOO_LARGE, field="source") from None


def _frozen(spec: FreezeSpec, reporter: Reporter) -> FreezeResult:
    work, rows = Path(spec.work), Path(spec.inputs["rows"])
    out = work / "out"
    out.mkdir(parents=True, exist_ok=True)
    staged, own_rejects = work / "staged.parquet", work / "own_rejected.parquet"
    with pq.ParquetFile(rows / ROWS_NAME) as file, RejectedWriter(own_rejects) as rejected:
        columns = checked_roles(spec, file.schema_arrow.names)
        supplied = _supplied_splits(spec, file, columns)
        weights = _weight_columns(spec, file.schema_arrow.names)
        marks, feedback = (read_marks(file, columns.get(role)) for role in (Role.QUALITY, Role.FEEDBACK))
        builder = Builder(spec.task_type, columns, weights, marks, feedback)
        gathered = _stage(file, builder, spec, weights, supplied, staged, rejected, reporter)
        settled = Settled(np.ones(len(gathered), dtype=bool))
        least = spec.min_rows if gathered.can_train else 1
        if len(gathered) >= least:  # else that is said, rather than that labels are rare among so few
            settled = _settle(spec, gathered, columns, rejected)
        keep = settled.keep
    _check_rows(least, int(keep.sum()), own_rejects)
    _check_inputs(spec, gathered.only(keep))
    codes = _codes(spec, gathered.only(keep))
    data = out / DATA_NAME
    schema = MARKED_DATA_SCHEMA if gathered.has_unlearned else DATA_SCHEMA
    schema = pa.schema([*schema, *(field for role, field in MORE_FIELDS.items() if role in columns)])
    _write_data(staged, keep, codes, settled.renamed, data, reporter, schema)
    rejects, reasons = merge_rejects([rows / REJECTED_NAME, own_rejects], out / REJECTED_NAME, work)
    gathered = gathered.only(keep)
    counts = Counter(codes.tolist())
    is_classification = spec.task.has_labels
    with (out / DATA_NAME).open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return FreezeResult(
        rows={name: counts[code] for code, name in enumerate(SPLITS)},
        rejected=rejects,
        reasons=[RejectGroup(reason=reason, rows=rows) for reason, rows in reasons.items()],
        labels=label_counts(gathered) if is_classification else {},
        input_characters=statistics(gathered.input_characters),
        target_characters=statistics(gathered.target_characters),
        rejected_characters=statistics(gathered.rejected_characters) if Role.REJECTED in columns else {},
        bad_rows=int(np.sum(gathered.bad)),
        split_by="test_only" if spec.test_only else "column" if supplied else "hash",
        warnings=[
            *(split_findings(gathered, codes, supplied.column) if supplied else []),
            *settled.warnings,
            *unclear_marks(columns.get(Role.QUALITY), builder.unclear_marks),
            *warnings_for(gathered, codes, reasons, task=spec.task),
        ],
        bytes=sum(path.stat().st_size for path in out.iterdir()),
        sha256=digest,
    )


def checked_roles(spec: FreezeSpec, names: list[str]) -> dict[Role, str]:
    """Return the column of each role. Raises JobError when one is missing, doubled, unknown or of no use here."""
    task = spec.task
    columns: dict[Role, str] = {}
    for column, role in spec.roles.items():
        if role is Role.IGNORE:
            continue
        if column not in names:
            raise JobError("no_such_column", Text("rows.no_such_column", column=column), field="roles")
        if role in columns:
            raise JobError(
                "role_twice",
                Text(
                    "rows.two_columns_of_a_role",
                    column=columns[role],
                    other=column,
                    role=Text.marked(ROLE_LABELS[role]),
                ),
                field="roles",
            )
        columns[role] = column
    if task.missing_roles(spec.roles):
        wanted = ", or as ".join(" and ".join(sorted(roles)) for roles in task.required)
        raise JobError(
            "role_missing",
            Text("rows.roles_missing", task=Text.marked(task.label), roles=wanted),
            field="roles",
        )
    return {role: column for role, column in columns.items() if role in task.usable}


def _weight_columns(spec: FreezeSpec, names: list[str]) -> list[str]:
    """Columns that say how much a row counts, where a person gave them no other role."""
    return [
        name for name in names if is_weight_column(name) and spec.roles.get(name, Role.IGNORE) is Role.IGNORE
    ]


def _supplied_splits(
    spec: FreezeSpec, file: pq.ParquetFile, columns: dict[Role, str]
) -> SuppliedSplits | None:
    column = columns.get(Role.SPLIT)
    return read_supplied_splits(file, column) if column and not spec.test_only else None


def _codes(spec: FreezeSpec, gathered: Gathered) -> np.ndarray:
    """Return the split of every row: as the source says, and by its hash where the source does not say."""
    if gathered.has_splits:
        return completed_codes(gathered.splits, gathered.hashes, spec.validation_share, spec.test_share)
    return split_codes(gathered.hashes, spec.validation_share, spec.test_share)


def _stage(
    file: pq.ParquetFile,
    builder: Builder,
    spec: FreezeSpec,
    weights: list[str],
    supplied: SuppliedSplits | None,
    staged: Path,
    rejected: RejectedWriter,
    reporter: Reporter,
) -> Gathered:
    """First pass: stage what can be built and is no duplicate; reject the rest.

    A row may stand in several splits of the source, and the rows of a supplied validation or test split may repeat: it is
    used whole.
    """
    key = bytes.fromhex(spec.split_key)
    is_classification = spec.task.has_labels
    gathered = Gathered(
        name_characters=1_000 if is_classification else QUOTED_CHARACTERS + 1,
        has_splits=supplied is not None or spec.test_only,
    )
    first_line: dict[bytes, int] = {}
    repeats: Counter[bytes] = Counter()
    total, done = max(1, file.metadata.num_rows), 0
    wanted = [LINE, *(name for name, role in spec.roles.items() if role is not Role.IGNORE), *weights]
    with GroupWriter(staged, _STAGED_SCHEMA) as writer:
        for batch in file.iter_batches(_BATCH_ROWS, columns=wanted):
            kept: list[dict[str, object]] = []
            for cells in batch.to_pylist():
                line = cells.pop(LINE)
                try:
                    example = builder.build(cells)
                    split = TEST if spec.test_only else _split_code(supplied, cells)
                except RowError as error:
                    rejected.add(line, error.reason, _row_text(cells))
                    continue
                identity = row_id(key, example.identity)
                copy = identity
                shared = is_classification and same_label(example.target, merge_case=spec.merge_label_case)
                if shared and shared != example.target:
                    copy = row_id(key, [*example.identity[:-1], shared])
                known = bytes.fromhex(copy) + bytes([split])
                same = first_line.get(known)
                if same is None:
                    first_line[known] = line
                else:
                    if split == TRAIN:
                        rejected.add(line, Text("rows.duplicate", line=same), _row_text(cells))
                        continue
                    repeats[known] += 1
                    identity = row_id(key, [*example.identity, f"copy-{repeats[known]}"])
                gathered.add(example, input_hash(key, example.key), line, split)
                kept.append(
                    {
                        "row_id": identity,
                        "line": line,
                        "prompt": example.prompt,
                        "target": example.target,
                        "rejected": example.rejected,
                        "feedback": example.is_good,
                    }
                )
            writer.write(pa.Table.from_pylist(kept, schema=_STAGED_SCHEMA))
            done += batch.num_rows
            reporter.raise_if_stopping()
            reporter.progress(Text("rows.phase_checking"), done, total, fraction=0.7 * done / total)
    return gathered


def _split_code(supplied: SuppliedSplits | None, cells: dict[str, str | None]) -> int:
    """Raises RowError when the row's cell names no split."""
    if supplied is None:
        return TRAIN
    value = cells[supplied.column]
    code = supplied.code(value)
    if code is None:
        raise RowError(Text("rows.unknown_split", column=supplied.column, value=excerpt(value or "", 40)))
    return code


def _row_text(cells: dict[str, str | None]) -> str:
    return " | ".join(value for value in cells.values() if value)


def _settle(
    spec: FreezeSpec, gathered: Gathered, columns: dict[Role, str], rejected: RejectedWriter
) -> Settled:
    """Decide on labels. One with one row only is rejected; too many or too few labels raise JobError.

    A supplied validation or test split is used whole: its rows are not rejected, and a test set alone need not hold several
    labels.
    """
    if not spec.task.has_labels:
        return Settled(np.ones(len(gathered), dtype=bool))
    settled = settle_labels(gathered, rejected, merge_case=spec.merge_label_case)
    if not gathered.can_train:
        return settled
    targets = np.asarray(gathered.targets, dtype=np.int64)
    counts = np.bincount(targets[settled.keep], minlength=len(gathered.names))
    keep = settled.keep & (counts[targets] >= 2)
    keep |= settled.keep & (gathered.splits != TRAIN)
    enough = int((counts >= 2).sum())
    column = columns[Role.LABEL]
    if enough < 2:
        raise JobError(
            "too_few_labels",
            Text("rows.too_few_labels", column=column, labels=enough),
            field="roles",
        )
    if enough > _MAX_LABELS:
        raise JobError(
            "too_many_labels",
            Text("rows.too_many_labels", column=column, labels=enough, most=_MAX_LABELS),
            field="roles",
        )
    for index in np.flatnonzero(settled.keep & ~keep):
        name = gathered.names[targets[index]]
        rejected.add(gathered.lines[index], Text("rows.lone_label", label=excerpt(name, 80)), name)
    return replace(settled, keep=keep)


def _check_rows(least: int, kept: int, own_rejects: Path) -> None:
    if kept < max(1, least):
        raise JobError(
            "too_few_rows",
            Text("rows.too_few_rows", rows=kept, least=least, rejects=most_frequent(own_rejects)),
            field="roles",
        )


def _check_inputs(spec: FreezeSpec, gathered: Gathered) -> None:
    """Raises JobError when the rows to draw splits from have too few different inputs."""
    if not gathered.can_train:
        return
    hashes, shares = gathered.hashes, (spec.validation_share, spec.test_share)
    if gathered.has_splits:
        hashes, shares = hashes[gathered.splits == TRAIN], missing_shares(gathered.splits, *shares)
    inputs = len(np.unique(hashes))
    if inputs < 1 + sum(share > 0 for share in shares):
        raise JobError(
            "too_few_inputs",
            Text("rows.too_few_inputs", inputs=inputs),
            field="roles",
        )


def _write_data(
    staged: Path,
    keep: np.ndarray,
    codes: np.ndarray,
    renamed: dict[str, str],
    path: Path,
    reporter: Reporter,
    schema: pa.Schema,
) -> None:
    """Second pass: give each kept row its split, and its label the spelling that was chosen."""
    every = np.full(len(keep), -1, dtype=np.int8)
    every[keep] = codes
    with GroupWriter(path, schema) as writer:
        start = 0
        for table in _tables(staged):
            chosen = every[start : start + table.num_rows]
            start += table.num_rows
            table = table.filter(pa.array(chosen >= 0))
            table = _with_marks(table, schema.field("prompt").type.value_type)
            if renamed:
                labels = [renamed.get(label, label) for label in table["target"].to_pylist()]
                table = table.set_column(3, "target", pa.array(labels, pa.string()))
            names = pa.array([SPLITS[code] for code in chosen[chosen >= 0]], pa.string())
            writer.write(table.add_column(2, "split", names).select(schema.names))
            reporter.raise_if_stopping()
            reporter.progress(
                Text("rows.phase_writing"), start, len(keep), fraction=0.7 + 0.3 * start / len(keep)
            )


def _with_marks(table: pa.Table, kind: pa.StructType) -> pa.Table:
    """The messages of the prompt with `learned` in each, or in none."""
    prompt = table["prompt"].combine_chunks()
    messages = prompt.flatten()
    arrays = [messages.field("role"), messages.field("content")]
    if kind == MARKED_MESSAGE_TYPE:
        arrays.append(messages.field("learned").fill_null(True))
    sizes = pc.list_value_length(prompt).to_numpy(zero_copy_only=False)
    offsets = pa.array(np.concatenate([[0], np.cumsum(sizes)]), pa.int32())
    lists = pa.ListArray.from_arrays(offsets, pa.StructArray.from_arrays(arrays, fields=list(kind)))
    return table.set_column(2, pa.field("prompt", pa.list_(kind)), lists)


def _tables(path: Path) -> Iterator[pa.Table]:
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(_BATCH_ROWS):
            yield pa.Table.from_batches([batch], schema=_STAGED_SCHEMA)


if __name__ == "__main__":
    memory.bound()
    run_child(FreezeSpec, run)
