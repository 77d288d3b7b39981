"""What stands beside a question and changes its answer is read with it, or named at the top of the page."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from workers.contracts.roles import Role
from workers.ingest.passages import passages


def made(row: Callable[[int], dict[str, Any]], count: int = 40) -> str:
    return "\n".join(json.dumps(row(n), ensure_ascii=False) for n in range(count))


def question(n: int) -> str:
    return f"When did the desk of shop {n} open?"


def answer(n: int) -> str:
    return f"It opened in {1900 + n}, so they say."


def fact(n: int) -> str:
    return f"The desk in Lyon opened in {1900 + n} and is closed on day {n}."


def talk(n: int) -> list[dict[str, str]]:
    return [{"role": "user", "content": question(n)}, {"role": "assistant", "content": answer(n)}]


def learned(freeze_rows, import_file, text: str) -> tuple[Any, dict[int, list[dict[str, str]]]]:
    """Freeze a file as it is proposed; return the proposal and the prompts by line."""
    proposal = import_file(text, "x.jsonl").result.proposal
    assert proposal.task_type is not None, proposal.why
    roles = {name: str(role) for name, role in proposal.roles.items()}
    frozen = freeze_rows(text, proposal.task_type, roles, name="x.jsonl")
    assert len(frozen.rows) == 40, frozen.reasons
    return proposal, {row["line"]: row["prompt"] for row in frozen.rows}


SHAPES: dict[str, tuple[Callable[[int], Any], Callable[[int], str]]] = {
    "text": (fact, fact),
    "list": (lambda n: [fact(n), "Closed on Sundays."], lambda n: f"{fact(n)}\n\nClosed on Sundays."),
    "objects": (
        lambda n: [{"title": f"D{n}", "text": fact(n)}, {"page_content": "Closed."}],
        lambda n: f"D{n}\n{fact(n)}\n\nClosed.",
    ),
    "table": (lambda n: [["shop", "year"], [n, 1900]], lambda n: f'[["shop", "year"], [{n}, 1900]]'),
}
KNOWLEDGE = [
    "knowledge", "facts", "documents", "retrieved_contexts", "source_text", "Table", "schema", "snippets", "wissen", "知识", "context"
]  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", KNOWLEDGE)
@pytest.mark.parametrize("pair", [("question", "answer"), ("instruction", "output")])
def test_what_an_answer_is_taken_from_is_read(
    freeze_rows, import_file, pair: tuple[str, str], name: str, shape: str
) -> None:
    cell, read = SHAPES[shape]
    text = made(lambda n: {name: cell(n), pair[0]: question(n), pair[1]: answer(n)})
    proposal, prompts = learned(freeze_rows, import_file, text)
    assert proposal.roles == {name: Role.CONTEXT, pair[0]: Role.INPUT, pair[1]: Role.TARGET}
    assert proposal.warnings == []
    assert {line: prompt[0]["content"] for line, prompt in prompts.items()} == {
        n + 1: f"{question(n)}\n\n{read(n)}" for n in range(40)
    }


@pytest.mark.parametrize(
    "cell",
    [
        "Be kind.",
        ["Be kind."],
        [{"text": "Be kind."}],
        {"parts": [{"text": "Be kind."}]},
        {"role": "system", "parts": [{"text": "Be kind."}]},
        {"role": "system", "content": "Be kind."},
        {"role": "system", "content": [{"type": "text", "text": "Be kind."}]},
    ],
)
@pytest.mark.parametrize("name", ["system", "systemInstruction", "system_instruction", "persona", "人设"])
@pytest.mark.parametrize(
    "rest",
    [
        lambda n: {"contents": [{"role": "user", "parts": [{"text": question(n)}]}, {"role": "model", "parts": [{"text": answer(n)}]}]},
        lambda n: {"messages": talk(n)},
        lambda n: {"question": question(n), "answer": answer(n)},
    ],
)  # fmt: skip
def test_a_system_prompt_in_any_form_is_read(freeze_rows, import_file, rest, name: str, cell: Any) -> None:
    text = made(lambda n: {name: cell} | rest(n))
    proposal, prompts = learned(freeze_rows, import_file, text)
    assert proposal.roles[name] is Role.SYSTEM
    for line, prompt in prompts.items():
        assert prompt == [
            {"role": "system", "content": "Be kind."},
            {"role": "user", "content": question(line - 1)},
        ]


@pytest.mark.parametrize("name", ["context", "documents", "instructions", "knowledge"])
def test_what_conversations_are_about_is_their_system_prompt(freeze_rows, import_file, name: str) -> None:
    text = made(lambda n: {name: [fact(n)] if name == "documents" else fact(n), "messages": talk(n)})
    proposal, prompts = learned(freeze_rows, import_file, text)
    assert f"“{name}” is used as the system prompt of each conversation." in proposal.why
    assert {line: prompt[0]["content"] for line, prompt in prompts.items()} == {
        n + 1: fact(n) for n in range(40)
    }


def test_a_conversations_own_system_prompt_is_kept_beside_that_of_its_row(freeze_rows, import_file) -> None:
    own = {"role": "system", "content": "Answer briefly."}
    _, prompts = learned(
        freeze_rows, import_file, made(lambda n: {"system": "Be kind.", "messages": [own, *talk(n)]})
    )
    assert prompts[1][0]["content"] == "Be kind.\n\nAnswer briefly."
    _, prompts = learned(
        freeze_rows, import_file, made(lambda n: {"system": "Answer briefly.", "messages": [own, *talk(n)]})
    )
    assert prompts[1][0]["content"] == "Answer briefly."


def test_a_column_that_repeats_the_conversation_is_no_system_prompt(import_file) -> None:
    text = made(lambda n: {"instruction": question(n), "messages": talk(n)})
    proposal = import_file(text, "x.jsonl").result.proposal
    assert proposal.roles == {"instruction": Role.IGNORE, "messages": Role.MESSAGES}
    assert proposal.warnings == []


@pytest.mark.parametrize(
    "cell",
    [
        "User: Hello\nAssistant: Hi",
        "Human: Hello\nAI: Hi",
        "### Human: Hello\n### Assistant: Hi",
        ["User: Hello", "Assistant: Hi"],
        ["Hello", "Hi"],
        [["Hello", "Hi"]],
        [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Hi"}],
    ],
)
@pytest.mark.parametrize("name", ["chat_history", "history"])
def test_earlier_turns_in_any_form_are_read(freeze_rows, import_file, name: str, cell: Any) -> None:
    text = made(lambda n: {name: cell if n % 3 else None, "question": question(n), "answer": answer(n)})
    proposal, prompts = learned(freeze_rows, import_file, text)
    assert proposal.roles[name] is Role.HISTORY
    assert [message["content"] for message in prompts[2]] == ["Hello", "Hi", question(1)]
    assert [message["content"] for message in prompts[1]] == [question(0)]


@pytest.mark.parametrize(
    ("beside", "sentence"),
    [
        ({"history": "We spoke of the kettle before."}, "The name “history” suggests earlier turns, but the speakers are not marked, so it is not used. Write “User:” and “Assistant:” before the turns."),
        ({"knowledge": fact(1), "background": fact(2)}, "“{}” is not used, although answers may depend on it. Choose a task that uses it, or add its text to the question."),
    ],
)  # fmt: skip
def test_what_is_not_read_is_named(import_file, beside: dict[str, str], sentence: str) -> None:
    text = made(lambda n: {"question": question(n), "answer": answer(n)} | beside)
    proposal = import_file(text, "x.jsonl").result.proposal
    unread = next(name for name in beside if proposal.roles[name] is Role.IGNORE)
    assert proposal.warnings == [sentence.format(unread)]


def test_a_system_prompt_beside_a_summary_is_named(import_file) -> None:
    text = made(
        lambda n: {
            "system": f"Sum up for reader {n % 3}.",
            "article": fact(n) * 9,
            "summary": f"Desk {n} opened.",
        }
    )
    proposal = import_file(text, "x.jsonl").result.proposal
    assert proposal.task_type == "summarization"
    assert proposal.warnings == [
        "The name “system” suggests a system prompt. This task does not support system prompts, so the column is not used."
    ]


@pytest.mark.parametrize("name", ["schema", "context", "table_schema"])
@pytest.mark.parametrize("target", ["sql", "answer"])
def test_a_schema_is_read_with_the_question_of_a_query(
    freeze_rows, import_file, name: str, target: str
) -> None:
    schema = "CREATE TABLE orders (week int, city text)"
    text = made(
        lambda n: {
            name: schema,
            "question": f"How many orders came in week {n}?",
            target: f"SELECT COUNT(*) FROM orders WHERE week = {n};",
        }
    )
    proposal, prompts = learned(freeze_rows, import_file, text)
    assert proposal.task_type == "code"
    assert prompts[3][0]["content"] == f"How many orders came in week 2?\n\n{schema}"


@pytest.mark.parametrize(
    "beside",
    [
        {"table": 5}, {"document": "manual-7.pdf", "id": 3}, {"text": "Below is an instruction that describes a task."},
        {"source": "the handbook", "topic": "shops"}, {"support": 0.7},
    ],
)  # fmt: skip
def test_no_alarm_about_ordinary_columns(import_file, beside: dict[str, Any]) -> None:
    text = made(lambda n: {"instruction": question(n), "output": answer(n)} | beside)
    proposal = import_file(text, "x.jsonl").result.proposal
    assert proposal.task_type == "instruction"
    assert (proposal.warnings, set(proposal.roles.values())) == ([], {Role.INPUT, Role.TARGET, Role.IGNORE})


@pytest.mark.parametrize("cell", ["plain", '{"a": 1}', "[1, 2]", '["x", 3]', "[not a list", "[]", "{}"])
def test_what_is_no_list_of_texts_stays_as_it_is(cell: str) -> None:
    assert passages(f" {cell} ") == cell


@pytest.mark.parametrize(
    ("name", "value"),
    [("support", "Anna"), ("support", "Anna Berg"), ("table", "orders"), ("schema", "public")],
)
def test_names_and_keywords_are_nothing_to_answer_from(import_file, name: str, value: str) -> None:
    pair = [
        {"question": f"Where is kettle {n}?", "answer": f"It is in row {n}.", name: f"{value}"}
        for n in range(40)
    ]
    for row in pair[::2]:
        row[name] = "other"
    proposal = import_file("\n".join(map(json.dumps, pair)), "x.jsonl").result.proposal
    assert proposal.roles[name] == "ignore"
    talks = [
        {
            "messages": [
                {"role": "user", "content": row["question"]},
                {"role": "assistant", "content": row["answer"]},
            ],
            name: row[name],
        }
        for row in pair
    ]
    assert import_file("\n".join(map(json.dumps, talks)), "x.jsonl").result.proposal.roles[name] == "ignore"


@pytest.mark.parametrize("name", ["parent", "last", "next"])
def test_a_name_is_no_second_text(import_file, name: str) -> None:
    rows = [
        {
            "text": f"My kettle {n} came late, and I am sorry.",
            name: ["Smith Anna", "Berg Otto"][n % 2],
            "label": "abc"[n % 3],
        }
        for n in range(60)
    ]
    assert import_file("\n".join(map(json.dumps, rows)), "x.jsonl").result.proposal.roles[name] == "ignore"
