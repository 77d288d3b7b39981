"""Chat templates come with models from anywhere: they are rendered in Jinja's sandbox, within bounds.

The sandbox (the one that transformers uses, with the same functions) keeps a template away from Python. It does not keep
one from counting for a day or from writing a terabyte, and the engine renders in the process that answers everybody. So
every turn of a loop, every call and every text that is made is paid from one budget, which ends with an error.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from datetime import datetime
from functools import lru_cache, wraps
from string import Formatter
from typing import Any

from jinja2 import nodes, pass_context
from jinja2.exceptions import SecurityError, TemplateError
from jinja2.ext import Extension, loopcontrols
from jinja2.runtime import Macro
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Namespace

SECONDS = 5.0
"""Of processor time of the thread that renders: a busy machine makes no good template a bad one."""
MOST_MADE = 64_000_000
"""Characters and list items that one rendering may make, all intermediate ones included."""
MOST_AT_ONCE = 16_000_000
"""Of them in one operation."""
MOST_SOURCE = 200_000
MOST_NUMBER = 10_000
"""A width or count that a filter or method may be told."""
MOST_BITS = 100_000
"""Of a whole number: dividing takes time by the square of them."""
MOST_NESTED = 200_000
"""Items of lists within lists, what is shared counted each time: forty pairs of pairs are more than any memory holds."""

_WRITES_LONGER = frozenset(
    [
        "replace",
        "join",
        "center",
        "ljust",
        "rjust",
        "zfill",
        "expandtabs",
        "format",
        "format_map",
        "indent",
        "wordwrap",
        "translate",
    ]
)

_SLOW = frozenset(["urlize", "wordwrap", "striptags", "pprint", "xmlattr", "title", "wordcount"])
MOST_READ_SLOWLY = 100_000
"""Characters that such a filter is given: some take time by the square of them, and nothing ends them before they return."""

_TAKES_APART = frozenset(
    ["list", "sort", "unique", "batch", "slice", "reverse", "random", "split", "rsplit", "splitlines"]
)
MOST_TAKEN_APART = 2_000_000
"""Characters of a text that becomes a list: each takes fifty times its memory there."""
MOST_SEPARATING = 20
"""Characters that JSON may have between two of its items, or before one for each level."""
MOST_OF_A_DATE = 200
"""Characters of the form of a date."""


class TemplateRefused(ValueError):
    """The template is too long, leaves the sandbox, or takes more time or memory than any conversation needs."""


class _Budget:
    def __init__(self) -> None:
        self.left = MOST_MADE
        self.deadline = time.thread_time() + SECONDS

    def spend(self, size: int) -> None:
        self.left -= size + 1
        if self.left < 0 or size > MOST_AT_ONCE or time.thread_time() > self.deadline:
            raise SecurityError("it does not end, or makes too much text")


_budget: ContextVar[_Budget | None] = ContextVar("budget", default=None)


def _spend(size: int) -> None:
    """Pay for what is about to be made; outside a rendering (while a template is compiled) nothing may be large."""
    budget = _budget.get()
    if budget:
        budget.spend(size)
    elif size > MOST_NUMBER:
        raise SecurityError("it makes too much text before it begins")


def _pay(size: int) -> str:
    """As a filter: nothing is written for what is paid."""
    _spend(size)
    return ""


def _size(value: Any) -> int:
    return len(value) if isinstance(value, str | bytes | list | tuple | dict) else 0


def _paid(value: Any) -> Any:
    _spend(_size(value))
    return _looked_at(value)


def _looked_at(value: Any) -> Any:
    if isinstance(value, int) and value.bit_length() > MOST_BITS:
        raise SecurityError("it computes too large a number")
    if isinstance(value, list | tuple | dict):
        items, characters = _written_out(value, {})
        # A flat list has as many items as it is long; writing, comparing and sorting one is quick.
        if characters > MOST_MADE or (items > MOST_NESTED and items > len(value)):
            raise SecurityError("it makes too large a list")
    return value


def _written_out(value: Any, known: dict[int, tuple[int, int]]) -> tuple[int, int]:
    """Items and characters that a value would have if nothing in it were shared; `known` by the id of what was looked at."""
    if isinstance(value, str | bytes):
        return 0, len(value)
    if not isinstance(value, list | tuple | dict):
        return 0, 0
    if id(value) not in known:
        parts = (*value, *value.values()) if isinstance(value, dict) else value
        inner = [_written_out(part, known) for part in parts]
        known[id(value)] = len(value) + sum(i for i, _c in inner), sum(c for _i, c in inner)
    return known[id(value)]


def _levels(value: Any, known: dict[int, int]) -> int:
    """How deep lists lie within lists."""
    if not isinstance(value, list | tuple | dict):
        return 0
    if id(value) not in known:
        parts = value.values() if isinstance(value, dict) else value
        known[id(value)] = 1 + max((_levels(part, known) for part in parts), default=0)
    return known[id(value)]


def _pay_before(name: str, values: Sequence[Any]) -> None:
    """Bound what a filter or method could make of its arguments, before it makes it."""
    numbers = [abs(v) for v in values if isinstance(v, int) and not isinstance(v, bool)]
    if any(number > MOST_NUMBER for number in numbers):
        raise SecurityError(f"it asks {name} for {max(numbers)}")
    if name == "sum" and any(isinstance(v, str | list | tuple) for v in values[2:]):
        raise SecurityError("it adds up lists or texts")
    if name in _TAKES_APART and any(isinstance(v, str) and len(v) > MOST_TAKEN_APART for v in values):
        raise SecurityError(f"it asks {name} for more than {MOST_TAKEN_APART} characters")
    if name in _SLOW and sum(map(_size, values)) > MOST_READ_SLOWLY:
        raise SecurityError(f"it asks {name} for more than {MOST_READ_SLOWLY} characters")
    if name not in _WRITES_LONGER:
        return
    if any(isinstance(v, str) and re.search(r"\d{5,}", v) for v in values) and name.startswith("format"):
        raise SecurityError(f"it asks {name} for more than {MOST_NUMBER}")
    parts = [sum(map(_size, v)) + len(v) if isinstance(v, list | tuple) else _size(v) for v in values]
    largest = max(parts, default=0)
    others = max([*sorted(parts)[:-1], *numbers, 1])
    _spend(largest * others)


def _takes_widths(form: str) -> bool:
    """Whether a form for `str.format` has fields within fields, which can put a width together out of harmless digits: '{:{a}{a}}'."""
    with suppress(ValueError):  # no form, which `format` says itself
        return any("{" in (spec or "") for _text, _name, spec, _conversion in Formatter().parse(form))
    return False


def _bounded(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """The filter, paying for what it makes; Jinja's marks on it are kept."""

    @wraps(function)
    def bounded(*values: Any, **named: Any) -> Any:
        _pay_before(name, [*values, *named.values()])
        return _paid(function(*values, **named))

    return bounded


def _counted(test: Any) -> Callable[..., bool]:
    """The test (`select('in', many)` asks it for each item), paying for what it looks through."""

    @wraps(test)
    def counted(*values: Any) -> bool:
        _spend(max(map(_size, values[:3]), default=0))
        return test(*values)

    return counted


@pass_context
def _written(_context: Any, value: Any) -> Any:
    """Jinja's `finalize`: every expression that goes into the text."""
    return _paid(value)


class _Environment(ImmutableSandboxedEnvironment):
    intercepted_binops = frozenset({"+", "*", "**", "%"})

    def _parse(self, *source: Any) -> nodes.Template:
        """Every turn of a loop and every call of a macro begins by paying for the plain text in it."""
        tree = super()._parse(*source)
        bodies: Iterator[nodes.For | nodes.Macro | nodes.CallBlock] = tree.find_all(
            (nodes.For, nodes.Macro, nodes.CallBlock)
        )
        for node in bodies:
            plain = sum(len(data.data) for part in node.body for data in _plain_text(part))
            price = nodes.Filter(nodes.Const(plain), "pay", [], [], None, None)
            node.body.insert(0, nodes.Output([price]).set_lineno(node.lineno))
        for joined in tree.find_all(nodes.Concat):
            # `a ~ b` is no operator that the sandbox intercepts: its parts pay for being copied.
            joined.nodes = [nodes.Filter(part, "paid", [], [], None, None) for part in joined.nodes]
        _pay_for_lists(tree)
        tree.set_environment(self)
        return tree

    def call(self, context: Any, obj: Any, *values: Any, **named: Any) -> Any:
        if not isinstance(obj, Macro):
            # The sandbox wraps `format`, which hides whose method it is.
            owner = getattr(getattr(obj, "__wrapped__", obj), "__self__", None)
            told = owner if isinstance(owner, str | list | tuple) else None
            name = str(getattr(obj, "__name__", ""))
            if isinstance(told, str) and name.startswith("format") and _takes_widths(told):
                raise SecurityError("it pads a text by more than fits")
            _pay_before(name, [told, *values, *named.values()])
        return _paid(super().call(context, obj, *values, **named))

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if operator == "%" and isinstance(left, str):
            if "*" in left or re.search(r"\d{5,}", left):
                raise SecurityError("it pads a text by more than fits")
            rights = right if isinstance(right, tuple) else (right,)
            _spend(len(left) + sum(len(v) if isinstance(v, str) else len(str(v)) for v in rights))
        elif operator == "+":
            _spend(_size(left) + _size(right))
        elif operator == "*" and (_size(left) or _size(right)):
            times = right if _size(left) else left
            _spend((_size(left) or _size(right)) * max(0, int(times)))
        elif operator in ("*", "**") and abs(left) > 1 and abs(right) > MOST_NUMBER and operator == "**":
            raise SecurityError("it computes too large a number")
        elif isinstance(left, int) and isinstance(right, int) and operator in ("*", "**"):
            bits = left.bit_length() * right if operator == "**" else left.bit_length() + right.bit_length()
            if bits > MOST_BITS:
                raise SecurityError("it computes too large a number")
        return _looked_at(super().call_binop(context, operator, left, right))

    def getitem(self, obj: Any, argument: Any) -> Any:
        return _paid(super().getitem(obj, argument))


def _pay_for_lists(node: nodes.Node) -> None:
    """Every list, tuple and dictionary that the template writes down is looked at when it is made."""
    for name, value in list(node.iter_fields()):
        parts = value if isinstance(value, list) else [value]
        for at, part in enumerate(parts):
            if not isinstance(part, nodes.Node):
                continue
            _pay_for_lists(part)
            is_made = isinstance(part, nodes.List | nodes.Dict) or (
                isinstance(part, nodes.Tuple) and part.ctx == "load"
            )
            if is_made:
                parts[at] = nodes.Filter(part, "paid", [], [], None, None)
        if not isinstance(value, list):
            setattr(node, name, parts[0])


def _plain_text(node: nodes.Node) -> Iterator[nodes.TemplateData]:
    if isinstance(node, nodes.TemplateData):
        yield node
    yield from node.find_all(nodes.TemplateData)


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
    indent, *between = (
        text if isinstance(text, int) else len(text or "")
        for text in (options.get("indent"), *(options.get("separators") or ()))
    )
    if max(indent, *between, 0) > MOST_SEPARATING:
        raise SecurityError("it writes too much between the items")
    items, _characters = _written_out(value, {})
    _spend(items * (_levels(value, {}) * max(indent, 0) + sum(between)))
    return json.dumps(value, ensure_ascii=ensure_ascii, **allowed)


def _strftime_now(form: str) -> str:
    # A field may be told its width, and the system tries 256 times the length of the form.
    if len(form) > MOST_OF_A_DATE:
        raise SecurityError("it writes too long a date")
    return datetime.now().strftime(form)  # noqa: DTZ005  (the machine's day, as elsewhere)


class _Dict:
    """`dict` without its attributes."""

    def __call__(self, *values: Any, **named: Any) -> dict[Any, Any]:
        return dict(*values, **named)


class _Namespace(Namespace):
    """Refuses names by which a template could reach into Python; what it holds is not written out with it."""

    def __setitem__(self, name: str, value: Any) -> None:
        if name.startswith("_"):
            raise SecurityError(f"it writes {name}")
        super().__setitem__(name, value)

    def __repr__(self) -> str:
        return "<namespace>"


@lru_cache(maxsize=64)
def _compiled(source: str) -> Any:
    if len(source) > MOST_SOURCE:
        raise SecurityError(f"it is longer than {MOST_SOURCE} characters")
    environment = _Environment(
        trim_blocks=True,
        lstrip_blocks=True,
        optimized=False,
        finalize=_written,
        extensions=[_Generation, loopcontrols],
    )
    environment.filters["tojson"] = _tojson
    environment.filters |= {name: _bounded(name, f) for name, f in environment.filters.items()}
    environment.filters["pay"] = _pay
    environment.filters["paid"] = _paid
    environment.tests |= {name: _counted(test) for name, test in environment.tests.items()}
    del environment.globals["lipsum"]
    environment.globals |= {
        "raise_exception": _raise,
        "strftime_now": _strftime_now,
        "dict": _Dict(),
        "namespace": _Namespace,
    }
    return environment.from_string(source)


@contextmanager
def _within_bounds() -> Iterator[None]:
    token = _budget.set(_Budget())
    try:
        yield
    except (SecurityError, RecursionError, MemoryError, OverflowError) as error:
        raise TemplateRefused(f"The chat template of this model was refused: {error}.") from error
    except TemplateError:
        raise
    except Exception as error:
        raise TemplateRefused(f"The chat template of this model does not work: {error}.") from error
    finally:
        _budget.reset(token)


def render_chat(source: str, messages: Sequence[dict[str, str]], **values: Any) -> str:
    """The text that the template makes of the messages. Raises TemplateRefused, and jinja2.TemplateError for what the
    template itself raises."""
    with _within_bounds():
        text: str = _compiled(source).render(messages=list(messages), tools=None, documents=None, **values)
        return text
