"""Texts that are stored: a code with parameters, and the English that they make.

The English templates are in the modules of this package, one for each part of the work; the catalogue of a language
translates them. `Text("files.empty")` is a `str`, so that logs, exceptions and tests read it as such; what is stored and
what the API returns is `{"code", "params", "text"}`. Pages show it in the reader's language (apps/core/texts.py).
"""

from __future__ import annotations

import math
import string
from collections.abc import Callable, Mapping
from importlib import import_module
from numbers import Integral, Real
from pkgutil import iter_modules
from typing import Any, Self

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from workers.contracts.i18n import Plural

MARKED = "common.marked"
"""The code of a text that stands in the code and in every catalogue, such as the name of a task."""
SEPARATOR = ", "

TEMPLATES: dict[str, str] = {}
"""The English template of every code. A blank is a parameter, with its format: `{rows:,}`. A template whose wording
depends on a number is a `Plural`."""


def define(area: str, templates: Mapping[str, str]) -> None:
    """Add the templates of an area, each as `area.name`. Raises ValueError on a code that has another template."""
    for name, template in templates.items():
        code = f"{area}.{name}"
        if TEMPLATES.setdefault(code, template) != template:
            raise ValueError(f"The code {code} has two templates.")


def number_of(template: Plural, params: Mapping[str, Any]) -> int:
    """The number that decides between the forms of a template; 2 for a stand-in, which stands for several numbers.

    Raises KeyError on a number that is missing.
    """
    value = params[template.number]
    return int(value) if isinstance(value, int | float) and value == int(value) else 2


def _english(code: str, params: Mapping[str, Any]) -> str:
    template = TEMPLATES[code]
    if isinstance(template, Plural) and number_of(template, params) == 1:
        template = template.singular
    return fill(template, params)


class _Filler(string.Formatter):
    """Fills in a template; a list becomes its elements in a row, names in quotation marks."""

    def __init__(self, shown: Callable[[Text], str], separator: str) -> None:
        self._shown, self._separator = shown, separator

    def format_field(self, value: Any, format_spec: str) -> str:
        if isinstance(value, Text):
            return self._shown(value)
        if isinstance(value, list):
            parts = [self._shown(one) if isinstance(one, Text) else f"“{one}”" for one in value]
            return self._separator.join(parts)
        # A stand-in for a number has none of its format.
        return value if isinstance(value, str) else format(value, format_spec)


def fill(
    template: str,
    params: Mapping[str, Any],
    *,
    shown: Callable[[Text], str] = str,
    separator: str = SEPARATOR,
) -> str:
    """`template` with its blanks filled in; `shown` says a parameter that is a Text itself.

    Raises KeyError on a blank without a parameter, ValueError on a format that does not fit.
    """
    return _Filler(shown, separator).vformat(template, (), params)


class Text(str):
    """English that knows its `code` and `params`, from which every other language says the same.

    Parameters are numbers, names, other texts, or lists of these. Raises KeyError on an unknown code.
    """

    code: str
    params: dict[str, Any]

    def __new__(cls, code: str, /, **params: Any) -> Self:
        values = {name: _parameter(value) for name, value in params.items()}
        return cls._made(code, values, _english(code, values))

    @classmethod
    def _made(cls, code: str, params: dict[str, Any], english: str) -> Self:
        made = str.__new__(cls, english)
        made.code, made.params = code, params
        return made

    @classmethod
    def plain(cls, english: str) -> Self:
        """A text without a code, which every reader sees as it is: what an earlier release stored, for one."""
        return cls._made("", {}, english)

    @classmethod
    def marked(cls, text: str) -> Self:
        """A text that is marked for translation where it is declared, to be a parameter of another one."""
        return cls(MARKED, text=str(text))

    @classmethod
    def sentences(cls, *parts: str) -> Self:
        """Several texts, one after the other; empty ones are left out."""
        said = [cls.parse(part) for part in parts if part]
        if len(said) < 2:
            return said[0] if said else cls.plain("")
        return cls("common.sentences", first=said[0], rest=cls.sentences(*said[1:]))

    @classmethod
    def parse(cls, value: Any) -> Self:
        """A text as `dump` gave it; any other value is a plain one."""
        if isinstance(value, cls):
            return value
        if not isinstance(value, Mapping):
            return cls.plain("" if value is None else str(value))
        params = {str(name): _parsed(one) for name, one in (value.get("params") or {}).items()}
        return cls._made(str(value.get("code") or ""), params, str(value.get("text") or ""))

    def dump(self) -> dict[str, Any]:
        """What is stored and sent, as JSON has it."""
        params = {name: _dumped(value) for name, value in self.params.items()}
        return {"code": self.code, "params": params, "text": str(self)}

    def __reduce__(self) -> tuple[Any, ...]:
        return Text.parse, (self.dump(),)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls.parse, serialization=core_schema.plain_serializer_function_ser_schema(cls.dump)
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        texts = {"code": {"type": "string"}, "params": {"type": "object"}, "text": {"type": "string"}}
        return {"type": "object", "properties": texts, "required": list(texts)}


class TextError(ValueError):
    """Something that cannot be used; `reason` says why."""

    def __init__(self, reason: Text) -> None:
        super().__init__(reason)
        self.reason = reason


def _parameter(value: Any) -> Any:
    """A value as JSON can hold it; an exception is its text."""
    if isinstance(value, TextError):
        return value.reason
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)  # JSON has no such numbers
    if isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, list | tuple):
        return [_parameter(one) for one in value]
    if isinstance(value, Integral):
        return int(value)
    return float(value) if isinstance(value, Real) else str(value)


def _dumped(value: Any) -> Any:
    if isinstance(value, Text):
        return value.dump()
    return [_dumped(one) for one in value] if isinstance(value, list) else value


def _parsed(value: Any) -> Any:
    if isinstance(value, Mapping):
        return Text.parse(value)
    return [_parsed(one) for one in value] if isinstance(value, list) else value


# Here, not on first use: several threads may be the first.
for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")
