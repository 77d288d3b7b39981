"""A label may speak of two texts: both are read, or the page says at its top which one is not."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from workers.contracts.roles import Role

LABELS = ("yes", "no", "maybe")
Row = Callable[[int], dict[str, Any]]


def made(row: Row, count: int = 60) -> str:
    return "\n".join(json.dumps(row(n), ensure_ascii=False) for n in range(count))


def sentence(n: int) -> str:
    return f"My parcel number {n} came late again."


def other(n: int) -> str:
    return f"The kettle of day {n} stands at the desk in Lyon."


def word(n: int) -> str:
    return ("kettle", "lamp", "tent", "saw")[n % 4]


@pytest.mark.parametrize("label", ["label", "Klasse", "sentiment", "标签"])
@pytest.mark.parametrize(
    ("text", "beside", "cell"),
    [
        ("text", "context", other),
        ("Text", "Kontext", other),
        ("utterance", "previous_utterance", other),
        ("comment", "parent_comment", other),
        ("message", "previous message", other),
        ("tweet", "in_reply_to", other),
        ("Body", "Headline", other),
        ("text", "title", other),
        ("Nachricht", "Betreff", other),
        ("内容", "标题", other),
        ("text", "aspect", word),
        ("sentence", "target_word", word),
        ("review", "aspect_term", word),
        ("post", "reply", other),
        ("premise", "hypothese", other),
    ],
)
def test_both_texts_are_read(
    freeze_rows, import_file, label: str, text: str, beside: str, cell: Callable[[int], str]
) -> None:
    rows = made(lambda n: {text: sentence(n), beside: cell(n), label: LABELS[n % 3]})
    proposal = import_file(rows, "x.jsonl").result.proposal
    roles = {text: Role.INPUT, beside: Role.CONTEXT, label: Role.LABEL}
    assert (proposal.task_type, proposal.roles) == ("classification", roles)
    assert proposal.by_task["classification"] == roles
    assert f"“{beside}” follows “{text}” in the input, after a blank line." in proposal.why
    assert proposal.warnings == []
    frozen = freeze_rows(rows, "classification", roles, name="x.jsonl")
    contents = {row["line"]: row["prompt"][0]["content"] for row in frozen.rows}
    assert contents == {n + 1: f"{sentence(n)}\n\n{cell(n)}" for n in range(60)}


@pytest.mark.parametrize(
    ("text", "beside"), [("utterance", "context"), ("claim", "evidence"), ("text", "previous_messages")]
)
def test_a_list_of_texts_is_read(freeze_rows, import_file, text: str, beside: str) -> None:
    rows = made(lambda n: {text: sentence(n), beside: [other(n), "Hello."], "label": LABELS[n % 3]})
    proposal = import_file(rows, "x.jsonl").result.proposal
    roles = {text: Role.INPUT, beside: Role.CONTEXT, "label": Role.LABEL}
    assert proposal.roles == roles
    frozen = freeze_rows(rows, "classification", roles, name="x.jsonl")
    assert frozen.rows[0]["prompt"][0]["content"] == f"{sentence(0)}\n\n{other(0)}\n\nHello."


def test_a_stance_is_towards_its_target(import_file) -> None:
    rows = made(
        lambda n: {"Tweet": sentence(n), "Target": word(n), "Stance": ("FAVOR", "AGAINST", "NONE")[n % 3]}
    )
    roles = import_file(rows, "x.jsonl").result.proposal.roles
    assert roles == {"Tweet": Role.INPUT, "Target": Role.CONTEXT, "Stance": Role.LABEL}


def test_an_aspect_comes_before_a_title_which_is_named(import_file) -> None:
    rows = made(
        lambda n: {
            "movie_title": f"The kettle of Lyon {n}",
            "text": sentence(n),
            "aspect": word(n),
            "label": LABELS[n % 3],
        }
    )
    proposal = import_file(rows, "x.jsonl").result.proposal
    assert proposal.roles["aspect"] is Role.CONTEXT
    assert proposal.warnings == [
        "Only “text”, “aspect” are used to predict the label, not “movie_title”. At most two texts are supported."
    ]


def test_the_order_of_the_columns_does_not_matter(import_file) -> None:
    rows = made(lambda n: {"label": LABELS[n % 3], "title": other(n), "text": sentence(n)})
    roles = import_file(rows, "x.jsonl").result.proposal.roles
    assert roles == {"label": Role.LABEL, "title": Role.CONTEXT, "text": Role.INPUT}


def test_a_row_without_a_title_is_kept(freeze_rows) -> None:
    rows = made(lambda n: {"title": other(n) if n % 2 else None, "text": sentence(n), "label": LABELS[n % 3]})
    roles = {"title": "context", "text": "input", "label": "label"}
    frozen = freeze_rows(rows, "classification", roles, name="x.jsonl")
    assert len(frozen.rows) == 60


@pytest.mark.parametrize("name", ["product_description", "notizen_des_agenten", "说明", "x"])
def test_a_text_that_is_not_read_is_named_at_the_top(import_file, name: str) -> None:
    rows = made(lambda n: {"text": sentence(n), name: other(n), "label": LABELS[n % 3]})
    proposal = import_file(rows, "x.jsonl").result.proposal
    assert proposal.roles == {"text": Role.INPUT, name: Role.IGNORE, "label": Role.LABEL}
    assert proposal.warnings == [
        f"Only “text” is used to predict the label, not “{name}”. If the label depends on that text, mark it as the second text."
    ]


def test_a_third_text_is_named_at_the_top(import_file) -> None:
    rows = made(
        lambda n: {
            "subject": f"About parcel {n} of the kettle",
            "body": sentence(n),
            "answer": other(n),
            "queue": LABELS[n % 3],
        }
    )
    proposal = import_file(rows, "x.jsonl").result.proposal
    assert proposal.warnings == [
        "Only “body”, “subject” are used to predict the label, not “answer”. At most two texts are supported."
    ]


@pytest.mark.parametrize(
    "beside",
    [
        {"id": 7, "language": "en", "created_at": "2024-01-05"},
        {"user": "Ann of Lyon", "source": "the web form", "version": "1.2"},
        {"city": "Lyon", "rating_count": 3},
        {"focus": "kettles", "keyword": "late", "type": "mail"},
        {"url": "https://example.org/kettle", "note": "checked by hand on Monday morning"},
    ],
)
def test_no_alarm_about_what_is_no_text(import_file, beside: dict[str, Any]) -> None:
    rows = made(lambda n: {"text": sentence(n), **beside, "label": LABELS[n % 3]})
    proposal = import_file(rows, "x.jsonl").result.proposal
    assert proposal.task_type == "classification"
    assert proposal.roles["text"] is Role.INPUT
    assert proposal.warnings == []
