"""Stored texts are codes with parameters: in every language, whatever the names in them, also those of other releases."""

from __future__ import annotations

import ast
import json
import string
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from django.utils.translation import override, trans_real

from apps.core.texts import translated
from apps.jobs.models import Job
from workers.contracts.i18n import Plural
from workers.contracts.texts import TEMPLATES, Text, define

ROOT = Path(__file__).resolve().parents[2]
NAME = "Label, Summary"
"""Both are words of the studio, too."""


def blanks(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


def calls() -> Iterator[tuple[str, ast.Call]]:
    """Every `Text("code", …)` of the code, with its place."""
    for folder in ("apps", "workers", "launcher", "studio"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                is_text = isinstance(node, ast.Call) and ast.unparse(node.func) == "Text"
                if is_text and isinstance(node.args[0], ast.Constant):
                    yield f"{path.relative_to(ROOT)}:{node.lineno}", node


def test_every_text_has_a_template_with_the_same_parameters() -> None:
    wrong, used = [], {"common.marked", "common.sentences"}
    for place, call in calls():
        code = str(ast.literal_eval(call.args[0]))
        used.add(code)
        if blanks(TEMPLATES.get(code, "")) != {str(keyword.arg) for keyword in call.keywords}:
            wrong.append(f"{place} {code}")
    assert wrong == []
    assert len(used) > 450
    assert set(TEMPLATES) - used == set()


@pytest.mark.parametrize("value", [7, 1, "…"])
def test_every_template_is_filled_in_in_every_language(value: int | str) -> None:
    """With numbers, one of them singular, and with the stand-in for them that groups of rejected rows have."""
    for code in TEMPLATES:
        text = Text(code, **dict.fromkeys(blanks(TEMPLATES[code]), value))
        for language in ("en", "zh-hans"):
            with override(language):
                assert "{" not in translated(Text.parse(json.loads(json.dumps(text.dump()))))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (Text("rows.no_such_column", column="price"), "这些数据中没有列“price”。"),
        (
            Text("files.not_a_table", kind=Text("files.kind_png"), advice=Text("files.advice_unpack")),
            "此文件的类型是“PNG 图片”，不是表格。请解压后上传其中的文件。",
        ),
        (Text("evaluation.empty_outputs", empty=12, total=1000), "1000 个输出中有 12 个为空。"),
        (Text("training.phase_reading"), "正在读取行"),
        (Text("readers.hidden_sheets", sheets=["plan", "rows"]), "未读取隐藏的工作表：“plan”、“rows”。"),
        (Text("rows.group_lone_label"), "标签只出现在一行中"),
        (Text.marked("Classification"), "分类"),
        (Text.plain("Never said before."), "Never said before."),
        (Text.plain(""), ""),
    ],
)
def test_a_stored_text_is_shown_in_the_readers_language(text: Text, expected: str) -> None:
    for stored in (text, text.dump(), Text.parse(json.loads(json.dumps(text.dump())))):
        with override("zh-hans"):
            assert translated(stored) == expected
        with override("en"):
            assert translated(stored) == str(text)


def test_a_plural_names_one_of_its_blanks() -> None:
    plurals = {code: one for code, one in TEMPLATES.items() if isinstance(one, Plural)}
    assert len(plurals) > 30
    for code, template in plurals.items():
        assert template.number in blanks(template), code
        assert blanks(template.singular) <= blanks(template), code
        assert template.singular != template, code


@pytest.mark.parametrize(
    ("rows", "english", "chinese"),
    [
        (0, "0 rows are marked as bad and were rejected.", "0 行被标记为不合格，已拒绝。"),
        (1, "1 row is marked as bad and was rejected.", "1 行被标记为不合格，已拒绝。"),
        (1_200, "1,200 rows are marked as bad and were rejected.", "1,200 行被标记为不合格，已拒绝。"),
        ("…", "… rows are marked as bad and were rejected.", "… 行被标记为不合格，已拒绝。"),
    ],
)
def test_a_text_agrees_with_its_number(rows: int | str, english: str, chinese: str) -> None:
    text = Text.parse(json.loads(json.dumps(Text("rows.bad_set_aside", rows=rows).dump())))
    assert str(text) == english
    with override("zh-hans"):
        assert translated(text) == chinese


def test_names_that_are_words_of_the_studio_stay_as_they_are() -> None:
    """A model folder that is called “Summary” was shown as 摘要, and a model of the Hub as 标签."""
    for code in ("models.no_manifest", "models.hub_not_found", "rows.no_such_column", "jobs.title_run"):
        text = Text(code, **dict.fromkeys(blanks(TEMPLATES[code]), NAME))
        with override("zh-hans"):
            shown = translated(text)
        assert shown.count(NAME) == len(blanks(TEMPLATES[code]))
        assert shown != str(text)


def test_a_text_of_another_release_is_shown_as_it_was_stored() -> None:
    stored = {"code": "gone.for_good", "params": {"rows": 3}, "text": "3 rows are gone."}
    renamed = {"code": "rows.few_rows", "params": {"count": 3}, "text": "Only 3 rows."}
    with override("zh-hans"):
        assert translated(stored) == "3 rows are gone."
        assert translated(renamed) == "Only 3 rows."
        assert translated(Text.parse("The disk was full.")) == "The disk was full."
        assert translated(Text.parse(str(Text("rows.group_lone_label")))) == "标签只出现在一行中"


def test_a_third_language_is_a_catalogue_and_nothing_else(tmp_path: Path, settings: Any) -> None:
    catalogue = Catalog(locale="de")
    catalogue.add("{fix}. Longer rows are truncated.", "{fix}. Längere Zeilen werden gekürzt.")
    catalogue.add(
        "Train with rows of at most {tokens} tokens", "Mit Zeilen von höchstens {tokens} Tokens trainieren"
    )
    bad = TEMPLATES["rows.bad_set_aside"]
    assert isinstance(bad, Plural)
    forms = ("{rows:,} Zeile ist als schlecht markiert.", "{rows:,} Zeilen sind als schlecht markiert.")
    catalogue.add((bad.singular, str(bad)), forms)
    folder = tmp_path / "de" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    with (folder / "django.mo").open("wb") as file:
        write_mo(file, catalogue)
    settings.LOCALE_PATHS = [tmp_path]
    settings.LANGUAGES = [*settings.LANGUAGES, ("de", "Deutsch")]
    trans_real._translations.clear()
    trans_real.get_languages.cache_clear()
    try:
        with override("de"):
            text = Text("jobs.advice_cut_rows", fix=Text("jobs.fix_cut_rows", tokens=64))
            assert (
                translated(text)
                == "Mit Zeilen von höchstens 64 Tokens trainieren. Längere Zeilen werden gekürzt."
            )
            shown = [translated(Text("rows.bad_set_aside", rows=rows)) for rows in (1, 2)]
            assert shown == [forms[0].replace("{rows:,}", "1"), forms[1].replace("{rows:,}", "2")]
    finally:
        trans_real._translations.clear()
        trans_real.get_languages.cache_clear()


def test_a_number_that_json_does_not_have_is_a_word() -> None:
    text = Text("parity.differs", nats=float("inf"), limit=0.01)
    stored = json.loads(json.dumps(text.dump(), allow_nan=False))
    with override("zh-hans"):
        assert "inf" in translated(stored)
        assert translated({**stored, "params": {"nats": None, "limit": None}}) == str(text)


def test_a_code_has_one_template() -> None:
    with pytest.raises(ValueError, match="two templates"):
        define("jobs", {"disk_full": "Something else."})
    with pytest.raises(KeyError):
        Text("jobs.never_defined")


@pytest.mark.django_db
def test_a_column_keeps_code_and_parameters_and_reads_what_earlier_releases_stored(workspace: Any) -> None:
    title = Text("jobs.title_run", name=NAME)
    job = Job.objects.create(workspace=workspace, kind="run", title=title, queue="default", spec={})
    job.refresh_from_db()
    assert (job.title, job.title.code, job.title.params) == (
        f"Training: {NAME}",
        "jobs.title_run",
        {"name": NAME},
    )
    Job.objects.filter(pk=job.pk).update(title=f"Training: {NAME}", error_message="The disk is full.")
    job.refresh_from_db()
    assert (job.title, job.title.code) == (f"Training: {NAME}", "")
    assert (job.error_message, job.phase) == ("The disk is full.", "")
