"""What files of many tools are proposed as, which rows are kept, and what is said of the rest."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from workers.contracts.roles import Role
from workers.contracts.tasks import TASKS

Rows = list[dict[str, Any]]


def made(row: Callable[[int], dict[str, Any]], count: int = 40) -> str:
    return "\n".join(json.dumps(row(n), ensure_ascii=False) for n in range(count))


def question(n: int) -> str:
    return f"How do I send back the kettle that I ordered in week {n}?"


def answer(n: int) -> str:
    return f"Open order {n}, choose refund, and bring the kettle to the desk."


def ask(n: int) -> list[dict[str, str]]:
    return [{"role": "user", "content": question(n)}]


def reply(n: int) -> list[dict[str, str]]:
    return [{"role": "assistant", "content": answer(n)}]


LONG = "The shop sells a kettle and a scanner and more of the kind on every day of the week but Sunday. " * 6


@pytest.mark.parametrize(
    ("text", "task", "roles"),
    [
        # Clear names win over what the texts look like.
        (made(lambda n: {"prompt": f"{LONG} {n}", "completion": answer(n)}), "chat", {"prompt": "input", "completion": "target"}),
        (made(lambda n: {"Frage": f"{LONG} {n}", "Antwort": f"Um {n}."}), "chat", {"Frage": "input", "Antwort": "target"}),
        (made(lambda n: {"Question": question(n), "Answer": ["Yes, open.", "No, shut.", "Ask us."][n % 3]}), "chat", {"Question": "input", "Answer": "target"}),
        (made(lambda n: {"Question": ["Are you open?", "Is it shut?"][n % 2], "Answer": ["Yes, the shop is", "No, it is not"][n % 2]}), "chat", {"Question": "input", "Answer": "target"}),
        (made(lambda n: {"प्रश्न": f"आदेश {n} कहाँ है?", "उत्तर": f"आदेश {n} दुकान में है।"}), "chat", {"प्रश्न": "input", "उत्तर": "target"}),
        # A text that the question is about.
        (made(lambda n: {"context": f"Porto opened in 19{n}.", "question": f"When did {n} open?", "answer": f"In 19{n}."}), "instruction", {"context": "context", "question": "input", "answer": "target"}),
        (made(lambda n: {"材料": f"商店于{n}年开业。", "问题": f"第{n}家店何时开业？", "答案": f"{n}年"}), "instruction", {"材料": "context", "问题": "input", "答案": "target"}),
        (made(lambda n: {"passage": f"A text {n}", "query": question(n), "response": answer(n)}), "instruction", {"passage": "context", "query": "input", "response": "target"}),
        # Answers with their places in the text.
        (made(lambda n: {"context": f"Built in 19{n:02}.", "question": f"When, {n}?", "answers": {"text": [f"19{n:02}"], "answer_start": [9]}}), "instruction", {"context": "context", "question": "input", "answers": "target"}),
        (made(lambda n: {"context": f"Built in 19{n:02}.", "question": f"When, {n}?", "answers": [{"text": f"19{n:02}", "answer_start": 9}]}), "instruction", {"context": "context", "question": "input", "answers": "target"}),
        # Two sides of one label.
        (made(lambda n: {"sentence1": f"A man repairs {n}.", "sentence2": f"Nobody repairs {n} now.", "label": "abc"[n % 3]}), "classification", {"sentence1": "input", "sentence2": "context", "label": "label"}),
        (made(lambda n: {"premise": f"Ein Mann {n} läuft.", "hypothesis": f"Jemand {n} läuft weg.", "gold": "x", "Klasse": "abc"[n % 3]}), "classification", {"premise": "input", "hypothesis": "context", "Klasse": "label"}),
        (made(lambda n: {"text_a": f"A man repairs {n}.", "text_b": f"Nobody repairs {n} now.", "label": n % 2}), "classification", {"text_a": "input", "text_b": "context", "label": "label"}),
        # Marks of bad answers, earlier turns.
        (made(lambda n: {"prompt": question(n), "completion": answer(n), "label": n % 2 == 0}), "chat", {"prompt": "input", "completion": "target", "label": "feedback"}),
        (made(lambda n: {"messages": ask(n) + reply(n), "kto_tag": n % 2 == 0}), "chat", {"messages": "messages", "kto_tag": "feedback"}),
        (made(lambda n: {"问题": question(n), "回答": answer(n), "评价": ["好", "差"][n % 2]}), "chat", {"问题": "input", "回答": "target", "评价": "quality"}),
        (made(lambda n: {"instruction": question(n), "output": answer(n), "history": [["Hi", "Hello"]]}), "instruction", {"instruction": "input", "output": "target", "history": "history"}),
        # Messages in two columns.
        (made(lambda n: {"prompt": ask(n), "completion": reply(n)}), "chat", {"prompt": "input", "completion": "target"}),
        (made(lambda n: {"conversations": ask(n), "chosen": reply(n)[0], "rejected": reply(n + 1)[0]}), "chat", {"conversations": "input", "chosen": "target", "rejected": "rejected"}),
        (made(lambda n: {"prompt": question(n), "chosen": reply(n), "rejected": reply(n + 1)}), "chat", {"prompt": "input", "chosen": "target", "rejected": "rejected"}),
        (made(lambda n: {"chosen": f"\n\nHuman: {question(n)}\n\nAssistant: {answer(n)}", "rejected": f"\n\nHuman: {question(n)}\n\nAssistant: No."}), "chat", {"chosen": "messages", "rejected": "rejected"}),
        (made(lambda n: {"prompt": question(n), "chosen": answer(n), "rejected": "No idea."}), "chat", {"prompt": "input", "chosen": "target", "rejected": "rejected"}),
        # Translations into any language.
        (made(lambda n: {"translation": {"en": f"Kettle {n} is ready.", "id": f"Ketel {n} sudah siap."}}), "translation", {"translation.en": "input", "translation.id": "target"}),
        (made(lambda n: {"translation": {"eng_Latn": f"Kettle {n} is ready.", "swh_Latn": f"Birika {n} iko tayari."}}), "translation", {"translation.eng_Latn": "input", "translation.swh_Latn": "target"}),
        (made(lambda n: {"no": n, "English": f"Kettle {n} is ready.", "Swahili": f"Birika {n} iko tayari."}), "translation", {"English": "input", "Swahili": "target"}),
        # Labels within lists and objects.
        (made(lambda n: {"id": n, "text": question(n), "label": [["late", "paid"][n % 2]]}), "classification", {"text": "input", "label": "label"}),
        (made(lambda n: {"text": question(n), "cats": {"late": n % 2, "paid": 1 - n % 2}}), "classification", {"text": "input", "cats": "label"}),
        (made(lambda n: {"id": n, "data": {"text": question(n)}, "annotations": [{"result": [{"from_name": "topic", "type": "choices", "value": {"choices": [["late", "paid"][n % 2]]}}]}]}), "classification", {"text": "input", "topic": "label"}),
    ],
)  # fmt: skip
def test_proposals(import_file, text: str, task: str, roles: dict[str, str]) -> None:
    proposal = import_file(text, "x.jsonl").result.proposal
    used = {column: str(role) for column, role in proposal.roles.items() if role != "ignore"}
    assert (proposal.task_type, used) == (task, roles)
    assert proposal.by_task[task] == used
    assert set(proposal.roles) <= set(proposal.meanings)


@pytest.mark.parametrize(
    ("text", "name", "columns", "first"),
    [
        ("".join(f"__label__{'ab'[n % 2]} A text, number {n}\n" for n in range(40)), "x.txt", ["text", "label"], {"text": "A text, number 0", "label": "a"}),
        ("".join(f"__label__a, __label__b Text {n}\n" for n in range(40)), "x.txt", ["text", "label"], {"text": "Text 0", "label": '["a", "b"]'}),
        ("".join(f"Q: Where is {n}?\nA: In {n}.\n\n" for n in range(40)), "x.txt", ["text"], {"text": '[{"role": "user", "content": "Where is 0?"}, {"role": "assistant", "content": "In 0."}]'}),
        ("".join(f"问：{n}在哪里？\n答：在{n}楼。\n" for n in range(40)), "x.txt", ["question", "answer"], {"question": "0在哪里？", "answer": "在0楼。"}),
        ("id,text\n" + "".join(f'{n},"### Human: Hi {n}### Assistant: Yes {n}"\n' for n in range(40)), "x.csv", ["id", "text"], {"id": "0", "text": '[{"role": "user", "content": "Hi 0"}, {"role": "assistant", "content": "Yes 0"}]'}),
        ("text,label\n" + "".join(f"\"A text {n}\",\"['{'ab'[n % 2]}']\"\n" for n in range(40)), "x.csv", ["text", "label"], {"text": "A text 0", "label": "a"}),
        ("q,answers\n" + "".join(f"\"A text {n}\",\"{{'text': array(['{n}'], dtype=object), 'answer_start': array([1], dtype=int32)}}\"\n" for n in range(40)), "x.csv", ["q", "answers"], {"q": "A text 0", "answers": "0"}),
    ],
)  # fmt: skip
def test_cells_become_plain(
    import_file, text: str, name: str, columns: list[str], first: dict[str, str]
) -> None:
    imported = import_file(text, name)
    assert [column.name for column in imported.result.columns] == columns
    assert {key: value for key, value in imported.rows[0].items() if key != "__line"} == first
    assert imported.result.rows == 40


@pytest.mark.parametrize(
    "names",
    [
        ("conversation_id", "turn", "role", "message"),
        ("会话id", "轮次", "角色", "内容"),
        ("thread", "position", "speaker", "text"),
    ],
)
@pytest.mark.parametrize("order", ["together", "mixed"])
def test_one_turn_a_row_becomes_conversations(
    import_file, freeze_rows, names: tuple[str, ...], order: str
) -> None:
    rows = [
        (f"c{talk:03}", turn, ["user", "assistant"][turn % 2], f"Turn {turn} of talk {talk}")
        for talk in range(40)
        for turn in range(4)
    ]
    if order == "mixed":
        rows.sort(key=lambda row: (row[1], row[0]))
    text = "\n".join([",".join(names), *(",".join(map(str, row)) for row in rows)]) + "\n"
    result = import_file(text).result
    assert (result.rows, result.proposal.roles) == (40, {names[0]: "ignore", "messages": "messages"})
    assert any("160 rows were joined into 40 conversations" in why for why in result.proposal.why)
    frozen = freeze_rows(text, "chat", {"messages": "messages"})
    assert frozen.rows[0]["target"] == "Turn 3 of talk 0"
    assert [message["content"] for message in frozen.rows[0]["prompt"]] == [
        f"Turn {n} of talk 0" for n in range(3)
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (made(lambda n: {"text": question(n), "label": f"intent {n // 2}"}, 3000), "1,500 different labels, and the limit is 1,000"),
        (made(lambda n: {"text": question(n), "label": "late"}), "“label” contains only one value (“late”)"),
        (made(lambda n: {"文本": question(n), "标签": "late"}), "“标签” contains only one value"),
        (made(lambda n: {"text": question(n), "category": f"c{n // 2}"}), "at least three times on average"),
        (made(lambda n: {"text": question(n), "label": [[0, 5, "ORG"]]}), "annotated spans of a text"),
        (made(lambda n: {"messages": [*ask(n), {"role": "assistant", "content": None, "tool_calls": [{"id": "1"}]}]}), "A turn contains a tool call, which is not supported yet"),
    ],
)  # fmt: skip
def test_what_cannot_be_learned_is_not_proposed_as_something_else(
    import_file, text: str, reason: str
) -> None:
    proposal = import_file(text, "x.jsonl").result.proposal
    assert proposal.task_type is None
    assert any(reason in why for why in proposal.why)


def test_bad_answers_are_set_aside(freeze_rows) -> None:
    text = made(
        lambda n: {"prompt": question(n), "completion": f"{['BAD', 'Good'][n % 2]} {n}", "label": n % 2 == 1}
    )
    roles = {"prompt": "input", "completion": "target", "label": "quality"}
    frozen = freeze_rows(text, "chat", roles, name="x.jsonl")
    assert {row["target"].split()[0] for row in frozen.rows} == {"Good"}
    assert frozen.reasons == {"The file marks this row as bad": 20}
    assert any("20 rows are marked as bad" in warning for warning in frozen.result.warnings)


def test_earlier_turns_are_read_before_the_question(freeze_rows) -> None:
    text = made(
        lambda n: {"instruction": question(n), "output": answer(n), "history": [["Hi", "Hello"]] if n else []}
    )
    roles = {"instruction": "input", "output": "target", "history": "history"}
    frozen = freeze_rows(text, "instruction", roles, name="x.jsonl")
    assert [[m["content"] for m in row["prompt"]] for row in frozen.rows[:2]] == [
        [question(0)],
        ["Hi", "Hello", question(1)],
    ]


def test_messages_in_two_columns_are_joined(freeze_rows) -> None:
    text = made(lambda n: {"prompt": ask(n), "completion": reply(n)})
    frozen = freeze_rows(text, "chat", {"prompt": "input", "completion": "target"}, name="x.jsonl")
    assert (frozen.rows[0]["prompt"], frozen.rows[0]["target"]) == (ask(0), answer(0))


def test_answers_that_repeat_their_question_are_counted(freeze_rows) -> None:
    text = made(lambda n: {"question": question(n), "answer": question(n) if n % 2 else answer(n)})
    frozen = freeze_rows(text, "chat", {"question": "input", "answer": "target"}, name="x.jsonl")
    assert any("20 answers are the same as their questions" in warning for warning in frozen.result.warnings)


@pytest.mark.parametrize(
    ("row", "column", "meaning"),
    [
        (
            {"messages": ask(1) + reply(1), "tools": [{"type": "function", "function": {"name": "x"}}]},
            "tools",
            "tool descriptions",
        ),
        ({"question": "q", "answer": "a", "row_id": "7"}, "row_id", "an identifier"),
        ({"question": "q", "answer": "a", "created_at": "2024"}, "created_at", "a date or time"),
        ({"question": "q", "answer": "a", "licence": "CC-BY"}, "licence", "a licence"),
        ({"question": "q", "answer": "a", "category": "x"}, "category", "another label"),
        ({"question": "q", "answer": "a", "weight": "2"}, "weight", "row weights"),
        ({"question": "q", "answer": "a", "reasoning": "because"}, "reasoning", "reasoning"),
    ],
)
def test_what_is_left_out_is_named(import_file, row: dict[str, Any], column: str, meaning: str) -> None:
    def varied(n: int) -> dict[str, Any]:
        return {
            k: f"{v} number {n}" if k in ("question", "answer", "rejected", "reasoning") else v
            for k, v in row.items()
        }

    proposal = import_file(made(varied), "x.jsonl").result.proposal
    assert proposal.roles[column] == Role.IGNORE
    assert meaning in proposal.meanings[column]
    if column in ("rejected", "tools"):
        assert any(f"“{column}”" in warning for warning in proposal.warnings)


def test_every_task_that_is_offered_is_complete(import_file) -> None:
    text = made(
        lambda n: {
            "id": n,
            "Question": question(n % 7),
            "Answer": ["Yes.", "No.", "Ask us."][n % 3],
            "topic": "ab"[n % 2],
        }
    )
    proposal = import_file(text, "x.jsonl").result.proposal
    assert set(proposal.by_task) == set(TASKS)
    for task, roles in proposal.by_task.items():
        assert not TASKS[task].missing_roles(roles)
        assert set(roles.values()) <= TASKS[task].usable
        assert len(set(roles.values())) == len(roles)
    assert proposal.by_task["chat"] == {"Question": "input", "Answer": "target"}
    assert proposal.by_task["classification"] == {"Question": "input", "topic": "label"}
