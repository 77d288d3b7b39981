"""The process that renders a model's chat template. `workers.models.templates` runs this file as a script.

The template is in Jinja's sandbox, and the process holds nothing but the template and the conversations of its model: it
imports Jinja alone and gets no environment. The system ends it when it computes for too long, and refuses it memory.

Messages are JSON, each after its length in eight bytes, over the socket that is this process's standard input.
"""

from __future__ import annotations

import json
import math
import resource
import signal
import struct
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from functools import lru_cache, partial
from typing import Any, BinaryIO

from jinja2 import nodes
from jinja2.exceptions import SecurityError, TemplateError
from jinja2.ext import Extension, loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment

LENGTH = struct.Struct("!Q")
MOST_WRITTEN = 16_000_000
"""Characters of one rendering: the process that asked for it has no bounds."""

Render = Callable[[Sequence[dict[str, str]], bool], str]
Piece = tuple[str, int | None]
"""A text, and the index of the assistant message that it is; None for what lies between those."""


class _Generation(Extension):
    """{% generation %} marks what an assistant said; here it only writes it."""

    tags = {"generation"}

    def parse(self, parser: Any) -> nodes.Node:
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        return nodes.Scope(body).set_lineno(line)


def _raise(message: str) -> None:
    raise TemplateError(message)


def _tojson(value: Any, ensure_ascii: bool = False, **options: Any) -> str:
    """As transformers has it: without escaping for HTML."""
    allowed = {name: options[name] for name in ("indent", "separators", "sort_keys") if name in options}
    return json.dumps(value, ensure_ascii=ensure_ascii, **allowed)


def _strftime_now(form: str) -> str:
    return datetime.now().strftime(form)  # noqa: DTZ005  (the machine's day, as elsewhere)


@lru_cache(maxsize=1)
def compiled(source: str) -> Any:
    """The template with the functions that transformers offers. Raises jinja2.TemplateError."""
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[_Generation, loopcontrols]
    )
    environment.filters["tojson"] = _tojson
    del environment.globals["lipsum"]
    environment.globals |= {"raise_exception": _raise, "strftime_now": _strftime_now}
    return environment.from_string(source)


def render(source: str, values: dict[str, Any], messages: Sequence[dict[str, str]], answer_next: bool) -> str:
    """What the template makes of the messages. Raises jinja2.TemplateError, and anything else that a template causes."""
    text: str = compiled(source).render(
        messages=messages, tools=None, documents=None, add_generation_prompt=answer_next, **values
    )
    if len(text) > MOST_WRITTEN:
        raise MemoryError
    return text


def split(render: Render, messages: Sequence[dict[str, str]]) -> list[Piece]:
    """Pieces of a conversation, one per assistant message and one per stretch between them.

    A template that rewrites earlier turns (some drop reasoning) has no such pieces: then only a closing assistant
    message is one, after everything before it.
    """
    pieces: list[Piece] = []
    done = ""
    for index, message in enumerate(messages):
        if message["role"] != "assistant":
            continue
        before = render(messages[:index], True)
        after = render(messages[: index + 1], False)
        if not (before.startswith(done) and after.startswith(before)):
            return _last(render, messages)
        pieces += [(before[len(done) :], None), (after[len(before) :], index)]
        done = after
    if messages[-1]["role"] != "assistant":
        whole = render(messages, True)
        if not whole.startswith(done):
            return [(whole, None)]
        pieces.append((whole[len(done) :], None))
    return pieces


def _last(render: Render, messages: Sequence[dict[str, str]]) -> list[Piece]:
    if messages[-1]["role"] != "assistant":
        return [(render(messages, True), None)]
    before = render(messages[:-1], True)
    after = render(messages, False)
    answer = after[len(before) :] if after.startswith(before) else messages[-1]["content"]
    return [(before, None), (answer, len(messages) - 1)]


def _answer(source: str, request: dict[str, Any]) -> dict[str, Any]:
    """The pieces of every conversation, or what is wrong with the template."""
    try:
        of_template = partial(render, source, request["values"])
        return {"pieces": [split(of_template, messages) for messages in request["conversations"]]}
    except (SecurityError, RecursionError, OverflowError) as error:
        return {"refused": str(error).rstrip(".")}
    except MemoryError:
        return {"exhausted": True}
    except TemplateError as error:
        return {"raised": str(error)}
    except Exception as error:
        return {"broken": str(error).rstrip(".")}


def _read(stream: BinaryIO) -> Any:
    header = stream.read(LENGTH.size)
    return json.loads(stream.read(LENGTH.unpack(header)[0])) if header else None


def _limit_time(seconds: float | None) -> None:
    """End this process after so many more seconds of processor time, whatever it is doing then: a busy machine makes no
    good template a bad one. None: no limit."""
    _now, most = resource.getrlimit(resource.RLIMIT_CPU)
    if seconds is None:
        resource.setrlimit(resource.RLIMIT_CPU, (most, most))
        return
    until = math.ceil(time.process_time() + seconds)
    resource.setrlimit(
        resource.RLIMIT_CPU, (until if most == resource.RLIM_INFINITY else min(until, most), most)
    )


def main() -> None:
    """Answer requests until the asking process closes the socket, or ends."""
    # A terminal, and a supervisor that stops a job, signal the whole group: the asking process decides.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    requests, answers = open(0, "rb"), open(0, "wb", closefd=False)  # noqa: SIM115  (until the end)
    first = _read(requests)
    for kind, most in ((resource.RLIMIT_AS, first["memory"]), (resource.RLIMIT_CORE, 0)):
        # Not every system knows these limits.
        with suppress(OSError, ValueError):
            resource.setrlimit(kind, (most, most))
    while request := _read(requests):
        _limit_time(request["seconds"])
        answer = json.dumps(_answer(first["source"], request)).encode()
        answers.write(LENGTH.pack(len(answer)) + answer)
        answers.flush()
        _limit_time(None)


if __name__ == "__main__":
    main()
