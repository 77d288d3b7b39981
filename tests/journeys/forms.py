"""Every form of the templates by name, and the mark by which a rendered form is known: `<form data-form="template#n">`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.template.base import Lexer, Token, TokenType
from django.template.loaders.filesystem import Loader

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
MARK = "data-form"
_FORM = re.compile(r"<form\b", re.IGNORECASE)


def all_forms() -> set[str]:
    """The names of the forms in all templates, those that other templates include as well."""
    found: set[str] = set()
    for path in sorted(TEMPLATES.rglob("*")):
        if path.is_file():
            found |= set(re.findall(rf'<form {MARK}="([^"]+)"', with_marks(path)))
    return found


def forms_of(html: str) -> list[str]:
    """The names of the forms of a page. Raises AssertionError for a form that is in none of the templates."""
    names = re.findall(rf'<form {MARK}="([^"]+)"', html)
    assert len(names) == len(_FORM.findall(html)), "A form of this page is in none of the templates"
    return list(dict.fromkeys(names))


def with_marks(path: Path) -> str:
    """The source of a template with the name of each form in its tag."""
    name = path.relative_to(TEMPLATES)
    pieces, count = [], 0
    for is_shown, piece in _pieces(path.read_text()):
        if is_shown:
            parts = _FORM.split(piece)
            for rest in parts[1:]:
                parts[0] += f'<form {MARK}="{name}#{count}"{rest}'
                count += 1
            piece = parts[0]
        pieces.append(piece)
    return "".join(pieces)


def _pieces(source: str) -> Iterator[tuple[bool, str]]:
    """The source as Django cuts it, and whether a piece is written to the page as it stands."""
    is_comment = False
    for token in Lexer(source).tokenize():
        if token.token_type == TokenType.BLOCK:
            word = token.contents.split()[0]
            is_comment = word == "comment" or (is_comment and word != "endcomment")
        yield token.token_type == TokenType.TEXT and not is_comment, _source_of(token)


def _source_of(token: Token) -> str:
    around = {
        TokenType.BLOCK: ("{% ", " %}"),
        TokenType.VAR: ("{{ ", " }}"),
        TokenType.COMMENT: ("{# ", " #}"),
    }
    before, after = around.get(token.token_type, ("", ""))
    return f"{before}{token.contents}{after}"


class MarkingLoader(Loader):
    """Reads the templates of the studio with the names of their forms."""

    def get_contents(self, origin: Any) -> str:
        path = Path(origin.name)
        if TEMPLATES in path.parents and path.is_file():
            return with_marks(path)
        return str(super().get_contents(origin))


def with_marking(templates: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The setting TEMPLATES with the loader that marks forms in the place of Django's."""
    plain = "django.template.loaders.filesystem.Loader"

    def swap(part: Any) -> Any:
        if isinstance(part, dict):
            return {name: swap(value) for name, value in part.items()}
        if isinstance(part, list | tuple):
            return type(part)(swap(value) for value in part)
        return f"{MarkingLoader.__module__}.{MarkingLoader.__qualname__}" if part == plain else part

    swapped = [swap(part) for part in templates]
    assert swapped != templates, "TEMPLATES names no loader that could mark the forms"
    return swapped
