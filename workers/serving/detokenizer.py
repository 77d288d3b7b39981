"""Token ids to text as they arrive: no broken characters, nothing lost, nothing twice, nothing beyond a stop string."""

import re
from collections.abc import Callable, Sequence

_REPLACEMENT = "�"
_MOST_PENDING = 4 + 3
"""A UTF-8 character has up to four bytes, so up to three can be waiting for their rest. Decoders that fall back to
bytes show a run of them as one replacement character each as long as any is incomplete: the neighbour's four too."""


class Detokenizer:
    """Decodes a growing list of ids. The pieces joined equal `decode` of all ids.

    Only a window of ids is decoded again at each step: it begins where the text was last complete, one stretch
    back, because some decoders treat the first token of a text differently. Replacement characters at the end may
    be a character whose bytes have not all come, so they are held back, at the latest until `finish`.
    """

    def __init__(self, decode: Callable[[Sequence[int]], str]) -> None:
        self._decode = decode
        self._ids: list[int] = []
        self._window = 0
        self._complete = 0
        self._told = 0
        """Characters of the window's text that have been handed out."""

    def push(self, token_id: int) -> str:
        """Return the text that became certain with this token."""
        self._ids.append(token_id)
        text = self._decode(self._ids[self._window :])
        certain = len(text) - _pending_characters(text)
        piece = text[self._told : certain]
        self._told = max(self._told, certain)
        if certain == len(text) and piece:
            self._window = self._complete
            self._complete = len(self._ids)
            self._told = len(self._decode(self._ids[self._window :]))
        return piece

    def finish(self) -> str:
        """Return what was held back."""
        text = self._decode(self._ids[self._window :])
        piece = text[self._told :]
        self._told = len(text)
        return piece


def _pending_characters(text: str) -> int:
    tail = len(text) - len(text.rstrip(_REPLACEMENT))
    return min(tail, _MOST_PENDING)


_SENTENCE_END = re.compile(r"(?:\n|(?:[!?。！？…]|(?<!\d)\.)[\"'”’»)\]）」』]*)[ \t]*$")
"""A full stop after a digit does not count: it may belong to a number or to a list."""


def ends_sentence(text: str) -> bool:
    """Whether a sentence or a line ends at the end of `text`."""
    return bool(_SENTENCE_END.search(text))


class StopMatcher:
    """Cuts a stream of text before the first stop string, also when it spans several pieces."""

    def __init__(self, stops: Sequence[str]) -> None:
        self._stops = [stop for stop in stops if stop]
        self._held = ""
        self.stopped = False

    def push(self, piece: str) -> str:
        """Return the text that no stop string can begin in; sets `stopped` once one is found."""
        if not self._stops or not piece:
            return piece
        text = self._held + piece
        starts = [start for stop in self._stops if (start := text.find(stop)) >= 0]
        if starts:
            self.stopped = True
            self._held = ""
            return text[: min(starts)]
        keep = max(_overlap(text, stop) for stop in self._stops)
        self._held = text[len(text) - keep :]
        return text[: len(text) - keep]

    def finish(self) -> str:
        """Return what was held back for a stop string that never came."""
        held, self._held = self._held, ""
        return held


def _overlap(text: str, stop: str) -> int:
    """Length of the longest end of `text` that `stop` begins with."""
    for length in range(min(len(stop) - 1, len(text)), 0, -1):
        if stop.startswith(text[len(text) - length :]):
            return length
    return 0
