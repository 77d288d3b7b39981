"""Conversations of which each row holds one turn, brought together into one row each."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from workers.contracts.specs import Column
from workers.ingest import vocabulary
from workers.ingest.conversations.markup import line_side, without_mark
from workers.ingest.conversations.speakers import is_speaker, role_of
from workers.ingest.reshaping.cells import Cells, Row, Sample
from workers.ingest.tables import RowsWriter, read_rows
from workers.ingest.verdicts import is_no_weight, is_weight_column
from workers.ingest.vocabulary import named, plain

_SPEAKER = frozenset({"role", "speaker", "from", "sender", "author", "who", "by", "type", "participant", "角色", "发言人", "rolle", "sprecher", "rol", "papel", "роль"})  # fmt: skip
_TALK = re.compile(r"(conversation|conv|dialog|dialogue|thread|session|chat|talk|ticket|call|case|group|会话|对话|gesprach|konversation|unterhaltung|conversacion|conversa|discussion|sitzung)s?(id|number|nr|no|编号|key|uuid|_id)?|id(conversation|dialogue|session|conversacion)")  # fmt: skip
_TURN = re.compile(r"(turn|message|msg|utterance|position|step|order|seq|sequence|index|idx|line|轮次|序号)s?(id|index|idx|number|nr|no|order)?")  # fmt: skip
_CONTENT = vocabulary.TEXT | frozenset({"utterance", "message", "content", "value", "body", "发言", "nachricht", "mensaje", "mensagem", "сообщение"})  # fmt: skip
_BATCH_ROWS = 5_000


@dataclass(frozen=True)
class TurnColumns:
    """Which columns hold a turn's speaker, its text, its conversation, its place there and its weight."""

    speaker: str
    content: str
    conversation: str | None
    turn: str | None
    weight: str | None = None


def turn_columns(columns: list[Column], sample: Sample) -> TurnColumns | None:
    """Return the columns of a table with one turn a row, or None."""
    by_name = {column.name: column for column in columns}
    speaker = next((name for name in by_name if _names_speakers(by_name[name], sample)), None)
    content = next(
        (n for n in by_name if n != speaker and named(n, _CONTENT) and not by_name[n].is_messages), None
    )
    if not speaker or not content:
        return None
    rest = [column for column in columns if column.name not in (speaker, content)]
    talk = next((column for column in rest if _TALK.fullmatch(plain(column.name))), None)
    turn = next(
        (column.name for column in rest if column is not talk and _TURN.fullmatch(plain(column.name))), None
    )
    if talk is not None and talk.distinct * 1.5 > by_name[speaker].filled:
        return None
    if talk is None and any(named(column.name, vocabulary.LABEL | vocabulary.SUMMARY) for column in rest):
        return None
    weight = next((column.name for column in rest if is_weight_column(column.name)), None)
    return TurnColumns(speaker, content, talk.name if talk else None, turn, weight)


def _names_speakers(column: Column, sample: Sample) -> bool:
    """Whether nearly all of a column's values are speakers, at least a user and an assistant among them."""
    if plain(column.name) not in _SPEAKER or column.distinct > 12:
        return False
    values = [row[column.name] for row in sample if column.name in row]
    known = sum(map(is_speaker, values))
    return known > 0.9 * len(values) and {"user", "assistant"} <= {role_of(value) for value in values}


def group_turns(path: Path, work: Path, columns: TurnColumns, notes: list[str]) -> int:
    """Rewrite rows.parquet with a conversation a row, in the order in which they begin; return how many there are."""
    made, writer_path = work / "turns.parquet", work / "grouped.parquet"
    turns = _write_turns(path, made, columns)
    writer = RowsWriter(writer_path, work)
    for line, talk, messages in _conversations(made, work):
        cells: Row = {"messages": messages}
        if columns.conversation:
            cells = {columns.conversation: talk, **cells}
        writer.add(line, cells, len(messages))
    writer.close()
    writer_path.replace(path)
    made.unlink()
    notes.append(
        f"Each row holds one turn. {turns:,} rows were joined into {writer.count:,} conversations by “{columns.conversation}”."
        if columns.conversation
        else f"Each row holds one turn. {turns:,} rows were joined into {writer.count:,} conversations; each begins with a question after an answer."
    )
    return writer.count


def _write_turns(path: Path, made: Path, columns: TurnColumns) -> int:
    """Write the turns with the names that the query knows; without a column for it, a conversation begins with each
    question that follows an answer, or with each first turn."""
    schema = pa.schema(
        [
            ("line", pa.int64()),
            ("talk", pa.string()),
            ("turn", pa.float64()),
            ("role", pa.string()),
            ("content", pa.string()),
            ("learned", pa.bool_()),
        ]
    )
    number, before, last = 0, None, None
    count = 0
    with pq.ParquetWriter(made, schema, compression="zstd") as writer:
        pending: list[tuple[object, ...]] = []
        for line, cells in read_rows(path):
            turn = _number(cells.get(columns.turn) if columns.turn else None)
            role = role_of(cells.get(columns.speaker))
            begins = (
                turn <= last
                if turn is not None and last is not None
                else role == "user" and before == "assistant"
            )
            number += begins
            before, last = role, turn
            talk = cells.get(columns.conversation) if columns.conversation else str(number)
            weight = cells.get(columns.weight) if columns.weight else None
            learned = not is_no_weight(weight or "")
            said = cells.get(columns.speaker), cells.get(columns.content)
            pending.append((line, talk, turn, *said, learned))
            count += 1
            if len(pending) >= _BATCH_ROWS:
                writer.write_table(_table(pending, schema))
                pending = []
        if pending:
            writer.write_table(_table(pending, schema))
    return count


def _table(rows: Sequence[tuple[object, ...]], schema: pa.Schema) -> pa.Table:
    return pa.table([list(column) for column in zip(*rows, strict=True)], schema=schema)


def _number(text: str | None) -> float | None:
    try:
        return float(text or "")
    except ValueError:
        return None


def _conversations(turns: Path, work: Path):  # type: ignore[no-untyped-def]
    """Yield (first line, conversation, messages as JSON). Sorting and grouping spill to disk."""
    import duckdb

    with duckdb.connect() as database:
        database.execute("SET memory_limit = '400MB'; SET threads = 1")
        database.execute("SET temp_directory = ?", [str(work / "spill")])
        found = database.execute(
            "SELECT min(line) AS first, talk, list({'role': role, 'content': content, 'learned': learned} ORDER BY turn NULLS LAST, line) "
            "FROM read_parquet(?) WHERE content IS NOT NULL GROUP BY talk ORDER BY first",
            [str(turns)],
        )
        while rows := found.fetchmany(_BATCH_ROWS):
            for line, talk, messages in rows:
                marked = [
                    {"role": turn["role"], "content": turn["content"]}
                    | ({} if turn["learned"] else {"weight": 0})
                    for turn in messages
                ]
                yield line, talk, json.dumps(marked, ensure_ascii=False)


def has_line_pairs(columns: list[Column], sample: Sample) -> bool:
    """Whether a text has a question in one line (`Q: …`) and its answer in another (`A: …`)."""
    if len(columns) != 1:
        return False
    sides = [line_side(row[columns[0].name]) for row in sample if columns[0].name in row]
    marked = sides.count("user") + sides.count("assistant")
    return marked > 0.6 * len(sides) and sides.count("user") > 0.2 * marked < 5 * sides.count("assistant")


def group_line_pairs(table: Cells) -> Cells:
    """Yield a row for each question with all lines up to the next one."""
    begun: tuple[int, dict[str, str]] | None = None
    side = ""
    for line, cells in table:
        text = next(iter(cells.values())) or ""
        now = line_side(text)
        if now == "user" and (begun is None or side == "assistant"):
            if begun:
                yield begun[0], dict(begun[1])
            begun = (line, {})
        side = now or side
        name = {"user": "question", "assistant": "answer"}.get(side)
        if begun and name:
            said = without_mark(text)
            begun[1][name] = f"{begun[1][name]}\n{said}" if name in begun[1] else said
    if begun:
        yield begun[0], dict(begun[1])
