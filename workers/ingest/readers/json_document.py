"""One JSON document: an array of objects, {"data": [...]}, or objects one after another; read as a stream.

The C decoder takes an item at a time from a window of the text. Where it fails, a small scanner finds where the item
ends: a broken item costs itself only, an item larger than the window limit is skipped.
"""

import json
import re
from collections.abc import Iterator
from typing import TextIO

from workers.ingest.readers.jsonl import decode, row_of
from workers.ingest.source import Bad, Row, Source

_CHUNK = 1 << 18
_DECODER = json.JSONDecoder(strict=False, parse_constant=lambda _: None)
_STRUCTURE = re.compile(r'["\[\]{}]')
_IN_STRING = re.compile(r'["\\]')
_SCALAR_END = re.compile(r"[,\]}\n]")
_GAP = re.compile(r"[\s,]*")
_WRAPPER = re.compile(
    r'"(data|rows|examples|items|records|results|train|training|validation|dev|test)"\s*:\s*\['
)


class _Window:
    """A sliding part of the text with the line number at its beginning."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.text = ""
        self.at = 0
        self.line = 1
        self.ended = False

    def grow(self) -> bool:
        """Append a chunk, forgetting what was consumed; False at the end of the text."""
        chunk = self._stream.read(max(_CHUNK, len(self.text) - self.at))
        self.text = self.text[self.at :] + chunk
        self.at = 0
        self.ended = not chunk
        return bool(chunk)

    def advance(self, to: int) -> None:
        self.line += self.text.count("\n", self.at, to)
        self.at = to

    def skip_gap(self) -> str:
        """Skip white space and commas; return the next character, or nothing at the end."""
        while True:
            match = _GAP.match(self.text, self.at)
            self.advance(match.end() if match else self.at)
            if self.at < len(self.text):
                return self.text[self.at]
            if not self.grow():
                return ""


class _Ending:
    """Finds where an item ends by brackets and quotes alone, over any number of pieces of text."""

    def __init__(self) -> None:
        self._depth = 0
        self._in_string = False
        self._skip = 0
        self._is_scalar: bool | None = None

    def find(self, text: str, start: int) -> int | None:
        """Return the index after the item in this piece, or None when it goes on in the next one."""
        if self._is_scalar is None:
            self._is_scalar = text[start] not in '{["'
            start += self._is_scalar
        if self._is_scalar:
            match = _SCALAR_END.search(text, start)
            return match.start() if match else None
        at, self._skip = start + self._skip, 0
        while match := (_IN_STRING if self._in_string else _STRUCTURE).search(text, at):
            at = match.end()
            mark = match.group()
            if mark == "\\":
                at += 1
            elif mark == '"':
                self._in_string = not self._in_string
            else:
                self._depth += 1 if mark in "[{" else -1
            if self._depth <= 0 and not self._in_string:
                return at
        self._skip = max(0, at - len(text))
        return None


def _items(window: _Window, limit: int) -> Iterator[Row | Bad]:
    """Yield items up to the array's closing bracket or the end of the text."""
    while (mark := window.skip_gap()) and mark not in "]}":
        yield _item(window, limit)
    window.at += bool(mark)


def _item(window: _Window, limit: int) -> Row | Bad:
    line = window.line
    while True:
        try:
            value, end = _DECODER.raw_decode(window.text, window.at)
        except (ValueError, RecursionError):
            end_or_none = _Ending().find(window.text, window.at)
            if end_or_none is not None:
                return _broken(window, end_or_none, line)
            if len(window.text) - window.at > limit:
                return _oversized(window, limit, line)
            if not window.grow():
                return _broken(window, len(window.text), line)
            continue
        if end == len(window.text) and not isinstance(value, (dict, list, str)) and window.grow():
            continue
        text = window.text[window.at : min(end, window.at + 2000)]
        window.advance(end)
        return row_of(value, line, text)


def _broken(window: _Window, end: int, line: int) -> Row | Bad:
    text = window.text[window.at : end]
    window.advance(end)
    try:
        return row_of(decode(text), line, text[:2000])
    except ValueError as error:
        return Bad(line, str(error), text)


def _oversized(window: _Window, limit: int, line: int) -> Bad:
    """Skip an item that exceeds the limit, piece by piece."""
    text = window.text[window.at : window.at + 2000]
    ending = _Ending()
    while (end := ending.find(window.text, window.at)) is None:
        window.advance(len(window.text))
        if not window.grow():
            return Bad(line, "The item never ends: a bracket or quotation mark is not closed", text)
    window.advance(end)
    return Bad(line, f"The item is longer than {limit:,} characters", text)


def read_json(source: Source) -> Iterator[Row | Bad]:
    """Yield one row or reject per item; where the whole document stands in one line, `line` counts items instead."""
    if "\n" in source.sample().strip():
        yield from _document(source)
        return
    source.notes.append("The document is one long line, so its rows are numbered instead.")
    for number, record in enumerate(_document(source), start=1):
        yield record._replace(line=number)


def _document(source: Source) -> Iterator[Row | Bad]:
    with source.open_text() as stream:
        window = _Window(stream)
        window.grow()
        window.at = 1 if window.text.startswith("\ufeff") else 0
        mark = window.skip_gap()
        if mark == "[":
            window.at += 1
            yield from _items(window, source.record_limit)
            yield from _rest(window)
        elif mark == "{" and _WRAPPER.search(window.text[:_CHUNK]) and not _is_sequence(window):
            yield from _wrapped(window, source)
        elif mark:
            yield from _items(window, source.record_limit)
            yield from _rest(window)


def _rest(window: _Window) -> Iterator[Bad]:
    """What follows the end of the document is one reject."""
    if window.skip_gap():
        yield Bad(window.line, "Stands after the end of the JSON document", window.text[window.at :])


def _is_sequence(window: _Window) -> bool:
    """Whether a whole first object is followed by another one."""
    try:
        _, end = _DECODER.raw_decode(window.text, window.at)
    except (ValueError, RecursionError):
        return False
    gap = _GAP.match(window.text, end)
    return bool(gap and window.text[gap.end() :].startswith("{"))


def _wrapped(window: _Window, source: Source) -> Iterator[Row | Bad]:
    found: list[str] = []
    while True:
        match = _WRAPPER.search(window.text, window.at)
        if match:
            window.advance(match.end())
            found.append(match[1])
            yield from _items(window, source.record_limit)
            continue
        # Keep a tail: a wrapper's name may be cut by the end of the window.
        window.advance(max(window.at, len(window.text) - 64))
        if not window.grow():
            break
    source.notes.append(f"Rows were read from the list {', '.join(found)}.")
