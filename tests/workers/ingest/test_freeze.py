"""Freezing applies roles, checks rows and leaves exactly what the contract says."""

import hashlib
import json

import pyarrow.parquet as pq
import pytest

from workers.ingest.freeze import DATA_SCHEMA
from workers.runtime.reporter import JobError

PAIR = {"question": "input", "answer": "target"}
LABELLED = {"text": "input", "label": "label"}


def pairs(count: int = 30) -> str:
    return "question,answer\n" + "".join(f"question {n},answer {n}\n" for n in range(count))


def chats(*conversations: list[dict[str, object]], count: int = 25) -> str:
    filler = [
        [{"role": "user", "content": f"q{n}"}, {"role": "assistant", "content": f"a{n}"}]
        for n in range(count)
    ]
    return "\n".join(json.dumps({"messages": turns}) for turns in [*conversations, *filler])


def test_pairs_become_prompt_and_target(freeze_rows) -> None:
    frozen = freeze_rows(pairs(), "chat", PAIR)
    schema = pq.read_schema(frozen.folder / "data.parquet")
    assert schema.equals(DATA_SCHEMA)
    assert [row["line"] for row in frozen.rows] == list(range(2, 32))
    assert frozen.rows[4]["prompt"] == [{"role": "user", "content": "question 4"}]
    assert frozen.rows[4]["target"] == "answer 4"
    assert sum(frozen.result.rows.values()) == 30 == len({row["row_id"] for row in frozen.rows})
    assert frozen.result.input_characters["max"] == 11
    assert frozen.result.bytes > 0


def test_the_same_data_gives_the_same_bytes(freeze_rows) -> None:
    one, two = (freeze_rows(pairs(), "chat", PAIR) for _ in range(2))
    assert one.result.sha256 == two.result.sha256
    assert one.result.sha256 == hashlib.sha256((one.folder / "data.parquet").read_bytes()).hexdigest()
    assert freeze_rows(pairs(31), "chat", PAIR).result.sha256 != one.result.sha256


def test_every_row_is_kept_or_rejected_with_its_reason(freeze_rows) -> None:
    text = pairs(25) + "question 3,answer 3\n,no question\nno answer,\nragged\nQuestion 3,answer 3\n"
    frozen = freeze_rows(text, "chat", PAIR)
    assert [(reject["line"], reject["reason"]) for reject in frozen.rejected] == [
        (27, "Duplicate of line 5"),
        (28, "The input (column “question”) is empty"),
        (29, "The target (column “answer”) is empty"),
        (30, "Wrong number of cells: 1 instead of 2"),
    ]
    assert len(frozen.rows) + len(frozen.rejected) == 30
    assert frozen.result.rejected == 4 == sum(frozen.reasons.values())
    assert frozen.reasons["Duplicate of another line"] == 1


def test_instructions_take_context_and_system_prompt(freeze_rows) -> None:
    text = "\n".join(
        json.dumps(
            {
                "instruction": f"Sum up {n}",
                "input": "a text" if n else "",
                "output": "sum",
                "system": "Be brief",
            }
        )
        for n in range(25)
    )
    roles = {"instruction": "input", "input": "context", "output": "target", "system": "system"}
    frozen = freeze_rows(text, "instruction", roles, name="x.jsonl")
    system = {"role": "system", "content": "Be brief"}
    assert frozen.rows[0]["prompt"] == [system, {"role": "user", "content": "Sum up 0"}]
    assert frozen.rows[1]["prompt"] == [system, {"role": "user", "content": "Sum up 1\n\na text"}]
    assert "100% of the outputs are the same: “sum”. Check the column." in frozen.result.warnings


def test_generation_has_no_prompt_and_code_keeps_its_white_space(freeze_rows) -> None:
    text = "\n".join(
        json.dumps({"before": f"def f{n}():", "text": f"\n    return {n}  \n"}) for n in range(25)
    )
    story = freeze_rows(text, "generation", {"text": "target"}, name="x.jsonl")
    assert story.rows[0]["prompt"] == []
    code = freeze_rows(text, "code", {"before": "input", "text": "target"}, name="x.jsonl")
    assert (code.rows[0]["prompt"][0]["content"], code.rows[0]["target"]) == ("def f0():", "    return 0  ")


def test_conversations_are_brought_into_one_form(freeze_rows) -> None:
    sharegpt = [
        {"from": "system", "value": "Be kind"},
        {"from": "human", "value": "Hi"},
        {"from": "gpt", "value": "Hello"},
        {"from": "human", "value": "One"},
        {"from": "human", "value": "Two"},
        {"from": "gpt", "value": "Three"},
    ]
    parts = [
        {"role": "user", "content": [{"type": "text", "text": "Look"}]},
        {"role": "assistant", "content": [{"type": "text", "value": "I do"}]},
    ]
    frozen = freeze_rows(chats(sharegpt, parts), "chat", {"messages": "messages"}, name="x.jsonl")
    assert frozen.rows[0]["prompt"] == [
        {"role": "system", "content": "Be kind"},
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello"},
        {"role": "user", "content": "One\n\nTwo"},
    ]
    assert frozen.rows[0]["target"] == "Three"
    assert (frozen.rows[1]["prompt"][0]["content"], frozen.rows[1]["target"]) == ("Look", "I do")


@pytest.mark.parametrize(
    ("turns", "reason"),
    [
        ([("user", "Hi")], "contains no assistant answer"),
        ([("assistant", "Hi")], "No question comes before the answer"),
        ([("system", "Be kind")], "contains no assistant answer"),
        ([("user", "Hi"), ("assistant", " ")], "An assistant turn is empty"),
        (
            [("user", "Hi"), ("tool", "42"), ("assistant", "42")],
            "contains a tool call, which is not supported yet",
        ),
        ([("user", "Hi"), ("narrator", "42"), ("assistant", "42")], "role “narrator” is not supported"),
    ],
)
def test_conversations_without_an_answer_to_learn_are_rejected(
    freeze_rows, turns: list[tuple[str, str]], reason: str
) -> None:
    bad: list[dict[str, object]] = [{"role": role, "content": content} for role, content in turns]
    frozen = freeze_rows(chats(bad), "chat", {"messages": "messages"}, name="x.jsonl")
    assert [reject["line"] for reject in frozen.rejected] == [1]
    assert reason in frozen.rejected[0]["reason"]


def test_labels_are_trimmed_counted_and_single_ones_rejected(freeze_rows) -> None:
    rows = "".join(f'text {n}," {("yes", "no")[n % 2]} "\n' for n in range(30)) + "odd one,once\n"
    frozen = freeze_rows("text,label\n" + rows, "classification", LABELLED)
    assert frozen.result.labels == {"no": 15, "yes": 15}
    assert frozen.rejected[0]["line"] == 32
    assert frozen.rejected[0]["reason"] == "The label “once” occurs only in this row"


def test_uneven_and_contradicting_labels_are_warned_of(freeze_rows) -> None:
    rows = "".join(f"text {n},often\n" for n in range(100)) + "text 1,rare\nother,rare\n"
    warnings = freeze_rows("text,label\n" + rows, "classification", LABELLED).result.warnings
    assert any("Rows with “often”: 100. Rows with “rare”: 2." in warning for warning in warnings)
    assert any(warning.startswith("1 input occurs with different labels") for warning in warnings)


@pytest.mark.parametrize(
    ("text", "task_type", "roles", "code", "says"),
    [
        (pairs(3), "chat", PAIR, "too_few_rows", "Usable rows: 3. At least 20"),
        ("text,label\none,a\ntwo,b\nthree,c\n", "classification", LABELLED, "too_few_rows", "Usable rows: 3. At least 20 are needed."),
        (pairs(), "chat", {"question": "input"}, "role_missing", "target"),
        (pairs(), "chat", {"question": "input", "reply": "target"}, "no_such_column", "reply"),
        (pairs(), "chat", {"question": "target", "answer": "target"}, "role_twice", "“answer”"),
        (pairs(), "classification", {"question": "input", "answer": "label"}, "too_few_labels", "right column"),
        ("question,answer\n" + "".join(f"same,{n}\n" for n in range(30)), "chat", PAIR, "too_few_inputs", "1 different"),
        (
            "text,label\n" + "".join(f"text {n},label {n % 1_001}\n" for n in range(2_100)),
            "classification", LABELLED, "too_many_labels", "1,001",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_frozen_says_why(freeze_rows, text, task_type, roles, code, says) -> None:
    with pytest.raises(JobError) as caught:
        freeze_rows(text, task_type, roles)
    assert caught.value.code == code
    assert says in caught.value.message


def test_row_groups_have_ten_thousand_rows(freeze_rows) -> None:
    frozen = freeze_rows(pairs(25_000), "chat", PAIR)
    metadata = pq.ParquetFile(frozen.folder / "data.parquet").metadata
    assert [metadata.row_group(index).num_rows for index in range(metadata.num_row_groups)] == [
        10_000,
        10_000,
        5_000,
    ]


@pytest.mark.parametrize(("kinds", "listed"), [(5, 10), (50, 100), (51, 101), (100, 101), (101, 2)])
def test_all_rejected_rows_are_counted_whatever_their_reasons(freeze_rows, kinds: int, listed: int) -> None:
    """Each reason names another speaker or content. The page lists 100 reasons; one with more names is counted whole."""
    names = [chr(0x4E00 + n) * 2 for n in range(kinds) for _ in range(1 + n % 2)]
    talks = [[{"role": "user", "content": f"Where is {n}?"}, {"role": "assistant", "content": f"At desk {n}."}] for n in range(40)]  # fmt: skip
    question = {"role": "user", "content": "Where?"}
    refused = [[question, {"role": name, "content": "There."}] for name in names]
    refused += [[question, {"role": "assistant", "content": [{"type": name, name: "…"}]}] for name in names]
    file = "\n".join(json.dumps({"messages": talk}) for talk in [*talks, *refused])
    frozen = freeze_rows(file, "chat", {"messages": "messages"}, name="x.jsonl")
    assert frozen.result.rejected == 2 * len(names) == len(frozen.rejected)
    assert sum(frozen.reasons.values()) == 2 * len(names)
    assert len(frozen.reasons) == listed
    assert ("Other reasons" in frozen.reasons) is (50 < kinds <= 100)
