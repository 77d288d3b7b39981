"""Answers in other forms than a text: JSON, several of them, recorded answers of model services, messages encoded twice."""

import json
from typing import Any

import pytest


def made(row: Any, count: int = 40) -> str:
    return "\n".join(json.dumps(row(n), ensure_ascii=False) for n in range(count))


def question(n: int) -> str:
    return f"How do I send back the kettle that I ordered in week {n}?"


def answer(n: int) -> str:
    return f"Open order {n}, choose refund, and bring the kettle to the desk."


def message(role: str, text: str) -> dict[str, Any]:
    return {"role": role, "content": text}


def spoken(row: dict[str, Any]) -> list[str]:
    return [*(part["content"] for part in row["prompt"]), row["target"]]


@pytest.mark.parametrize(
    ("asked", "answered", "task"),
    [("question", "answer", "chat"), ("prompt", "completion", "chat"), ("instruction", "output", "instruction"), ("问题", "回答", "chat")],
)  # fmt: skip
@pytest.mark.parametrize(
    "value", [lambda n: {"order": n}, lambda n: json.dumps({"order": n}), lambda n: json.dumps([n, 1])]
)
def test_an_answer_in_json_is_learned_as_written(
    import_file, freeze_rows, asked: str, answered: str, task: str, value: Any
) -> None:
    file = made(lambda n: {asked: question(n), answered: value(n)})
    proposal = import_file(file, "x.jsonl").result.proposal
    assert (proposal.task_type, proposal.roles) == (task, {asked: "input", answered: "target"})
    assert proposal.why == [f"“{answered}” contains JSON, which is used for training unchanged."]
    frozen = freeze_rows(file, task, proposal.roles, name="x.jsonl")
    written = value(0) if isinstance(value(0), str) else json.dumps(value(0))
    assert spoken(frozen.rows[0]) == [question(0), written]


@pytest.mark.parametrize(
    ("name", "several"),
    [
        ("answers", lambda n: [answer(n), f"Another {n}"]),
        ("answers", lambda n: [answer(n)] if n % 2 else [answer(n), f"Another {n}"]),
        ("completions", lambda n: [{"response": f"Worse {n}", "score": 2}, {"response": answer(n), "score": 4.5}]),
        ("completions", lambda n: [{"model": "a", "response": f"Worse {n}", "overall_score": 2}, {"model": "b", "response": answer(n), "overall_score": 9}]),
        ("responses", lambda n: [{"text": f"Worse {n}", "rank": 2}, {"text": answer(n), "rank": 1}]),
        ("responses", lambda n: [{"text": f"Bad {n}", "is_correct": False}, {"text": answer(n), "is_correct": True}]),
        ("answers", lambda n: [{"text": f"Bad {n}", "toxicity": 0.9}, {"text": answer(n), "toxicity": 0.1}]),
        ("outputs", lambda n: [{"output": f"Bad {n}", "rating": "bad"}, {"output": answer(n)}]),
    ],
)  # fmt: skip
def test_of_several_answers_the_best_or_the_first_is_learned(
    import_file, freeze_rows, name: str, several: Any
) -> None:
    file = made(lambda n: {"question": question(n), name: several(n)})
    proposal = import_file(file, "x.jsonl").result.proposal
    assert proposal.roles == {"question": "input", name: "target"}
    assert (
        "The best-rated answer is used for training, or the first one if there are no ratings."
        in proposal.why[0]
    )
    frozen = freeze_rows(file, "chat", proposal.roles, name="x.jsonl")
    assert {row["target"] for row in frozen.rows} == {answer(n) for n in range(40)}


def test_one_list_of_bad_answers_alone_costs_its_row_only(import_file) -> None:
    bad = {"text": "Bad", "is_correct": False}
    file = made(lambda n: {"question": question(n), "answers": [bad if n == 3 else {"text": answer(n)}]})
    assert import_file(file, "x.jsonl").result.proposal.roles == {"question": "input", "answers": "target"}


def test_a_text_and_its_answer_are_learned_together(import_file) -> None:
    file = made(lambda n: {"article": f"The shop {n} opened. " * 9, "answer": answer(n)})
    proposal = import_file(file, "x.jsonl").result.proposal
    assert (proposal.task_type, proposal.roles) == ("instruction", {"article": "input", "answer": "target"})


OPENAI = {"choices": [{"index": 0, "message": message("assistant", "{}"), "finish_reason": "stop"}]}
RESPONSES = [
    {"type": "reasoning", "summary": []},
    {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "{}"}]},
]  # fmt: skip
GEMINI = {"candidates": [{"content": {"role": "model", "parts": [{"text": "{}"}]}}]}
ANTHROPIC = {"type": "message", "role": "assistant", "content": [{"type": "text", "text": "{}"}]}


@pytest.mark.parametrize(
    "answered", [OPENAI, RESPONSES, {"output": RESPONSES}, {"id": "r1", **OPENAI}, GEMINI, ANTHROPIC]
)
@pytest.mark.parametrize(
    "wrapped", [lambda asked: {"messages": asked}, lambda asked: {"input": asked}, lambda asked: asked]
)
@pytest.mark.parametrize("twice", [False, True])
def test_recorded_requests_and_responses_are_conversations(
    import_file, freeze_rows, answered: Any, wrapped: Any, twice: bool
) -> None:
    def said(value: Any) -> Any:
        return json.dumps(json.dumps(value)) if twice else value

    def row(n: int) -> dict[str, Any]:
        given = json.loads(json.dumps(answered).replace('"{}"', json.dumps(answer(n))))
        return {"request": said(wrapped([message("user", question(n))])), "response": said(given)}

    proposal = import_file(made(row), "x.jsonl").result.proposal
    assert (proposal.task_type, proposal.roles) == ("chat", {"request": "input", "response": "target"})
    frozen = freeze_rows(made(row), "chat", proposal.roles, name="x.jsonl")
    assert [spoken(row) for row in frozen.rows] == [[question(n), answer(n)] for n in range(40)]


@pytest.mark.parametrize(
    ("asked", "answered"),
    [("query", "response"), ("instruction", "output"), ("input", "output"), ("Frage", "Antwort")],
)
@pytest.mark.parametrize("first", [False, True])
def test_earlier_turns_beside_a_question_are_no_conversation(
    import_file, freeze_rows, asked: str, answered: str, first: bool
) -> None:
    def row(n: int) -> dict[str, Any]:
        earlier = [message("user", f"Hello {n}"), message("assistant", f"Hi {n}")] if n % 2 else []
        rest = {asked: question(n), answered: answer(n)}
        return {"history": earlier, **rest} if first else {**rest, "history": earlier}

    proposal = import_file(made(row), "x.jsonl").result.proposal
    assert proposal.roles == {asked: "input", answered: "target", "history": "history"}
    frozen = freeze_rows(made(row), proposal.task_type, proposal.roles, name="x.jsonl")
    assert spoken(frozen.rows[1]) == ["Hello 1", "Hi 1", question(1), answer(1)]
    assert spoken(frozen.rows[0]) == [question(0), answer(0)]


@pytest.mark.parametrize("times", [1, 2, 3])
def test_messages_that_were_encoded_several_times_are_read(import_file, freeze_rows, times: int) -> None:
    def row(n: int) -> dict[str, Any]:
        talk: Any = [message("user", question(n)), message("assistant", answer(n))]
        for _ in range(times):
            talk = json.dumps(talk)
        return {"messages": talk}

    proposal = import_file(made(row), "x.jsonl").result.proposal
    assert proposal.roles == {"messages": "messages"}
    frozen = freeze_rows(made(row), "chat", proposal.roles, name="x.jsonl")
    assert spoken(frozen.rows[0]) == [question(0), answer(0)]


def test_answers_that_a_forum_took_away_are_not_learned(import_file, freeze_rows) -> None:
    gone = ("[deleted]", "[removed]", "Ask at desk {}.")
    file = "\n".join(
        ["question,answer", *(f"Where is parcel {n}?,{gone[n % 3].format(n)}" for n in range(60))]
    )
    proposal = import_file(file, "x.csv").result.proposal
    assert proposal.roles == {"question": "input", "answer": "target"}
    frozen = freeze_rows(file, "chat", proposal.roles, name="x.csv")
    assert {row["target"] for row in frozen.rows} == {f"Ask at desk {n}." for n in range(2, 60, 3)}
