"""Files with a good and a bad answer to each question: the page names what they are, and versions keep both."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from workers.contracts.roles import Role


def made(row: Callable[[int], dict[str, Any]], count: int = 40) -> str:
    return "\n".join(json.dumps(row(n), ensure_ascii=False) for n in range(count))


def question(n: int) -> str:
    return f"How do I send back kettle {n}?"


def good(n: int) -> str:
    return f"Open order {n} and choose refund."


def bad(n: int) -> str:
    return f"BAD, go away and pay {n}."


NAMED = [
    ("answer", "incorrect_answer"), ("answer", "Wrong Answer"), ("good_response", "bad_response"), ("chosen", "rejected"),
    ("preferred_output", "non_preferred_output"), ("response_j", "response_k"), ("best_answer", "worst_answer"),
    ("accepted_answer", "rejected_answer"), ("responseBetter", "responseWorse"), ("y_w", "y_l"), ("回答", "错误回答"),
    ("Gute Antwort", "Schlechte Antwort"), ("respuesta_correcta", "respuesta_incorrecta"), ("winning_response", "losing_response"),
]  # fmt: skip


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("form", ["text", "messages", "list"])
@pytest.mark.parametrize(("chosen", "rejected"), NAMED)
def test_the_better_answer_and_the_other_are_kept_as_what_they_are(
    import_file, freeze_rows, chosen: str, rejected: str, form: str, order: int
) -> None:
    def cell(text: str) -> Any:
        return [{"role": "assistant", "content": text}] if form == "messages" else text

    def row(n: int) -> dict[str, Any]:
        worse = [bad(n), f"BAD as well {n}."] if form == "list" else cell(bad(n))
        answers = [(chosen, cell(good(n))), (rejected, worse)][::order]
        return {"prompt": question(n), **dict(answers)}

    proposal = import_file(made(row), "x.jsonl").result.proposal
    assert proposal.task_type == "chat", proposal.why
    assert proposal.roles == {"prompt": Role.INPUT, chosen: Role.TARGET, rejected: Role.REJECTED}
    assert proposal.warnings == []
    assert (
        f"This is preference data: “{chosen}” contains the better answers and “{rejected}” worse ones. A model can be trained to prefer the better answers, or on the better answers alone."
        in map(str, proposal.why)
    )
    roles = {name: str(role) for name, role in proposal.roles.items()}
    frozen = freeze_rows(made(row), "chat", roles, name="x.jsonl")
    assert {(row["target"], row["rejected"]) for row in frozen.rows} == {(good(n), bad(n)) for n in range(40)}
    assert all(
        [message["content"] for message in row["prompt"]] == [question(int(row["line"]) - 1)]
        for row in frozen.rows
    )
    assert frozen.result.rejected_characters["max"] >= frozen.result.rejected_characters["mean"] > 0


def talk(*texts: str) -> list[dict[str, str]]:
    return [{"role": ("user", "assistant")[place % 2], "content": text} for place, text in enumerate(texts)]


def test_whole_conversations_are_compared_by_their_last_answer(import_file, freeze_rows) -> None:
    def row(n: int) -> dict[str, Any]:
        before = ("Hello", "Hi, what can I do?", question(n))
        return {"chosen": talk(*before, good(n)), "rejected": talk(*before, bad(n))}

    proposal = import_file(made(row), "x.jsonl").result.proposal
    assert proposal.task_type == "chat"
    assert proposal.roles == {"chosen": Role.MESSAGES, "rejected": Role.REJECTED}
    frozen = freeze_rows(made(row), "chat", dict(proposal.roles), name="x.jsonl")
    assert {(row["target"], row["rejected"]) for row in frozen.rows} == {(good(n), bad(n)) for n in range(40)}
    assert {len(row["prompt"]) for row in frozen.rows} == {3}


def test_rows_whose_answers_cannot_be_compared_are_rejected_with_a_reason(freeze_rows) -> None:
    def row(n: int) -> dict[str, Any]:
        worse = [talk(question(n), bad(n)), talk(question(n), good(n)), talk("Other", bad(n)), []][n % 4]
        return {"chosen": talk(question(n), good(n)), "rejected": worse}

    frozen = freeze_rows(
        made(row, 120), "chat", {"chosen": "messages", "rejected": "rejected"}, name="x.jsonl"
    )
    assert len(frozen.rows) == 30
    assert frozen.reasons == {
        "The rejected answer (column “rejected”) is the same as the chosen one": 30,
        "The conversation in “rejected” differs from the chosen one before its last answer": 30,
        "The rejected answer (column “rejected”) is empty": 30,
    }


def test_rows_with_the_same_chosen_answer_and_other_rejected_ones_are_different_rows(freeze_rows) -> None:
    def row(n: int) -> dict[str, Any]:
        return {"prompt": question(n // 2), "chosen": good(n // 2), "rejected": bad(n)}

    roles = {"prompt": "input", "chosen": "target", "rejected": "rejected"}
    frozen = freeze_rows(made(row), "chat", roles, name="x.jsonl")
    assert len(frozen.rows) == 40
    assert len({row["row_id"] for row in frozen.rows}) == 40
    splits = {row["prompt"][0]["content"]: set() for row in frozen.rows}
    for one in frozen.rows:
        splits[one["prompt"][0]["content"]].add(one["split"])
    assert all(len(found) == 1 for found in splits.values())


def test_without_a_rejected_answer_a_version_has_no_such_column(freeze_rows) -> None:
    roles = {"prompt": "input", "chosen": "target"}
    frozen = freeze_rows(
        made(lambda n: {"prompt": question(n), "chosen": good(n), "rejected": bad(n)}),
        "chat",
        roles,
        name="x.jsonl",
    )
    assert "rejected" not in frozen.rows[0]
    assert frozen.result.rejected_characters == {}


def test_a_rejected_answer_that_few_rows_have_is_named_and_not_used(import_file) -> None:
    def row(n: int) -> dict[str, Any]:
        return {"prompt": question(n), "chosen": good(n), "rejected": bad(n) if n % 3 else ""}

    proposal = import_file(made(row), "x.jsonl").result.proposal
    assert proposal.roles["rejected"] is Role.IGNORE
    assert proposal.warnings[0].startswith(
        "“rejected” contains worse answers than “chosen”, and is not used."
    )


def test_openais_preference_files(import_file) -> None:
    text = made(
        lambda n: {
            "input": {"messages": [{"role": "user", "content": question(n)}]},
            "preferred_output": [{"role": "assistant", "content": good(n)}],
            "non_preferred_output": [{"role": "assistant", "content": bad(n)}],
        }
    )
    proposal = import_file(text, "x.jsonl").result.proposal
    assert proposal.roles == {
        "input": Role.INPUT,
        "preferred_output": Role.TARGET,
        "non_preferred_output": Role.REJECTED,
    }
    assert proposal.warnings == []


@pytest.mark.parametrize("name", ["score", "rating"])
def test_the_score_of_a_rejected_answer_is_not_that_of_the_row(import_file, name: str) -> None:
    text = made(
        lambda n: {
            "prompt": question(n),
            "chosen": good(n),
            "rejected": bad(n),
            f"{name}_chosen": 5,
            f"{name}_rejected": 1,
        }
    )
    assert Role.QUALITY not in import_file(text, "x.jsonl").result.proposal.roles.values()


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("response_a", "response_b"),
        ("response_0", "response_1"),
        ("answer 1", "answer 2"),
        ("Output A", "Output B"),
        ("completion_1", "completion_2"),
        ("回答1", "回答2"),
    ],
)
@pytest.mark.parametrize(
    ("winner", "values"),
    [
        ("winner", ["a", "b", "tie"]),
        ("preference", [1, 2]),
        ("better_response_id", [0, 1]),
        ("preferred", ["first", "second"]),
    ],
)
def test_where_a_column_names_the_better_answer_it_is_the_chosen_one(
    import_file, freeze_rows, first: str, second: str, winner: str, values: list[Any]
) -> None:
    def row(n: int) -> dict[str, Any]:
        return {"prompt": question(n), first: good(n), second: bad(n), winner: values[n % len(values)]}

    imported = import_file(made(row), "x.jsonl")
    proposal = imported.result.proposal
    assert proposal.task_type == "chat", proposal.why
    assert proposal.roles == {"prompt": "input", winner: "ignore", "chosen": "target", "rejected": "rejected"}
    assert f"“{winner}” marks the better one of “{first}” and “{second}”." in str(proposal.why[0])
    frozen = freeze_rows(made(row), "chat", {k: str(v) for k, v in proposal.roles.items()}, name="x.jsonl")
    expected = {
        (good(n), bad(n)) if values[n % len(values)] == values[0] else (bad(n), good(n))
        for n in range(40)
        if values[n % len(values)] != "tie"
    }
    assert {(row["target"], row["rejected"]) for row in frozen.rows} == expected
    assert frozen.result.rejected == 40 - len(expected)


@pytest.mark.parametrize(
    ("names", "winner", "values"),
    [
        (("response_a", "response_b"), "preference", [0, 1]),
        (("response_a", "response_b"), "winner", ["Ann", "Bob"]),
        (("response_a", "response_b"), "winner", ["a", "a"]),
        (("response_1", "response_2", "response_3"), "winner", [1, 2, 3]),
    ],
)
def test_where_the_better_answer_is_not_clear_nothing_is_proposed(
    import_file, names: tuple[str, ...], winner: str, values: list[Any]
) -> None:
    def row(n: int) -> dict[str, Any]:
        answers = {name: f"{place} {good(n)}" for place, name in enumerate(names)}
        return {"prompt": question(n), **answers, winner: values[n % len(values)]}

    proposal = import_file(made(row), "x.jsonl").result.proposal
    assert proposal.task_type is None
    assert proposal.why[0].startswith(f"This is preference data: “{names[0]}”, “{names[1]}”")


@pytest.mark.parametrize(
    "columns",
    [
        {"winner": "Ann Bob"},
        {"preference": "window aisle"},
        {"answer_type": "short long"},
        {"best_before": "May June"},
    ],
)
def test_no_alarm_about_one_answer_each(import_file, columns: dict[str, str]) -> None:
    cells = {name: values.split() for name, values in columns.items()}
    text = made(
        lambda n: (
            {"question": question(n), "answer": good(n)}
            | {name: values[n % 2] for name, values in cells.items()}
        )
    )
    proposal = import_file(text, "x.jsonl").result.proposal
    assert proposal.task_type == "chat"
    assert proposal.warnings == []


@pytest.mark.parametrize("name", ["wrong_answer", "rejected", "Schlechte Antwort", "错误回答"])
def test_a_bad_answer_alone_is_never_learned(import_file, name: str) -> None:
    proposal = import_file(made(lambda n: {"question": question(n), name: bad(n)}), "x.jsonl").result.proposal
    assert proposal.roles[name] is Role.IGNORE
    assert "contains answers that were not preferred, and is not used" in proposal.warnings[0]


TWO_ANSWERS = [
    (("question", "ai_answer"), "human_corrected_answer"), (("question", "chatgpt_answer"), "human_answer"),
    (("question", "answer"), "corrected_answer"), (("question", "answer"), "gold_answer"), (("prompt", "response"), "expected_response"),
    (("question", "model_answer"), "human_answer"), (("问题", "模型回答"), "人工回答"), (("question", "answer"), "ground_truth"),
    (("instruction", "output"), "corrected_output"),
]  # fmt: skip


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize(("names", "right"), TWO_ANSWERS)
def test_of_two_answers_the_right_one_is_learned(
    import_file, names: tuple[str, str], right: str, order: int
) -> None:
    asked, other = names

    def row(n: int) -> dict[str, str]:
        return {asked: question(n), **dict([(other, f"As a model, I think {n}."), (right, good(n))][::order])}

    proposal = import_file(made(row), "x.jsonl").result.proposal
    assert proposal.roles == {asked: "input", other: "ignore", right: "target"}
    assert proposal.warnings == [
        f"“{other}” contains other answers to the same question. Only “{right}” is used for training."
    ]


@pytest.mark.parametrize("answers", [("bot_reply", "agent_reply"), ("model_answer", "teacher_answer")])
def test_which_of_two_answers_is_asked(import_file, answers: tuple[str, str]) -> None:
    def row(n: int) -> dict[str, str]:
        return {"customer_message": question(n), answers[0]: bad(n), answers[1]: good(n)}

    proposal = import_file(made(row), "x.jsonl").result.proposal
    assert proposal.task_type is None
    assert "contain answers to the same question" in proposal.why[-1]


def test_what_a_program_prints_is_no_right_answer(import_file) -> None:
    def row(n: int) -> dict[str, str]:
        return {
            "instruction": f"Print {n}.",
            "solution": f"x = {n}\nprint(x)",
            "expected_output": f"It prints {n}",
        }

    assert import_file(made(row), "x.jsonl").result.proposal.roles["expected_output"] != "target"


def test_a_bad_answer_alone_is_asked_about(import_file) -> None:
    proposal = import_file(
        made(lambda n: {"question": question(n), "bad_answer": bad(n)}), "x.jsonl"
    ).result.proposal
    assert proposal.task_type is None
    assert "contains answers that were not preferred, and no column contains better ones" in proposal.why[-1]


def test_a_mark_called_rejected_is_no_preference_data(import_file) -> None:
    content = made(
        lambda n: {
            "text": f"{question(n)} It is late.",
            "category": "abc"[n % 3],
            "rejected": ["no", "yes"][n % 2],
        }
    )
    proposal = import_file(content, "x.jsonl").result.proposal
    assert not any("preferred" in sentence for sentence in proposal.warnings)
    assert not any("preference data" in sentence for sentence in proposal.why)
    assert Role.REJECTED not in proposal.roles.values()
