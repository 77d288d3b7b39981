"""Finds every text that is marked for translation, in Python, in templates and in the list of recommended bases."""

from __future__ import annotations

import io
import tomllib
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_python
from django.utils.translation.template import templatize

KEYWORDS = DEFAULT_KEYWORDS | {
    "gettext_lazy": None,
    "_l": None,
    "gettext_noop": None,
    "ngettext_lazy": (1, 2),
    "ngettext_noop": (1, 2),
    "_n": (1, 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
MARKED = ("apps/**/*.py", "studio/*.py", "examples/**/*.py", "workers/contracts/**/*.py")
TEMPLATES = ("templates/**/*.html", "templates/**/*.txt")
RECOMMENDED = ("workers/contracts/recommended_bases.toml",)


def add_python(catalog: Catalog, path: Path) -> None:
    with path.open("rb") as file:
        _add(catalog, file)


def add_template(catalog: Catalog, path: Path) -> None:
    """Django makes Python-like text of a template; in parentheses its indentation means nothing."""
    source = templatize(path.read_text(), origin=str(path))
    _add(catalog, io.BytesIO(f"(\n{source}\n)".encode()))


def add_reasons(catalog: Catalog, path: Path) -> None:
    """Why each base model is recommended."""
    for entry in tomllib.loads(path.read_text())["base"]:
        catalog.add(entry["reason"])


def _add(catalog: Catalog, file: io.BufferedIOBase | io.BytesIO) -> None:
    for _line, function, message, _comments in extract_python(file, list(KEYWORDS), [], {}):
        texts = message if isinstance(message, tuple) else (message,)
        wanted = KEYWORDS[function] or (1,)
        context = next((texts[part[0] - 1] for part in wanted if isinstance(part, tuple)), None)
        ids = [texts[part - 1] for part in wanted if isinstance(part, int)]
        if all(ids):
            catalog.add(tuple(ids) if len(ids) > 1 else ids[0], context=context)


def extract(root: Path) -> Catalog:
    """Every message of the project, without locations: who moves a line changes no catalogue."""
    catalog = Catalog(charset="utf-8")
    for patterns, add in ((MARKED, add_python), (TEMPLATES, add_template), (RECOMMENDED, add_reasons)):
        for path in sorted(found for pattern in patterns for found in root.glob(pattern)):
            if "/migrations/" not in path.relative_to(root).as_posix():
                add(catalog, path)
    return catalog
