"""A sliding window over a JSON text: values are decoded one at a time, and what is broken or too long is skipped.

The C decoder takes a value at a time. Where it fails, a small scanner finds where the value ends.
"""

import json
import re
from typing import Any, NamedTuple, TextIO

from workers.contracts.texts import Text, TextError
from workers.ingest.readers.jsonl import COMMENTS, decode
from workers.ingest.rejects import REJECTED_TEXT_CHARACTERS
from workers.ingest.source import Bad

CHUNK = 1 << 18
DECODER = json.JSONDecoder(strict=False, parse_constant=lambda _: None)
_STRUCTURE = re.compile(r'["\[\]{}]')
_IN_STRING = re.compile(r'["\\]')
_SCALAR_END = re.compile(r"[,\]}\n]")
GAP = re.compile(r"[\s,]*")
_KEY_END = re.compile(r"[\s:]*")
_TEXT_CHARACTERS = REJECTED_TEXT_CHARACTERS + 1  # one more, so that a quote shows the cut


class Value(NamedTuple):
    """A decoded value; `text` is the beginning of how it looks in the file."""

    value: Any
    line: int
    text: str


class Window:
    """A sliding part of the text with the line number at its beginning."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.text = ""
        self.at = 0
        self.line = 1
        self.ended = False
        self.is_open = self.is_cut = False
        """Whether the text ended inside a list or object; and whether inside one of its values."""
        self.rows = 0
        """Rows read out of tables by column, which have no line of their own and are counted instead."""
        self.comments = 0
        self.splits: list[str] = []
        """Splits whose tables were read."""

    def grow(self) -> bool:
        """Append a chunk, forgetting what was consumed; False at the end of the text."""
        chunk = self._stream.read(max(CHUNK, len(self.text) - self.at))
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
            match = GAP.match(self.text, self.at)
            self.advance(match.end() if match else self.at)
            if self.at < len(self.text):
                if not self._skip_comment():
                    return self.text[self.at]
            elif not self.grow():
                return ""

    def _skip_comment(self) -> bool:
        """Go past a comment that begins here: // or # up to the end of the line."""
        if self.text[self.at] == "/" and self.at + 1 == len(self.text):
            self.grow()
        if not self.text.startswith(COMMENTS, self.at):
            return False
        while (end := self.text.find("\n", self.at)) < 0:
            self.at = len(self.text)
            if not self.grow():
                break
        self.advance(len(self.text) if end < 0 else end)
        self.comments += 1
        return True


class Ending:
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


def read_value(window: Window, limit: int) -> Value | Bad:
    """Decode the value that begins at the window's place and go past it. A broken or oversized one is skipped and told."""
    line = window.line
    while True:
        try:
            value, end = DECODER.raw_decode(window.text, window.at)
        except (ValueError, RecursionError):
            end_or_none = Ending().find(window.text, window.at)
            if end_or_none is not None:
                return _broken(window, end_or_none, line)
            if len(window.text) - window.at > limit:
                return _oversized(window, limit, line)
            if not window.grow():
                window.is_cut = True
                return _broken(window, len(window.text), line)
            continue
        if end == len(window.text) and not isinstance(value, (dict, list, str)) and window.grow():
            continue
        text = window.text[window.at : min(end, window.at + _TEXT_CHARACTERS)]
        window.advance(end)
        return Value(value, line, text)


def _broken(window: Window, end: int, line: int) -> Value | Bad:
    text = window.text[window.at : end]
    window.advance(end)
    try:
        return Value(decode(text), line, text[:_TEXT_CHARACTERS])
    except TextError as error:
        return Bad(line, error.reason, text)


def _oversized(window: Window, limit: int, line: int) -> Bad:
    """Skip a value that exceeds the limit, piece by piece."""
    text = window.text[window.at : window.at + _TEXT_CHARACTERS]
    if not skip_value(window):
        return Bad(line, Text("readers.item_never_ends"), text)
    return Bad(line, Text("readers.item_too_long", most=limit), text)


def skip_value(window: Window) -> bool:
    """Go past the value that begins here without decoding it; False where the text ends before."""
    ending = Ending()
    while (end := ending.find(window.text, window.at)) is None:
        window.advance(len(window.text))
        if not window.grow():
            window.is_cut = True
            return False
    window.advance(end)
    return True


def read_key(window: Window) -> str | None:
    """Read a member's name and go to where its value begins; None where no member begins here."""
    while True:
        if window.at >= len(window.text) and not window.grow():
            return None
        if window.text[window.at] != '"':
            return None
        try:
            key, end = DECODER.raw_decode(window.text, window.at)
        except ValueError:
            if not window.grow():
                return None
            continue
        gap = _KEY_END.match(window.text, end)
        if gap and gap.end() < len(window.text):
            window.advance(gap.end())
            return str(key)
        if not window.grow():
            return None
