"""Tables with one turn a row: what stands beside the turns, marks of bad ones, and trees of several answers."""

import json
from typing import Any

import pytest

from workers.runtime.reporter import JobError

Rows = list[dict[str, Any]]


def lines(rows: Rows) -> str:
    return "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)


def talks(beside: Any, count: int = 40) -> Rows:
    return [
        {"conversation_id": f"c{n}", "role": ["user", "assistant"][turn], "content": f"{'Ask' if turn == 0 else 'Say'} {n}", **beside(n, turn)}
        for n in range(count) for turn in range(2)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "good", "bad"), [("rating", "good", "bad"), ("mask", "no", "yes"), ("deleted", False, True), ("score", 1, -1), ("评价", "好", "差")]
)  # fmt: skip
def test_turns_marked_as_bad_are_not_learned(
    import_file, freeze_rows, name: str, good: Any, bad: Any
) -> None:
    file = lines(talks(lambda n, turn: {name: bad if n % 4 == 0 else good} if turn else {}))
    proposal = import_file(file, "x.jsonl").result.proposal
    assert f"“{name}” marks turns as good or bad. Bad answers are not used for training." in proposal.why
    frozen = freeze_rows(file, "chat", proposal.roles, name="x.jsonl")
    assert {int(row["target"].split()[1]) % 4 for row in frozen.rows} == {1, 2, 3}
    assert frozen.reasons == {"Every answer is marked in the file as bad or as excluded from training": 10}


def test_what_holds_for_the_whole_conversation_stays(import_file, freeze_rows) -> None:
    rows = talks(
        lambda n, turn: {"split": ["train", "train", "validation", "test"][n % 4], "system_prompt": "Be kind.", "seconds": n * 2 + turn}
    )  # fmt: skip
    proposal = import_file(lines(rows), "x.jsonl").result.proposal
    assert proposal.roles == {
        "conversation_id": "ignore", "messages": "messages", "split": "split", "system_prompt": "system",
    }  # fmt: skip
    assert "Columns that differ within a conversation were skipped: “seconds”." in proposal.why
    frozen = freeze_rows(lines(rows), "chat", proposal.roles, name="x.jsonl")
    assert frozen.result.rows == {"train": 20, "validation": 10, "test": 10}
    assert frozen.rows[0]["prompt"][0]["content"] == "Be kind."


def test_a_cell_that_only_the_first_turn_has_stays(import_file) -> None:
    rows = talks(lambda n, turn: {} if turn else {"system_prompt": f"Be kind to {n}."})
    imported = import_file(lines(rows), "x.jsonl")
    assert [row["system_prompt"] for row in imported.rows[:2]] == ["Be kind to 0.", "Be kind to 1."]


def tree(n: int, rank: Any) -> Rows:
    """A question, three answers, and after the second one a question with two answers."""
    said = [
        ("q", None, "prompter", "Ask"), ("a0", "q", "assistant", "Alternative"), ("a1", "q", "assistant", "Best"),
        ("a2", "q", "assistant", "Alternative"), ("f", "a1", "prompter", "Ask again"), ("b0", "f", "assistant", "Best"),
        ("b1", "f", "assistant", "Alternative"), ("g", "a0", "prompter", "Alternative"),
    ]  # fmt: skip
    return [
        {"message_id": f"{n}{name}", "parent_id": parent and f"{n}{parent}", "role": role, "text": f"{text} {n}", **rank(text)}
        for name, parent, role, text in said
    ]  # fmt: skip


@pytest.mark.parametrize(
    "rank",
    [
        lambda text: {"rank": None if "Ask" in text else 0 if text == "Best" else 2},
        lambda text: {"score": 7 if text == "Best" else 1},
        lambda text: {"deleted": text == "Alternative"},
    ],
)
@pytest.mark.parametrize("shuffled", [False, True])
def test_of_several_answers_the_best_is_learned(import_file, freeze_rows, rank: Any, shuffled: bool) -> None:
    rows = [row for n in range(40) for row in tree(n, rank)]
    rows = sorted(rows, key=lambda row: row["message_id"][::-1]) if shuffled else rows
    proposal = import_file(lines(rows), "x.jsonl").result.proposal
    assert "320 rows were joined into 40 conversations by “parent_id”." in " ".join(proposal.why)
    assert "160 turns were skipped because another reply to the same turn is kept" in " ".join(proposal.why)
    frozen = freeze_rows(lines(rows), "chat", proposal.roles, name="x.jsonl")
    assert len(frozen.rows) == 40
    for row in frozen.rows:
        said = [message["content"].rpartition(" ")[0] for message in row["prompt"]] + [
            row["target"].split()[0]
        ]
        assert said == ["Ask", "Best", "Ask again", "Best"]


def test_a_tree_without_ranks_keeps_the_first_answer_and_one_that_goes_in_circles_ends(import_file) -> None:
    rows = [row for n in range(40) for row in tree(n, lambda text: {})]
    rows += [
        {"message_id": "x", "parent_id": "y", "role": "prompter", "text": "Circle"},
        {"message_id": "y", "parent_id": "x", "role": "assistant", "text": "Circle"},
        {"message_id": "z", "parent_id": "z", "role": "assistant", "text": "Circle"},
        {"message_id": "w", "parent_id": "away", "role": "prompter", "text": "Alone"},
    ]
    imported = import_file(lines(rows), "x.jsonl")
    said = [[turn["content"] for turn in json.loads(row["messages"])] for row in imported.rows]
    assert said == [
        *[[f"Ask {n}", f"Alternative {n}", f"Alternative {n}"] for n in range(40)],
        ["Circle"],
        ["Alone"],
    ]
    assert "is kept: the first one, with the turns after it." in " ".join(imported.result.proposal.why)


def test_a_turn_without_a_mark_is_learned(import_file) -> None:
    rows = talks(lambda n, turn: {"deleted_at": "2024-01-01" if (n, turn) == (3, 1) else None})
    imported = import_file(lines(rows), "x.jsonl")
    unlearned = [n for n, row in enumerate(imported.rows) if "weight" in row["messages"]]
    assert unlearned == [3]


def test_a_tree_is_seen_in_a_table_much_longer_than_its_sample(import_file) -> None:
    rows = [row for n in range(1_500) for row in tree(n, lambda text: {})]
    rows = sorted(rows, key=lambda row: hash(row["message_id"][::-1]))
    imported = import_file(lines(rows), "x.jsonl")
    assert imported.result.rows == 1_500
    assert all(
        len({turn["content"].split()[-1] for turn in json.loads(row["messages"])}) == 1
        for row in imported.rows
    )


def test_turns_whose_parents_are_elsewhere_are_not_joined(import_file) -> None:
    rows = [
        {**row, "parent_id": f"elsewhere {row['parent_id']}"}
        for n in range(20)
        for row in tree(n, lambda text: {})
    ]
    assert import_file(lines(rows), "x.jsonl").result.rows == 160


def test_first_turns_that_name_themselves_as_parent_begin_conversations(import_file) -> None:
    rows = [
        {**row, "parent_id": row["parent_id"] or row["message_id"]}
        for n in range(20)
        for row in tree(n, lambda text: {})
    ]
    assert import_file(lines(rows), "x.jsonl").result.rows == 20


def test_a_tree_in_which_no_conversation_begins(import_file) -> None:
    rows = [
        {
            "message_id": f"{n}",
            "parent_id": f"{n ^ 1}",
            "role": ["user", "assistant"][n % 2],
            "text": f"Say {n}",
        }
        for n in range(80)
    ]
    with pytest.raises(JobError, match="no conversation begins"):
        import_file(lines(rows), "x.jsonl")


def test_a_long_chain_ends_and_says_so(import_file) -> None:
    rows = [
        {
            "message_id": f"{n}",
            "parent_id": n and f"{n - 1}",
            "role": ["user", "assistant"][n % 2],
            "text": f"Say {n}",
        }
        for n in range(1_100)
    ]
    imported = import_file(lines(rows), "x.jsonl")
    assert len(json.loads(imported.rows[0]["messages"])) == 1_000
    said = " ".join(imported.result.proposal.why)
    assert "Conversations are limited to 1,000 turns. 100 turns after the limit were skipped." in said
    assert "another reply" not in said


@pytest.mark.parametrize(
    ("length", "beside", "replies", "cut"),
    [(1_003, 4, 4, 3), (1_000, 4, 4, 0), (1_400, 0, 0, 400), (30, 6, 6, 0)],
)
def test_each_turn_that_is_left_out_is_counted_once(
    import_file, length: int, beside: int, replies: int, cut: int
) -> None:
    """A chain with other replies to its sixth turn, the last of which go on, and with one to a turn after its cut."""
    chain = [(f"c{n}", f"c{n - 1}" if n else None) for n in range(length)]
    other = [(f"o{n}", "c5" if n < 3 else f"o{n - 1}") for n in range(beside)]
    late = [("late", f"c{length - 1}")] if cut else []
    short = [(f"s{n}{turn}", f"s{n}0" if turn else None) for n in range(30) for turn in range(2)]
    rows = [
        {"message_id": name, "parent_id": parent, "role": ["user", "assistant"][int(name[-1], 36) % 2], "text": f"Say {name}"}
        for name, parent in [*chain, *other, *late, *short]
    ]  # fmt: skip
    imported = import_file(lines(rows), "x.jsonl")
    said = " ".join(imported.result.proposal.why)
    left_out = len(rows) - sum(len(json.loads(row["messages"])) for row in imported.rows)
    assert left_out == replies + cut + len(late)
    assert (f"{replies:,} turns were skipped because another reply" in said) is bool(replies)
    assert (f"{cut + len(late):,} turns after the limit were skipped." in said) is bool(cut)


@pytest.mark.parametrize(
    "when",
    [lambda n: f"2024-01-01T10:{n % 60:02d}:00", lambda n: n, lambda n: f"2024-01-01 {n % 24:02d}:00:00Z"],
)
def test_turns_are_ordered_by_time_where_nothing_counts_them(import_file, when: Any) -> None:
    rows = talks(lambda n, turn: {"timestamp": when(turn)})[::-1]
    imported = import_file(lines(rows), "x.jsonl")
    assert {tuple(turn["role"] for turn in json.loads(row["messages"])) for row in imported.rows} == {
        ("user", "assistant")
    }
    assert "The turns of each conversation are in the order of “timestamp”." in imported.result.proposal.why


@pytest.mark.parametrize(
    ("name", "said"),
    [("direction", ("in", "out")), ("type", ("inbound", "outbound")), ("direction", ("Received", "Sent"))],
)
def test_directions_say_who_speaks(import_file, name: str, said: tuple[str, str]) -> None:
    rows = [{"thread": f"t{n // 4}", name: said[n % 2], "body": f"Say {n} to them"} for n in range(80)]
    imported = import_file(lines(rows), "x.jsonl")
    assert imported.result.rows == 20
    assert [turn["role"] for turn in json.loads(imported.rows[0]["messages"])] == ["user", "assistant"] * 2


@pytest.mark.parametrize("name", ["chat_id", "Thread", "session-id"])
def test_the_number_of_a_conversation_is_no_label(import_file, name: str) -> None:
    rows = [{name: f"t{n // 4}", "text": f"Say {n} to them at desk {n % 7}"} for n in range(80)]
    assert import_file(lines(rows), "x.jsonl").result.proposal.task_type != "classification"
