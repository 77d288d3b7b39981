"""Chat templates come with models from anywhere: each is rendered in a process of its own, within bounds.

Jinja's sandbox (the one that transformers uses, with the same functions) keeps a template away from Python. It does not keep
one from counting for a day or from writing a terabyte, and the engine renders in the process that answers everybody. So the
system bounds the processor time and the memory of the process that renders (`workers.models.template_renderer`), and what
it holds is of one model alone.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Any

from jinja2.exceptions import TemplateError

from workers.contracts.texts import Text, TextError
from workers.models import template_renderer
from workers.models.template_renderer import LENGTH, Piece

SECONDS = 5.0
"""Of processor time for one request."""
SECONDS_A_TURN = 0.1
"""And for every turn in it: a conversation is rendered up to each of them."""
MOST_BYTES = 1 << 30
"""Of address space, Python's included."""
MOST_SOURCE = 200_000
MOST_AT_ONCE = 4_000_000
"""Characters of all conversations of a request, unless one alone has more."""
WAIT_SECONDS, PATIENCE = 60.0, 10
"""For a process that neither computes nor answers: so long by the clock, and so many times the processor time."""
PROCESSES = 8
"""Models whose renderers are kept; one takes 20 MB."""

_EXHAUSTED = Text("models.template_endless")
_ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH", "LANG", "LC_ALL", "TZ")
"""What the renderer gets of the environment: no key and no token is among it."""

Conversation = Sequence[dict[str, str]]


class TemplateRefused(TextError):
    """The template is too long, leaves the sandbox, or takes more time or memory than any conversation needs."""


def split_chats(
    source: str, conversations: Sequence[Conversation], **values: Any
) -> list[list[tuple[str, int | None]]]:
    """The text that the template makes of each conversation, in pieces: see `template_renderer.split`.

    Raises TemplateRefused, and jinja2.TemplateError for what the template itself raises.
    """
    if len(source) > MOST_SOURCE:
        raise _refused(Text("models.template_too_long", most=MOST_SOURCE))
    renderer = _renderer(source)
    return [pieces for part in _parts(conversations) for pieces in renderer.split(part, values)]


def _parts(conversations: Sequence[Conversation]) -> Iterator[list[Conversation]]:
    """The conversations in groups of bounded size: the renderer holds a whole group in its memory."""
    part: list[Conversation] = []
    room = MOST_AT_ONCE
    for conversation in conversations:
        size = sum(len(message["content"]) for message in conversation)
        if part and size > room:
            yield part
            part, room = [], MOST_AT_ONCE
        part.append(conversation)
        room -= size
    if part:
        yield part


def _refused(reason: str) -> TemplateRefused:
    return TemplateRefused(Text("models.template_refused", reason=reason))


@lru_cache(maxsize=PROCESSES)
def _renderer(source: str) -> _Renderer:
    return _Renderer(source)


class _Renderer:
    """The process of one template: started when it is first needed, and again after it has ended. Any thread may ask."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None
        self._end: Any = None

    def split(self, conversations: list[Conversation], values: dict[str, Any]) -> list[list[Piece]]:
        turns = sum(map(len, conversations))
        request = {
            "conversations": conversations,
            "values": values,
            "seconds": SECONDS + SECONDS_A_TURN * turns,
        }
        with self._lock:
            answer = self._ask(request)
        if "refused" in answer:
            raise _refused(answer["refused"])
        if "raised" in answer:
            raise TemplateError(answer["raised"])
        if "broken" in answer:
            raise TemplateRefused(Text("models.template_broken", error=answer["broken"]))
        if "exhausted" in answer:
            raise _refused(_EXHAUSTED)
        return [[(text, index) for text, index in pieces] for pieces in answer["pieces"]]

    def _ask(self, request: dict[str, Any], *, again: bool = False) -> dict[str, Any]:
        """Raises TemplateRefused when the process ended, or did not answer in time; OSError when none could be started.

        A process that something else than its bounds ended, such as a system that is short of memory, gets another chance.
        """
        deadline = time.monotonic() + WAIT_SECONDS + PATIENCE * request["seconds"]
        link = self._connected(deadline)
        try:
            _send(link, request, deadline)
            return _receive(link, deadline)
        except TimeoutError as error:
            self._stop()
            raise _refused(_EXHAUSTED) from error
        except (OSError, EOFError, ValueError) as error:
            if self._status() == -signal.SIGXCPU or again:
                raise _refused(_EXHAUSTED) from error
            return self._ask(request, again=True)
        except BaseException:
            # Half of an answer may be left in the socket.
            self._stop()
            raise

    def _connected(self, deadline: float) -> socket.socket:
        if self._process and self._process.poll() is not None:
            # The system ended it, where memory was short for instance.
            self._stop()
        return self._socket or self._start(deadline)

    def _start(self, deadline: float) -> socket.socket:
        ours, theirs = socket.socketpair()
        with theirs:
            process = subprocess.Popen(
                # Isolated: it imports nothing from the folder or the environment that this process was started in.
                [sys.executable, "-I", template_renderer.__file__],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
            )
        self._process, self._socket = process, ours
        self._end = weakref.finalize(self, _end, process, ours)
        _send(ours, {"source": self._source, "memory": MOST_BYTES}, deadline)
        return ours

    def _status(self) -> int | None:
        """How the process ended, if it did; it is gone after that."""
        status = None
        if self._process:
            with suppress(subprocess.TimeoutExpired):
                status = self._process.wait(timeout=1)
        self._stop()
        return status

    def _stop(self) -> None:
        if self._end:
            self._end()
        self._process = self._socket = self._end = None


def _end(process: subprocess.Popen[bytes], link: socket.socket) -> None:
    link.close()
    process.kill()
    process.wait()


def _send(link: socket.socket, message: dict[str, Any], deadline: float) -> None:
    data = json.dumps(message, default=str).encode()
    link.settimeout(_left(deadline))
    link.sendall(LENGTH.pack(len(data)) + data)


def _receive(link: socket.socket, deadline: float) -> dict[str, Any]:
    (length,) = LENGTH.unpack(_receive_bytes(link, LENGTH.size, deadline))
    if length > MOST_BYTES:
        raise EOFError
    answer: dict[str, Any] = json.loads(_receive_bytes(link, length, deadline))
    return answer


def _receive_bytes(link: socket.socket, length: int, deadline: float) -> bytearray:
    data = bytearray()
    while len(data) < length:
        link.settimeout(_left(deadline))
        part = link.recv(min(length - len(data), 1 << 20))
        if not part:
            raise EOFError
        data += part
    return data


def _left(deadline: float) -> float:
    return max(0.001, deadline - time.monotonic())
