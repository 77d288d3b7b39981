"""Reading rows of imports and versions: DuckDB over the Parquet files that the jobs left."""

import json
from dataclasses import dataclass
from typing import Any

import pyarrow.parquet as pq

from apps.core.parquet import local_file, select
from apps.core.spreadsheets import inert
from apps.core.tables import safe_cell
from apps.datasets.models import DatasetVersion, Import
from workers.contracts.excerpts import excerpt
from workers.contracts.texts import Text

DATA_NAME, ROWS_NAME, REJECTED_NAME = "data.parquet", "rows.parquet", "rejected.parquet"
LINE = "__line"
_SAMPLE_CHARACTERS, _SAMPLE_TURNS = 400, 6
_SHOWN_CHARACTERS = 20_000
"""A cell longer than this is cut on the page; downloads hold it whole."""


def sample_rows(import_: Import, count: int = 6) -> list[dict[str, Any]]:
    """The first rows as read: {"line": number, "cells": {column: beginning of the text or None}}; where a column holds
    conversations, {column: list of turns with role and content}.

    Read by Arrow: to DuckDB, “Text” and “text” are one column.
    """
    with pq.ParquetFile(local_file(import_.rows_key, ROWS_NAME)) as file:
        batch = next(file.iter_batches(count), None)
    rows = batch.to_pylist() if batch else []
    talks = {column["name"] for column in import_.result["columns"] if column["is_messages"]}
    return [
        {
            "line": row.pop(LINE),
            "cells": {
                name: _turns(cell) if name in talks else _beginning(cell) for name, cell in row.items()
            },
        }
        for row in rows
    ]


def _beginning(text: str | None) -> str | None:
    return None if text is None else excerpt(text, _SAMPLE_CHARACTERS)


def _turns(text: str | None) -> list[dict[str, str | None]]:
    """The turns of a conversation as OpenAI or ShareGPT writes it; anything else as one turn without a role."""
    try:
        turns = json.loads(text or "[]")
        said = [
            (turn.get("role") or turn.get("from"), turn.get("content") or turn.get("value")) for turn in turns
        ]
    except (ValueError, AttributeError, TypeError, RecursionError):
        said = [("", text)]
    return [
        {"role": str(who or ""), "content": _beginning(_said(what))} for who, what in said[:_SAMPLE_TURNS]
    ]


def _said(content: Any) -> str:
    """What a turn says, also where it is a list of parts: the texts of those, each other one by its type."""
    if not isinstance(content, list):
        return str(content or "")
    parts = [part if isinstance(part, dict) else {"text": part} for part in content]
    return "\n".join(
        str(part.get("text") or part.get("value") or f"[{part.get('type', '')}]") for part in parts
    )


@dataclass
class DataRow:
    row_id: str
    line: int
    split: str
    prompt: list[dict[str, str]]
    target: str
    rejected: str = ""
    is_good: bool = True


class DataRows:
    """Rows of a version that are in `split` and hold `text`, as a sequence that Django's Paginator takes."""

    _HOLDS = "contains(lower(concat_ws(' ', target, {rejected}, array_to_string(list_transform(prompt, lambda m: m.content), ' '))), lower(?))"

    def __init__(self, version: DatasetVersion, *, split: str = "", text: str = "") -> None:
        self._where, self._values = "WHERE true", [str(local_file(version.storage_key, DATA_NAME))]
        self._rejected = "rejected" if version.has_preferences else "''"
        self._is_good = "feedback" if version.has_ratings else "true"
        if split:
            self._where += " AND split = ?"
            self._values.append(split)
        if text:
            self._where += f" AND {self._HOLDS.format(rejected=self._rejected)}"
            self._values.append(text)

    def count(self) -> int:
        _, found = select(f"SELECT count(*) FROM read_parquet(?) {self._where}", self._values)  # noqa: S608
        return int(found[0][0])

    def __len__(self) -> int:
        return self.count()

    def __getitem__(self, part: slice) -> list[DataRow]:
        # The file is sorted by line, and DuckDB keeps its order: sorting here would read all of it for every page.
        start, stop = part.start or 0, part.stop
        sql = (
            f"SELECT row_id, line, split, prompt, left(target, {_SHOWN_CHARACTERS}), "  # noqa: S608
            f"left({self._rejected}, {_SHOWN_CHARACTERS}), {self._is_good} "
            f"FROM read_parquet(?) {self._where} LIMIT {int(stop - start)} OFFSET {int(start)}"
        )
        return [DataRow(*row) for row in select(sql, self._values)[1]]


@dataclass
class RejectedRow:
    line: int
    reason: Text
    text: str


class RejectedRows:
    """What was not kept, by line, as a sequence that Django's Paginator takes. `folder` is an import's or a version's."""

    def __init__(self, folder: str) -> None:
        self._path = str(local_file(folder, REJECTED_NAME))

    def count(self) -> int:
        return int(pq.read_metadata(self._path).num_rows)

    def __len__(self) -> int:
        return self.count()

    def __getitem__(self, part: slice) -> list[RejectedRow]:
        start, stop = part.start or 0, part.stop
        names = ["line", "reason", "text", *(["code", "params"] if self._has_codes else [])]
        sql = f"SELECT {', '.join(names)} FROM read_parquet(?) ORDER BY line LIMIT {int(stop - start)} OFFSET {int(start)}"  # noqa: S608
        rows = (dict(zip(names, row, strict=True)) for row in select(sql, [self._path])[1])
        return [RejectedRow(row["line"], _reason(row), row["text"]) for row in rows]

    @property
    def _has_codes(self) -> bool:
        """Files of earlier releases hold the English alone."""
        return "code" in pq.read_schema(self._path).names


def _reason(row: dict[str, Any]) -> Text:
    if not row.get("code"):
        return Text.plain(row["reason"])
    return Text.parse({"code": row["code"], "params": json.loads(row["params"]), "text": row["reason"]})


def plain_cell(value: Any) -> Any:
    """A cell as text for a spreadsheet; a prompt as the text of its one message, else each message with its role."""
    if not isinstance(value, list):
        return safe_cell(value)
    if len(value) == 1:
        return inert(value[0]["content"])
    return "\n\n".join(f"{message['role']}: {message['content']}" for message in value)
