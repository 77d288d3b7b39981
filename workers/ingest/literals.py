"""Nested values that a cell holds as text: JSON, or what Python, pandas and NumPy print for a list or a dictionary."""

import ast
import json
import re
import warnings
from typing import Any

_LONGEST = 200_000
"""Characters of a Python literal; JSON has no bound of its own here."""

_QUOTED_NESTED = re.compile(r'\s*"\s*(?:[\[{]\s*(?:\\|[\[{])|\\)')
_MOST_QUOTED = 3
_ARRAY = re.compile(r"\b(?:np\.)?array\((?=[\[{])|(?<=[\]}]),\s*dtype=[\w.<>'\"]+\)|(?<=[\]}])\)")
_NO_COMMA = re.compile(r"([}\]'\"])\s*\n\s*(?=[{\['\"])")
"""Between items that NumPy prints under one another without a comma."""
_STRING = r"(?:'[^'\\]*'|\"[^\"\\]*\")"
_NUMPY_STRINGS = re.compile(rf"\[{_STRING}(?:\s+{_STRING})+\]")
"""A NumPy list of texts has no commas; Python would read one long text."""


def nested_value(text: str | None) -> Any:
    """Return the list or dictionary that a text holds as JSON or as a Python literal, or None for any other text."""
    text = (text or "").strip()
    if is_quoted_nested(text):
        text = _unquoted(text)
    if len(text) < 2 or text[0] + text[-1] not in ("[]", "{}"):
        return None
    try:
        value = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        value = _python_value(text)
    return value if isinstance(value, list | dict) else None


def is_quoted_nested(text: str) -> bool:
    """Whether a text is a nested value that was written as JSON twice."""
    return _QUOTED_NESTED.match(text) is not None


def _unquoted(text: str) -> str:
    for _ in range(_MOST_QUOTED):
        if not is_quoted_nested(text):
            break
        try:
            text = str(json.loads(text, strict=False)).strip()
        except (ValueError, RecursionError):
            break
    return text


def _python_value(text: str) -> Any:
    """literal_eval builds values and calls nothing; nesting and length are bounded, so that it ends soon."""
    if len(text) > _LONGEST or not re.match(r"[\[{]\s*(?:['\"\[{(\d-]|None|True|False|array)", text):
        return None
    if _NUMPY_STRINGS.fullmatch(text):
        return [found[1:-1] for found in re.findall(_STRING, text)]
    for attempt in (text, _NO_COMMA.sub(r"\1, ", text), _NO_COMMA.sub(r"\1, ", _ARRAY.sub("", text))):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return ast.literal_eval(attempt)
        except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
            continue
    return None
