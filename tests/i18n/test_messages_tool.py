"""The check of the catalogues finds what it is there to find."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog

from tools import messages
from tools.bare_text import at_import, in_python, in_template
from tools.extraction import KEYWORDS, add_template, extract

ROOT = Path(__file__).resolve().parents[2]


def catalog(**texts: str) -> Catalog:
    made = Catalog(locale="zh_Hans")
    for text, translated in texts.items():
        made.add(text.replace("_", " "), translated)
    return made


def test_every_text_is_there_in_every_language() -> None:
    assert messages.check() == []


def test_a_text_that_a_page_gained_is_missed(tmp_path: Path) -> None:
    page = tmp_path / "templates" / "page.html"
    page.parent.mkdir()
    page.write_text("<p>{% translate 'Quite new' %}</p>")
    assert messages.compare(extract(tmp_path), catalog()) == ["'Quite new' is missing"]


def test_a_text_that_no_page_shows_any_more_is_told() -> None:
    assert messages.compare(catalog(), catalog(Gone="没有了")) == ["'Gone' is no longer used"]


@pytest.mark.parametrize(
    ("text", "translated", "problem"),
    [
        ("Save", "", "is not translated"),
        ("%(n)s rows", "%(m)s 行", "fills in other things"),
        ("Line {1}", "第 {2} 行", "fills in other things"),
        ("{over} too long", "太长", "fills in other things"),
        ("<strong>Now</strong>", "现在", "holds other tags"),
    ],
)
def test_a_translation_that_does_not_fit_is_told(text: str, translated: str, problem: str) -> None:
    there = Catalog(locale="zh_Hans")
    there.add(text, translated)
    wanted = Catalog()
    wanted.add(text)
    assert [problem in found for found in messages.compare(wanted, there)] == [True]


def test_a_fuzzy_translation_is_told() -> None:
    there = Catalog(locale="zh_Hans")
    there.add("Save", "保存", flags=["fuzzy"])
    wanted = Catalog()
    wanted.add("Save")
    assert messages.compare(wanted, there) == ["'Save' is marked fuzzy"]


@pytest.mark.parametrize(
    ("text", "translated", "problems"),
    [
        ("Learning rates", "学习率", 0),
        ("Learning rate", "学习速率", 2),
        ("From {rate}", "来自 {rate}", 0),
        ("Nothing of that", "您好", 1),
    ],
)
def test_a_translation_calls_things_as_the_glossary_does(text: str, translated: str, problems: int) -> None:
    glossary = messages.Glossary({"learning rate": ["学习率"], "rate": ["率"]}, ["学习速率", "您"])
    there = Catalog(locale="zh_Hans")
    there.add(text, translated)
    assert len([found for one in there if one.id for found in glossary.problems_of(one)]) == problems


def test_the_glossary_of_chinese_is_read() -> None:
    glossary = messages.glossary_of(messages.LOCALE / "zh_Hans" / "LC_MESSAGES" / "django.po")
    assert glossary.terms["perplexity"] == ["困惑度"]
    assert "评测" in glossary.never


def test_templates_give_their_texts_with_plurals_and_arguments(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(
        '{% nav "home" _("Home") %}{% translate "Two\'s" as x %}'
        "{% blocktranslate count n=n %}{{ n }} row{% plural %}{{ n }} rows{% endblocktranslate %}"
    )
    found = Catalog()
    add_template(found, page)
    assert {message.id for message in found if message.id} == {
        "Home",
        "Two's",
        ("%(n)s row", "%(n)s rows"),
    }


def test_words_that_nobody_marked_are_found() -> None:
    assert in_template("<p>{% translate 'Marked' %} <b>Bare</b> {{ value }}</p>") == ["Bare"]
    assert in_template('<img alt="A cat"><button aria-label="{% translate "Marked" %}">×</button>') == [
        "A cat"
    ]
    assert in_template("{% comment %}Only for us{% endcomment %}<code>curl this</code> Maquette") == []
    assert in_python('raise UserError("Not marked")\nraise UserError(_("Marked"))') == ["'Not marked'"]


def test_texts_that_are_translated_once_for_all_readers_are_found() -> None:
    source = """
from django.utils.translation import gettext as _, gettext_lazy
class Adapter:
    messages = {"early": _("Early"), "late": gettext_lazy("Late")}
    def say(self):
        return _("In time")
"""
    assert at_import(source) == ["_('Early')"]


def test_a_name_under_which_a_module_imports_gettext_is_looked_for() -> None:
    """A text that is marked by another name is shown in English in every language, and nothing misses it."""
    unknown = []
    for path in (messages.ROOT / "apps").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation":
                names = {alias.asname or alias.name for alias in node.names if "gettext" in alias.name}
                unknown += [f"{path}: {name}" for name in names - KEYWORDS.keys()]
    assert not unknown
