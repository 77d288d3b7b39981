"""The documentation site: links into the repository, the table of settings, and nothing loaded from elsewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tools import docs_hooks, pin

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("source", "page", "written", "shown"),
    [
        ("CONTRIBUTING.md", "contributing.md", "[a](docs/architecture.md#4-source-tree)", "[a](architecture.md#4-source-tree)"),
        ("docs/architecture.md", "architecture.md", "[a](../ROADMAP.md)", "[a](roadmap.md)"),
        ("docs/guide/data.md", "guide/data.md", "[a](../../SECURITY.md)", "[a](../security.md)"),
        ("docs/guide/data.md", "guide/data.md", "![a](../pictures/x.webp)", "![a](../pictures/x.webp)"),
        ("docs/guide/data.md", "guide/data.md", "[`files`](../../tools/docs.py)", "`files`"),
        ("README.md", "index.md", "[a](https://example.com/x)", "[a](https://example.com/x)"),
        ("docs/index.md", "index.md", "[a](nowhere.txt)", "[a](nowhere.txt)"),
        ("docs/index.md", "index.md", "```\n[a](../ROADMAP.md)\n```", "```\n[a](../ROADMAP.md)\n```"),
    ],
)  # fmt: skip
def test_a_link_leads_to_the_page_of_the_site(source: str, page: str, written: str, shown: str) -> None:
    assert docs_hooks.rewrite_links(written, source, page) == shown


def test_the_table_has_every_setting_of_the_example_once() -> None:
    example = (ROOT / ".env.example").read_text()
    names = re.findall(r"^(?:# ?)?([A-Z][A-Z0-9_]+)=", example, re.MULTILINE)
    table = docs_hooks.settings_table(example)
    assert sorted(re.findall(r"`([A-Z0-9_]+)=", table)) == sorted(names)
    assert len(names) > 40


def test_every_setting_of_the_example_is_explained() -> None:
    rows = docs_hooks.settings_table((ROOT / ".env.example").read_text()).splitlines()[2:]
    assert [row for row in rows if row.endswith("|  |")] == []


def test_a_comment_belongs_to_the_settings_below_it() -> None:
    table = docs_hooks.settings_table("# About both.\n#AA=1\n# BB=2\nCC=3\n# Of D|E.\nDD=\n\n# FF=6\n")
    assert table.splitlines()[2:] == [
        "| `AA=1`<br>`BB=2`<br>`CC=3` | About both. |",
        "| `DD=` | Of D\\|E. |",
        "| `FF=6` |  |",
    ]


@pytest.mark.parametrize(
    ("html", "is_loaded"),
    [
        ('<script src="https://cdn.example.com/x.js">', True),
        ("<link rel=stylesheet href=//fonts.example.com/a.css>", True),
        ('<img alt="" src="http://example.com/x.png">', True),
        ("a { background: url(https://example.com/x.png) }", True),
        ('<a href="https://example.com/">', False),
        ('<script src="assets/x.js">', False),
    ],
)
def test_what_is_loaded_from_another_site_is_found(html: str, is_loaded: bool) -> None:
    assert bool(docs_hooks.LOADED.search(html)) is is_loaded


def test_what_the_site_is_built_with_is_pinned() -> None:
    names = {line.split("==")[0] for line in (ROOT / "constraints.txt").read_text().splitlines()}
    assert {"mkdocs", "pymdown-extensions", *pin.docs_declared()} <= names
