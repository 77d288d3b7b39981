"""Speakers of other vendors and of pasted chats: numbered authors, characters with lines, “me” and “you”."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from workers.ingest.conversations.cast import NUMBERED, SELVES

Turns = Callable[[str, str], list[dict[str, Any]]]


def question(n: int) -> str:
    return f"Where is parcel {n}?"


def answer(n: int) -> str:
    return f"It came to desk {n}."


EXPECTED = {(question(n), answer(n)) for n in range(24)}


def talks(turns: Turns) -> str:
    return "\n".join(json.dumps({"messages": turns(question(n), answer(n))}) for n in range(24))


def learned(import_file, freeze_rows, text: str, name: str) -> tuple[list[str], set[tuple[str, str]]]:
    proposal = import_file(text, name).result.proposal
    assert proposal.task_type == "chat", proposal.why
    frozen = freeze_rows(text, proposal.task_type, proposal.roles, name=name)
    return proposal.why, {(row["prompt"][-1]["content"], row["target"]) for row in frozen.rows}


@pytest.mark.parametrize(
    ("turns", "note"),
    [
        (lambda q, a: [{"author": "0", "content": q}, {"author": "1", "content": a}], NUMBERED),
        (lambda q, a: [{"author": 0, "content": q}, {"author": 1, "content": a}], NUMBERED),
        (lambda q, a: [{"author": "1", "content": q}, {"author": "2", "content": a}], NUMBERED),
        (lambda q, a: [{"author": "user", "content": q}, {"author": "bot", "content": a}], None),
        (lambda q, a: [{"character": "User", "line": q}, {"character": "Bot", "line": a}], None),
        (lambda q, a: [{"character": "A", "line": q}, {"character": "B", "line": a}], NUMBERED),
        (lambda q, a: [{"speaker": "Me", "text": q}, {"speaker": "You", "text": a}], SELVES),
        (lambda q, a: [{"speaker": "You", "text": q}, {"speaker": "ChatGPT", "text": a}], None),
        (lambda q, a: [{"speaker": "Customer", "text": q}, {"speaker": "Me", "text": a}], None),
    ],
)
def test_turns(import_file, freeze_rows, turns: Turns, note: str | None) -> None:
    why, pairs = learned(import_file, freeze_rows, talks(turns), "x.jsonl")
    assert pairs == EXPECTED
    assert [told for told in why if told in (NUMBERED, SELVES)] == ([note] if note else [])


@pytest.mark.parametrize(
    ("asking", "answering", "says_order"),
    [
        ("Me", "You", True),
        ("You", "Me", True),
        ("Ich", "Du", True),
        ("我", "你", True),
        ("You", "ChatGPT", False),
        ("Customer", "Me", False),
        ("You", "Support", False),
    ],
)
@pytest.mark.parametrize("between", ["\n\n", "\n"])
def test_marked_lines(
    import_file, freeze_rows, asking: str, answering: str, says_order: bool, between: str
) -> None:
    text = between.join(f"{asking}: {question(n)}\n{answering}: {answer(n)}" for n in range(24))
    why, pairs = learned(import_file, freeze_rows, text, "x.txt")
    assert pairs == EXPECTED
    assert (SELVES in why) is says_order


def test_a_chat_that_was_copied_from_a_page(import_file, freeze_rows) -> None:
    text = "\n\n".join(f"You said:\n{question(n)}\nChatGPT said:\n{answer(n)}" for n in range(24))
    assert learned(import_file, freeze_rows, text, "x.txt")[1] == EXPECTED


def test_lines_of_a_table_by_characters_that_are_roles(import_file, freeze_rows) -> None:
    rows = [
        {"character": who, "line": said}
        for n in range(24)
        for who, said in (("User", question(n)), ("Bot", answer(n)))
    ]
    text = "\n".join(map(json.dumps, rows))
    assert learned(import_file, freeze_rows, text, "x.jsonl")[1] == EXPECTED


@pytest.mark.parametrize(
    "beside",
    [
        {"comments": [{"author": n, "content": "Well said."} for n in (0, 1, 2)]},
        {"comments": [{"author": 57, "content": "Well said."}, {"author": 1, "content": "No."}]},
        {"comments": [{"author": "Ann", "content": "Well said."}]},
        {"characters": [{"character": "Ann", "text": "Tall and kind."}]},
    ],
)
def test_people_who_do_not_talk_are_no_conversation(import_file, beside: dict[str, Any]) -> None:
    text = "\n".join(json.dumps({"text": question(n), "label": "ab"[n % 2], **beside}) for n in range(40))
    assert import_file(text, "x.jsonl").result.proposal.task_type == "classification"


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(f"You: {question(n)}" for n in range(40)),
        "\n\n".join(f"The man {n} went out.\nYou: the reader should know.\nHe came back." for n in range(40)),
        "\n".join([*(f"Note {n}: buy milk" for n in range(40)), "Me: tired"]),
    ],
)
def test_texts_that_say_you_stay_texts(import_file, text: str) -> None:
    assert import_file(text, "x.txt").result.proposal.task_type == "generation"
