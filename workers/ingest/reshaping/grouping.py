"""Conversations of which each row holds one turn, brought together into one row each."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from workers.contracts.job_kinds.importing import Column
from workers.contracts.tasks.chat import CHAT
from workers.contracts.texts import Text
from workers.ingest import vocabulary
from workers.ingest.conversations.cast import is_numbered
from workers.ingest.conversations.markup import cast_of_lines, is_round, line_side, without_mark
from workers.ingest.conversations.speakers import is_speaker, role_of
from workers.ingest.labels import first_few
from workers.ingest.proposals.marked_rows import marking_columns
from workers.ingest.proposals.table import Table
from workers.ingest.reshaping.cells import Cells, Row, Sample
from workers.ingest.reshaping.turn_table import LONGEST, TurnTable, turn_schema
from workers.ingest.tables import RowsWriter, read_rows
from workers.ingest.verdicts import Reading, is_no_weight, is_weight_column, mark_named, verdict
from workers.ingest.vocabulary import named, plain
from workers.runtime.reporter import JobError

_SPEAKER = frozenset({"role", "speaker", "from", "sender", "author", "who", "by", "type", "participant", "character", "角色", "发言人", "rolle", "sprecher", "rol", "papel", "роль"})  # fmt: skip
_TALK = re.compile(r"(conversation|conv|dialog|dialogue|thread|session|chat|talk|ticket|call|case|group|会话|对话|gesprach|konversation|unterhaltung|conversacion|conversa|discussion|sitzung)s?(id|number|nr|no|编号|key|uuid|_id)?|id(conversation|dialogue|session|conversacion)")  # fmt: skip
_TURN = re.compile(r"(turn|message|msg|utterance|position|step|order|seq|sequence|index|idx|line|轮次|序号)s?(id|index|idx|number|nr|no|order)?")  # fmt: skip
_CONTENT = vocabulary.TEXT | frozenset({"utterance", "message", "content", "value", "body", "发言", "nachricht", "mensaje", "mensagem", "сообщение"})  # fmt: skip
_PARENT = re.compile(r"(parent|previous|prev|replyto|inreplyto|inresponseto|responseto)(message|msg|turn|post|comment|tweet|status)?(id|uuid|nr|no)?")  # fmt: skip
_MESSAGE = re.compile(r"(message|msg|turn|post|comment|node|utterance|tweet|status)?(id|uuid)")
_RANK = re.compile(r"rank|ranking|rang|排名")
_FLAGS = (
    ("assistant", re.compile(r"(is|from|by|sentby)(bot|chatbot|agent|assistant|staff|support|system|ai|model|operator)|outbound|outgoing|是否客服|是否机器人")),
    ("user", re.compile(r"(is|from|by|sentby)(user|customer|client|human|patient|visitor|consumer)|inbound|incoming|是否用户|是否客户")),
)  # fmt: skip
"""Columns that say yes or no to one of the two sides."""
_DIRECTION = frozenset(
    {"direction", "richtung", "direccion", "direcao", "type", "messagetype", "msgtype", "方向"}
)
_OUTBOUND = frozenset({"out", "outbound", "outgoing", "sent", "ausgehend", "发出"})
_INBOUND = frozenset({"in", "inbound", "incoming", "received", "eingehend", "收到"})
_TIME = re.compile(r"(message|msg|turn|sent|created|posted|received)?(timestamp|datetime|date|time|at|on|utc|ts)|zeit|zeitstempel|datum|fecha|时间|时间戳|日期|发送时间")  # fmt: skip
AreTree = Callable[[str, str], bool]
"""Whether a column names turns and another the turns before them."""
_BATCH_ROWS = 5_000


@dataclass(frozen=True)
class TurnColumns:
    """Which columns hold a turn's speaker, its text, its conversation, its place there and its weight."""

    speaker: str
    content: str
    conversation: str | None = None
    turn: str | None = None
    weight: str | None = None
    message: str | None = None
    parent: str | None = None
    rank: str | None = None
    """Where turns follow one another in a tree: the name of a turn, of the one before it, and which of several is best."""
    marks: tuple[tuple[str, Reading], ...] = ()
    """What calls some turns bad."""
    beside: tuple[str, ...] = ()
    """Columns of the whole conversation, where they say the same in each of its turns."""

    time: str | None = None
    """When a turn was said: what orders the turns where nothing counts them."""
    said_yes: str | None = None
    """Whose turn it is where the speaker's column says yes, as `is_bot` does, or outbound."""

    @property
    def named(self) -> set[str | None]:
        """The columns that say where a turn stands."""
        return {
            self.speaker, self.content, self.conversation, self.turn, self.weight, self.message, self.parent, self.rank,
            self.time,
        }  # fmt: skip

    def speaker_of(self, cells: Row) -> str | None:
        name = cells.get(self.speaker)
        if self.said_yes is None or name is None:
            return name
        other = "user" if self.said_yes == "assistant" else "assistant"
        return self.said_yes if verdict(name) or name.strip().casefold() in _OUTBOUND else other


def turn_columns(columns: list[Column], sample: Sample, are_tree: AreTree) -> TurnColumns | None:
    """Return the columns of a table with one turn a row, or None. `are_tree` looks at all rows."""
    by_name = {column.name: column for column in columns}
    speaker = next((name for name in by_name if _names_speakers(by_name[name], sample)), None)
    said_yes = None
    if speaker is None:
        speaker, said_yes = _flag(columns)
    content = next(
        (n for n in by_name if n != speaker and named(n, _CONTENT) and not by_name[n].is_messages),
        next((n for n in by_name if speaker and plain(speaker) == "character" and plain(n) == "line"), None),
    )
    if not speaker or not content:
        return None
    rest = [column for column in columns if column.name not in (speaker, content)]
    found = _placed(TurnColumns(speaker, content, said_yes=said_yes), rest, sample, are_tree)
    has_parents = any(_PARENT.fullmatch(plain(column.name)) for column in rest)
    if has_parents and not found.parent and not found.conversation:
        return None  # Turns that may follow one another in another order than that of the rows.
    if found.conversation and by_name[found.conversation].distinct * 1.5 > by_name[speaker].filled:
        found = replace(found, conversation=None)
        if found.parent is None:
            return None
    is_placed = found.conversation or found.parent
    # A table of texts by people and by bots, or of labelled texts, looks like turns too.
    if not is_placed and (said_yes or not _says_roles(by_name[speaker], sample) or _has_answers(rest)):
        return None
    return _with_marks(found, Table(rest, sample, by_name[speaker].filled))


def _has_answers(columns: Sequence[Column]) -> bool:
    return any(named(column.name, vocabulary.LABEL | vocabulary.SUMMARY) for column in columns)


def _placed(found: TurnColumns, rest: Sequence[Column], sample: Sample, are_tree: AreTree) -> TurnColumns:
    """With the columns that say to which conversation a turn belongs, and where it stands there."""
    talk = next((column.name for column in rest if _TALK.fullmatch(plain(column.name))), None)
    turn = next(
        (c.name for c in rest if c.name != talk and _TURN.fullmatch(plain(c.name)) and not is_weight_column(c.name)),
        None,
    )  # fmt: skip
    message, parent = _tree(rest, sample, are_tree)
    time = None
    if talk and not parent and not turn:
        time = next((c.name for c in rest if _TIME.fullmatch(plain(c.name)) and _are_times(c, sample)), None)
    return replace(found, conversation=talk, turn=turn, message=message, parent=parent, time=time)


def _with_marks(found: TurnColumns, table: Table) -> TurnColumns:
    """With the columns that say which turns are good, and those of the whole conversation."""
    names = [column.name for column in table.columns]
    rank = None
    if found.parent:
        rank = next((name for name in names if _RANK.fullmatch(plain(name))), None) or next(
            (name for name in names if (mark := mark_named(name)) and mark.is_rating), None
        )
    marks = marking_columns(table, CHAT)
    found = replace(
        found,
        weight=next(filter(is_weight_column, names), None),
        rank=rank,
        marks=tuple((column.name, reading) for column, reading in marks),
    )
    used = {*found.named, *(name for name, _ in found.marks)}
    return replace(found, beside=tuple(name for name in names if name not in used))


def _tree(columns: Sequence[Column], sample: Sample, are_tree: AreTree) -> tuple[str | None, str | None]:
    """The columns that name a turn and the one before it, where some of the turns before are in the table."""
    parent = next((column.name for column in columns if _PARENT.fullmatch(plain(column.name))), None)
    for column in columns:
        if parent and column.name != parent and _MESSAGE.fullmatch(plain(column.name)):
            ids = {row[column.name] for row in sample if column.name in row}
            if len(ids) == len(sample) and are_tree(column.name, parent):
                return column.name, parent
    return None, None


def _are_times(column: Column, sample: Sample) -> bool:
    values = [row[column.name] for row in sample if column.name in row]
    return column.distinct > 1 and bool(values) and all(_time(value) is not None for value in values)


def _flag(columns: list[Column]) -> tuple[str | None, str | None]:
    """A column such as `is_bot` or `inbound`, and whose turn it is where it says yes, or such as `direction`."""
    for column in columns:
        said = {each.strip().casefold() for each in column.examples}
        if (
            plain(column.name) in _DIRECTION
            and said & _OUTBOUND
            and said & _INBOUND
            and said <= _OUTBOUND | _INBOUND
        ):
            return column.name, "assistant"
        for role, names in _FLAGS:
            if names.fullmatch(plain(column.name)) and {verdict(each) for each in column.examples} == {
                True,
                False,
            }:
                return column.name, role
    return None, None


def _names_speakers(column: Column, sample: Sample) -> bool:
    """Whether a column says who speaks: a user and an assistant by name, a user and a system, or two numbered speakers."""
    if plain(column.name) not in _SPEAKER or column.distinct > 12:
        return False
    values = {row[column.name] for row in sample if column.name in row}
    if _says_roles(column, sample) or (len(values) == 2 and all(map(is_numbered, values))):
        return True
    return bool(values) and {role_of(value) for value in values} == {"user", "system"}


def _says_roles(column: Column, sample: Sample) -> bool:
    """Whether nearly all of a column's values are speakers, at least a user and an assistant among them."""
    values = [row[column.name] for row in sample if column.name in row]
    known = sum(map(is_speaker, values))
    return known > 0.9 * len(values) and {"user", "assistant"} <= {role_of(value) for value in values}


def group_turns(path: Path, work: Path, columns: TurnColumns, notes: list[Text]) -> int:
    """Rewrite rows.parquet with a conversation a row, in the order in which they begin; return how many there are."""
    made, writer_path = work / "turns.parquet", work / "grouped.parquet"
    turns = _write_turns(path, made, columns)
    writer = RowsWriter(writer_path, work)
    with TurnTable(made, work, columns.beside, is_tree=columns.message is not None) as table:
        for line, talk, messages, beside in table.conversations():
            cells: Row = {"messages": messages, **beside}
            if columns.conversation:
                cells = {columns.conversation: talk, **cells}
            writer.add(line, cells, len(messages))
        notes += _notes(columns, turns, writer.count, table)
    if not writer.count:
        by = columns.parent or columns.conversation
        message = Text("reshaping.no_conversation_begins", column=by)
        raise JobError("no_rows", message, field="source")
    writer.close()
    writer_path.replace(path)
    made.unlink()
    return writer.count


def _notes(columns: TurnColumns, turns: int, talks: int, table: TurnTable) -> list[Text]:
    by = columns.conversation or columns.parent
    notes = [
        Text("reshaping.turns_joined_by", turns=turns, conversations=talks, column=by)
        if by
        else Text("reshaping.turns_joined", turns=turns, conversations=talks)
    ]
    if table.alternatives:
        notes.append(
            Text("reshaping.best_reply_kept", turns=table.alternatives, column=columns.rank)
            if columns.rank
            else Text("reshaping.first_reply_kept", turns=table.alternatives)
        )
    if table.cut:
        notes.append(Text("reshaping.long_conversations", most=LONGEST, turns=table.cut))
    if columns.time:
        notes.append(Text("reshaping.turns_in_order", column=columns.time))
    if columns.marks:
        notes.append(Text("reshaping.turns_marked", column=columns.marks[0][0]))
    if table.varying:
        notes.append(Text("reshaping.varying_columns", columns=first_few(table.varying)))
    return notes


def _write_turns(path: Path, made: Path, columns: TurnColumns) -> int:
    """Write the turns with the names that the query knows; without a column for it, a conversation begins with each
    question that follows an answer, or with each first turn."""
    schema = turn_schema(len(columns.beside))
    number, before, last = 0, None, None
    count = 0
    with pq.ParquetWriter(made, schema, compression="zstd") as writer:
        pending: list[tuple[object, ...]] = []
        for line, cells in read_rows(path):
            turn = _place(cells, columns)
            role = role_of(columns.speaker_of(cells))
            begins = (
                turn <= last
                if turn is not None and last is not None
                else role == "user" and before == "assistant"
            )
            number += begins
            before, last = role, turn
            talk = cells.get(columns.conversation) if columns.conversation else str(number)
            said = columns.speaker_of(cells), cells.get(columns.content)
            place = (count, line, talk, turn, *_place_in_tree(cells, columns))
            beside = [cells.get(name) for name in columns.beside]
            pending.append((*place, *said, _is_learned(cells, columns), *beside))
            count += 1
            if len(pending) >= _BATCH_ROWS:
                writer.write_table(_table(pending, schema))
                pending = []
        if pending:
            writer.write_table(_table(pending, schema))
    return count


def _place_in_tree(cells: Row, columns: TurnColumns) -> tuple[str | None, str | None, float | None]:
    if columns.message is None or columns.parent is None:
        return None, None, None
    rank = _number(cells.get(columns.rank)) if columns.rank else None
    is_rating = columns.rank is not None and mark_named(columns.rank) is not None
    return cells.get(columns.message), cells.get(columns.parent), -rank if rank and is_rating else rank


def _is_learned(cells: Row, columns: TurnColumns) -> bool:
    weight = cells.get(columns.weight) if columns.weight else None
    return not is_no_weight(weight or "") and not any(
        (cell := (cells.get(name) or "").strip()) and reading.is_good(cell) is False
        for name, reading in columns.marks
    )


def _table(rows: Sequence[tuple[object, ...]], schema: pa.Schema) -> pa.Table:
    return pa.table([list(column) for column in zip(*rows, strict=True)], schema=schema)


def _place(cells: Row, columns: TurnColumns) -> float | None:
    """Where a turn stands in its conversation: its number, or when it was said."""
    if columns.time:
        return _time(cells.get(columns.time))
    return _number(cells.get(columns.turn)) if columns.turn else None


def _time(text: str | None) -> float | None:
    """Seconds, of a date with a time as ISO 8601 writes it or of a number."""
    if (number := _number(text)) is not None:
        return number
    try:
        said = datetime.fromisoformat((text or "").strip())
    except ValueError:
        return None
    return (said if said.tzinfo else said.replace(tzinfo=UTC)).timestamp()


def _number(text: str | None) -> float | None:
    try:
        return float(text or "")
    except ValueError:
        return None


def has_line_pairs(columns: list[Column], sample: Sample) -> bool:
    """Whether a text has a question in one line (`Q: …`) and its answer in another (`A: …`)."""
    if len(columns) != 1:
        return False
    texts = [row[columns[0].name] for row in sample if columns[0].name in row]
    cast = cast_of_lines(texts)
    sides = [line_side(text, cast) for text in texts]
    marked = sides.count("user") + sides.count("assistant")
    return marked > 0.6 * len(sides) and sides.count("user") > 0.2 * marked < 5 * sides.count("assistant")


def group_line_pairs(table: Cells, cast: dict[str, str]) -> Cells:
    """Yield a row for each question with all lines up to the next one."""
    begun: tuple[int, dict[str, str]] | None = None
    side = ""
    for line, cells in table:
        text = next(iter(cells.values())) or ""
        if is_round(text):
            continue
        now = line_side(text, cast)
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
