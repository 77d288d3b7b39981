"""Finds every text that a person may read: marked ones in Python and templates, and the sentences that workers say.

Workers say their sentences in English and import no Django; apps/core/messages.py translates them when they are shown. Each
literal or f-string of a worker that reads like words is a message here: `f"No column “{name}”."` is `No column “{1}”.`
"""

from __future__ import annotations

import ast
import io
import re
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_python
from django.utils.translation.template import templatize

KEYWORDS = DEFAULT_KEYWORDS | {
    "gettext_lazy": None,
    "_l": None,
    "gettext_noop": None,
    "ngettext_lazy": (1, 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
MARKED = ("apps/**/*.py", "studio/*.py", "examples/**/*.py", "workers/contracts/**/*.py")
TEMPLATES = ("templates/**/*.html", "templates/**/*.txt")
SPEAKING = ("workers/**/*.py", "apps/jobs/runner/*.py")
SPEAKING_SHARED = ("workers/contracts/fixes.py", "workers/shared/failures.py")
SILENT = (
    "workers/contracts/",  # but for those above, marks its texts
    "workers/shared/",
    "workers/ingest/languages.py",  # words of many languages
    "workers/ingest/mark_words.py",
    "workers/ingest/missing_labels.py",
    "workers/ingest/split_names.py",
    "workers/ingest/vocabulary.py",
    "workers/ingest/names_by_language.py",
    "workers/ingest/name_parts.py",
    "workers/ingest/verdicts.py",
    "workers/ingest/conversations/speakers.py",
    "workers/ingest/conversations/markup.py",
    "workers/ingest/proposals/code.py",
    "workers/models/folder.py",  # the card, a file of the model
    "workers/models/prompts.py",
    "workers/models/starters.py",
    "workers/evaluation/metrics/",  # signatures
    "workers/serving/http.py",  # answers to programs
    "workers/serving/settings.py",
    "workers/serving/protocol.py",
)
WORDS = re.compile(r"[A-Za-z“{(][\w\s.,;:'’“”\"()/%{}!?$-]* [\w\s.,;:'’“”\"()/%{}!?$-]+")
CODE = re.compile(
    r"^(SELECT|SET|CREATE|COPY|INSERT|DROP) |^(\{\d+\}\W*)+$|^Bearer |\$A|allocate memory|^\{1\} GB$"
)
NOT_SAID = {
    "line, reason",
    "memory allocation of",
    "unexpected end of data",
    "not enough memory",
    "Not an event: {1}",
    "{1} and {2}",
}
LOGGED = ("debug", "info", "warning", "error", "critical", "exception")


def add_python(catalog: Catalog, path: Path) -> None:
    with path.open("rb") as file:
        _add(catalog, file)


def add_template(catalog: Catalog, path: Path) -> None:
    """Django makes Python-like text of a template; in parentheses its indentation means nothing."""
    source = templatize(path.read_text(), origin=str(path))
    _add(catalog, io.BytesIO(f"(\n{source}\n)".encode()))


def _add(catalog: Catalog, file: io.BufferedIOBase | io.BytesIO) -> None:
    for _line, function, message, _comments in extract_python(file, list(KEYWORDS), [], {}):
        texts = message if isinstance(message, tuple) else (message,)
        wanted = KEYWORDS[function] or (1,)
        context = next((texts[part[0] - 1] for part in wanted if isinstance(part, tuple)), None)
        ids = [texts[part - 1] for part in wanted if isinstance(part, int)]
        if all(ids):
            catalog.add(tuple(ids) if len(ids) > 1 else ids[0], context=context)


def add_sentences(catalog: Catalog, path: Path) -> None:
    for sentence in sentences(ast.parse(path.read_text())):
        catalog.add(sentence)


def sentences(tree: ast.AST) -> Iterator[str]:
    """What the code of a worker says, with {1}, {2}… for what is filled in."""
    skipped: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            skipped.add(node.value)  # a docstring
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in LOGGED:
            skipped.update(ast.walk(node))
        elif isinstance(node, ast.JoinedStr):
            skipped.update(part for value in node.values for part in _own(value))
    for node in ast.walk(tree):
        text = _text(node)
        if text and node not in skipped and _is_said(text):
            yield text


def _is_said(text: str) -> bool:
    return bool(WORDS.fullmatch(text)) and not CODE.search(text) and text not in NOT_SAID


def _own(value: ast.expr) -> Iterator[ast.AST]:
    """What belongs to an f-string itself: its pieces of text and its format specifications."""
    if isinstance(value, ast.FormattedValue):
        if value.format_spec:
            yield from ast.walk(value.format_spec)
    else:
        yield value


def _text(node: ast.AST) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value if " " in node.value.strip() else None
    if not isinstance(node, ast.JoinedStr):
        return None
    number = 0
    pieces = []
    for value in node.values:
        if isinstance(value, ast.Constant):
            pieces.append(str(value.value))
        else:
            number += 1
            pieces.append(f"{{{number}}}")
    return "".join(pieces)


def extract(root: Path) -> Catalog:
    """Every message of the project, without locations: who moves a line changes no catalogue."""
    catalog = Catalog(charset="utf-8")
    for patterns, add in ((MARKED, add_python), (TEMPLATES, add_template), (SPEAKING, add_sentences)):
        for path in sorted(found for pattern in patterns for found in root.glob(pattern)):
            relative = path.relative_to(root).as_posix()
            is_silent = relative.startswith(SILENT) and relative not in SPEAKING_SHARED
            if "/migrations/" in relative or (add is add_sentences and is_silent):
                continue
            add(catalog, path)
    return catalog
