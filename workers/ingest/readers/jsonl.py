"""JSON lines: one object a line; a broken line costs itself only."""

import ast
import json
import re
from collections.abc import Iterator
from typing import Any

from workers.contracts.texts import Text, TextError
from workers.ingest.conversations import is_messages
from workers.ingest.literals import nested_value
from workers.ingest.readers.json_items import exploded
from workers.ingest.readers.lines import read_lines
from workers.ingest.readers.lists import tabled
from workers.ingest.source import Bad, Cells, Row, Source

_DECODER = json.JSONDecoder(strict=False, parse_constant=lambda _: None)
_LITERAL_LIMIT = 200_000
_LAST_COMMA = re.compile(r'("(?:[^"\\]|\\.)*")|,(?=\s*[}\]])', re.DOTALL)
"""A text, which stays, or a comma after the last member."""
COMMENTS = ("//", "#")


def read_jsonl(source: Source) -> Iterator[Row | Bad]:
    """Yield one row or reject per line that is not blank."""
    yield from exploded(tabled(_values(source), source), source)


def _values(source: Source) -> Iterator[Row | Bad | Cells]:
    with source.open_text() as stream:
        for line in read_lines(stream, source.record_limit):
            text = line.text.strip("\ufeff \t\r\n")
            if not text or text.startswith(COMMENTS):
                source.blank += not text
                source.comments += bool(text)
                continue
            if line.overlong:
                reason = Text("readers.line_too_long", most=source.record_limit)
                yield Bad(line.number, reason, text)
                continue
            try:
                value = decode(text)
            except TextError as error:
                yield Bad(line.number, error.reason, text)
                continue
            yield row_of(value, line.number, text)


def decode(text: str) -> Any:
    """Decode one JSON value (NaN becomes null); a Python literal with single quotes, and commas after the last member, are
    understood too.

    Raises TextError with a reason for the user.
    """
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as error:
        if text.startswith("{'") and len(text) <= _LITERAL_LIMIT:
            return _python_literal(text)
        if (without := _LAST_COMMA.sub(lambda match: match[1] or "", text)) != text:
            return decode(without)
        raise TextError(Text("readers.json_invalid", error=error.msg, character=error.pos + 1)) from error
    except RecursionError:
        raise TextError(Text("readers.json_too_deep")) from None
    except ValueError:
        raise TextError(Text("readers.json_number_too_long")) from None


def _python_literal(text: str) -> Any:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        reason = Text("readers.json_quotes")
        raise TextError(reason) from None


def row_of(value: Any, line: int, text: str) -> Row | Bad | Cells:
    """Make a row of a decoded value: objects as they are, bare texts as the column `text`, bare lists of turns as the
    column `messages`; other lists are rows without names."""
    if isinstance(value, dict):
        return Row(line, {str(name): cell for name, cell in value.items()})
    if isinstance(value, str):
        written = (
            nested_value(value) if value.startswith("{") else None
        )  # an object that was written out twice
        return row_of(written, line, text) if isinstance(written, dict) else Row(line, {"text": value})
    if is_messages(value):
        return Row(line, {"messages": value})
    if isinstance(value, list):
        return Cells(line, value, text)
    kind = {
        bool: Text("readers.kind_boolean"),
        int: Text("readers.kind_number"),
        float: Text("readers.kind_number"),
    }.get(type(value), Text("readers.kind_null"))
    return Bad(line, Text("readers.not_an_object", kind=kind), text)
