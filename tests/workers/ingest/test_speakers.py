"""Conversations of other tools and fields: what they call their speakers, and how they nest their turns."""

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import pytest

from workers.ingest.conversations import ConversationError, read_conversation
from workers.ingest.conversations.cast import ANSWERS_USER, NUMBERED

Shape = Callable[[str, str], dict[str, Any]]


def lines(shape: Shape, rows: int = 24) -> str:
    return "\n".join(json.dumps(shape(f"Where is parcel {n}?", f"It came to desk {n}."), ensure_ascii=False) for n in range(rows))  # fmt: skip


def learned(import_file, freeze_rows, text: str, name: str = "x.jsonl"):
    """Returns the proposal and, of the rows that are learned, the questions with their answers."""
    proposal = import_file(text, name).result.proposal
    assert proposal.task_type == "chat", proposal.why
    frozen = freeze_rows(text, proposal.task_type, proposal.roles, name=name)
    return proposal, {(row["prompt"][-1]["content"], row["target"]) for row in frozen.rows}


EXPECTED = {(f"Where is parcel {n}?", f"It came to desk {n}.") for n in range(24)}


@pytest.mark.parametrize(
    ("asking", "answering", "note"),
    [
        ("patient", "doctor", None),
        ("Kunde", "Berater", None),
        ("tourist", "wizard", None),
        ("player", "npc", None),
        ("seeker", "recommender", None),
        ("学生", "老师", None),
        ("患者", "医生", None),
        ("USER", "SYSTEM", ANSWERS_USER),
        ("human", "vicuna", None),
        ("speaker1", "speaker2", NUMBERED),
        ("Speaker B", "Speaker A", NUMBERED),
        ("1", "2", NUMBERED),
        (0, 1, NUMBERED),
        ("A", "B", NUMBERED),
    ],
)
@pytest.mark.parametrize("keys", [("speaker", "text"), ("role", "content")])
def test_speakers(
    import_file, freeze_rows, asking: object, answering: object, note: str | None, keys: tuple[str, str]
) -> None:
    who, said = keys
    text = lines(lambda q, a: {"dialogue": [{who: asking, said: q}, {who: answering, said: a}]})
    proposal, pairs = learned(import_file, freeze_rows, text)
    assert pairs == EXPECTED
    assert [told for told in proposal.why if told in (ANSWERS_USER, NUMBERED)] == ([note] if note else [])


@pytest.mark.parametrize("names", [("Anna", "Bob"), ("user", "judge"), ("1", "2", "3"), ("system", "system")])
def test_speakers_that_say_nothing_are_refused(names: tuple[str, ...]) -> None:
    with pytest.raises(ConversationError):
        read_conversation([{"role": name, "content": "Good day."} for name in names])


def test_a_system_prompt_is_no_answer() -> None:
    turns = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Where?"}]
    with pytest.raises(ConversationError):
        read_conversation(turns)
    read = read_conversation([*turns, {"role": "assistant", "content": "Here."}])
    assert [message["role"] for message in read.messages] == ["system", "user", "assistant"]


def langchain(kind: str, text: str) -> dict[str, Any]:
    path = ["langchain", "schema", "messages", f"{kind}Message"]
    return {"lc": 1, "type": "constructor", "id": path, "kwargs": {"content": text}}


def chatgpt(question: str, answer: str) -> dict[str, Any]:
    def node(name: str, parent: str | None, role: str, text: str) -> dict[str, Any]:
        message = {"author": {"role": role}, "content": {"content_type": "text", "parts": [text]}}
        return {"id": name, "parent": parent, "message": message if text else None}

    return {"title": "A talk", "mapping": {"r": node("r", None, "", ""), "q": node("q", "r", "user", question), "a": node("a", "q", "assistant", answer)}}  # fmt: skip


def batch(question: str, answer: str) -> dict[str, Any]:
    asked = {"body": {"model": "x", "messages": [{"role": "user", "content": question}]}}
    choice = {"index": 0, "message": {"role": "assistant", "content": answer}}
    return {
        "custom_id": "1",
        "request": asked,
        "response": {"status_code": 200, "body": {"choices": [choice]}},
    }


SHAPES: dict[str, Shape] = {
    **{
        f"{who}, {said}": lambda q, a, who=who, said=said: {"messages": [{who: "user", said: q}, {who: "assistant", said: a}]}
        for who, said in [("name", "message"), ("participant", "utterance"), ("user", "text"), ("type", "data"), ("sender", "body")]
    },
    "LangChain": lambda q, a: {"messages": [langchain("Human", q), langchain("AI", a)]},
    "by column": lambda q, a: {"messages": {"role": ["user", "assistant"], "content": [q, a]}},
    "MultiWOZ": lambda q, a: {"turns": {"turn_id": [0, 1], "speaker": [0, 1], "utterance": [q, a]}},
    "ChatGPT": chatgpt,
    "batch": batch,
    "objects": lambda q, a: {"question": {"text": q, "tokens": ["x"]}, "answer": {"value": a, "aliases": []}},
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_shapes(import_file, freeze_rows, shape: Shape) -> None:
    assert learned(import_file, freeze_rows, lines(shape))[1] == EXPECTED


def table(names: tuple[str, ...], speakers: tuple[object, object]) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow(names)
    for n in range(24):
        for who, text in zip(speakers, (f"Where is parcel {n}?", f"It came to desk {n}."), strict=True):
            writer.writerow([f"s{n}", who, text][-len(names) :])
    return stream.getvalue()


@pytest.mark.parametrize(
    ("name", "speakers"),
    [
        ("is_bot", (0, 1)),
        ("inbound", (True, False)),
        ("from_customer", ("yes", "no")),
        ("speaker", ("USER", "SYSTEM")),
        ("speaker", ("1", "2")),
        ("role", ("patient", "doctor")),
    ],
)
def test_one_turn_a_row(import_file, freeze_rows, name: str, speakers: tuple[object, object]) -> None:
    text = table(("session_id", name, "utterance"), speakers)
    assert learned(import_file, freeze_rows, text, "x.csv")[1] == EXPECTED


@pytest.mark.parametrize(
    ("name", "values"), [("is_bot", (0, 1)), ("author", ("a", "b")), ("type", ("1", "2"))]
)
def test_texts_of_two_kinds_are_no_conversation(
    import_file, name: str, values: tuple[object, object]
) -> None:
    imported = import_file(table((name, "text"), values), "x.csv")
    assert imported.result.rows == 48
    assert imported.result.proposal.task_type != "chat"
