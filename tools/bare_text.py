"""Finds words on a page, or in an error, that are not marked for translation, or that are translated too early."""

from __future__ import annotations

import ast
import re
from html.parser import HTMLParser
from pathlib import Path

COMMENTS = re.compile(r"\{#.*?#\}|\{% *comment.*?%\}.*?\{% *endcomment *%\}", re.DOTALL)
TRANSLATED = re.compile(r"\{% *blocktrans(late)?\b.*?%\}.*?\{% *endblocktrans(late)? *%\}", re.DOTALL)
TAG = re.compile(r"\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
WORD = re.compile(r"[^\W\d_]{2,}")
READ_ATTRIBUTES = ("title", "aria-label", "placeholder", "alt", "data-label", "data-confirm")
NAMES = {
    *("Maquette", "SHA", "MB", "GB", "CSV", "TSV", "JSON", "JSONL", "API", "Python", "curl", "JavaScript"),
    *("Parquet", "Excel", "TF", "IDF", "LoRA", "OpenAI", "PNG", "QR", "ID", "Hugging", "Face", "URL"),
}
SAYING = ("UserError", "ValidationError", "success", "info", "warning", "error")


class _Page(HTMLParser):
    """Collects the words of a template whose tags were taken out."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in ("script", "style", "code", "pre")
        for name, value in attrs:
            if name in READ_ATTRIBUTES:
                self._look(value or "")

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in ("script", "style", "code", "pre")

    def handle_data(self, data: str) -> None:
        if self._silent <= 0:
            self._look(data)

    def _look(self, text: str) -> None:
        if any(word not in NAMES for word in WORD.findall(text)):
            self.found.append(" ".join(text.split()))


def in_template(source: str) -> list[str]:
    """Words between the tags of a template."""
    page = _Page()
    page.feed(TAG.sub("", TRANSLATED.sub("", COMMENTS.sub("", source))))
    return page.found


EAGER = ("gettext", "ngettext", "pgettext", "npgettext")


def at_import(source: str) -> list[str]:
    """Texts that gettext translates once, when the module is imported, for all later readers: gettext_lazy waits."""
    tree = ast.parse(source)
    imported = [
        alias
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation"
        for alias in node.names
    ]
    eager = {alias.asname or alias.name for alias in imported if alias.name in EAGER}
    found, waiting = [], list[ast.AST](tree.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in eager:
            found.append(ast.unparse(node))
        waiting += ast.iter_child_nodes(node)
    return found


def in_python(source: str) -> list[str]:
    """Literals given to an error or a notice without gettext around them."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        of_messages = (
            isinstance(node.func, ast.Attribute) and getattr(node.func.value, "id", "") == "messages"
        )
        if name in SAYING[:2] or (of_messages and name in SAYING):
            said = node.args[1:2] if of_messages else node.args[:1]
            found += [ast.unparse(one) for one in said if _is_literal(one)]
    return found


def _is_literal(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def find_bare_text(root: Path) -> list[str]:
    """`file: words`, for every one that is not marked."""
    found = []
    for folder, pattern, look in (("templates", "*.html", in_template), ("apps", "*.py", in_python)):
        for path in sorted((root / folder).rglob(pattern)):
            source = path.read_text()
            found += [f"{path.relative_to(root)}: “{text}” is not marked" for text in look(source)]
            if pattern == "*.py":
                found += [
                    f"{path.relative_to(root)}: {text} is translated at import" for text in at_import(source)
                ]
    return found
