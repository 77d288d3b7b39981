"""Rows that hold several turns or several languages in columns of their own."""

import csv
import io
from collections.abc import Callable, Sequence

import pytest

from workers.contracts.tasks import TaskName

TURNS = [
    lambda n: f"Where is parcel {n} that I sent?",
    lambda n: f"It came to desk {n}.",
    lambda n: f"And when, {n}?",
    lambda n: f"On day {n} at noon.",
]


def table(names: Sequence[str], row: Callable[[int], Sequence[object]], count: int = 40) -> str:
    stream = io.StringIO()
    csv.writer(stream).writerows([names, *map(row, range(count))])
    return stream.getvalue()


def turns(n: int) -> list[str]:
    return [turn(n) for turn in TURNS]


@pytest.mark.parametrize(
    "names",
    [
        ("user_1", "bot_1", "user_2", "bot_2"),
        ("human1", "assistant1", "human2", "assistant2"),
        ("Turn 1 User", "Turn 1 Assistant", "Turn 2 User", "Turn 2 Assistant"),
        ("userMessage1", "botMessage1", "userMessage2", "botMessage2"),
        ("user", "assistant", "user", "assistant"),
        ("用户1", "助手1", "用户2", "助手2"),
    ],
)
@pytest.mark.parametrize("order", [(0, 1, 2, 3), (2, 3, 0, 1)])
def test_numbered_turns_are_one_conversation(
    import_file, freeze_rows, names: tuple[str, ...], order: tuple[int, ...]
) -> None:
    if names[0] == names[2]:
        order = (0, 1, 2, 3)  # Only the order numbers these.
    short = [4 if n % 2 else 2 for n in range(40)]
    text = table(
        [names[at] for at in order],
        lambda n: [turns(n)[at] if at < short[n] else "" for at in order],
    )
    proposal = import_file(text).result.proposal
    assert (proposal.task_type, proposal.roles["messages"]) == ("chat", "messages")
    assert "Each row contains the turns of one conversation in separate columns" in " ".join(proposal.why)
    frozen = freeze_rows(text, "chat", proposal.roles)
    said = [[*(message["content"] for message in row["prompt"]), row["target"]] for row in frozen.rows]
    assert sorted(said) == sorted(turns(n)[: short[n]] for n in range(40))


@pytest.mark.parametrize(
    ("names", "row"),
    [
        (("article", "human_1", "model_1", "human_2", "model_2"), lambda n: ["A long text on parcels. " * 9, *turns(n)]),
        (("prompt", "human_1", "model_1", "human_2", "model_2"), lambda n: [f"Say {n}", *turns(n)]),
        (("text", "label", "user_1", "agent_1", "user_2", "agent_2"), lambda n: [TURNS[0](n), "ab"[n % 2], f"u{n}", f"a{n}", f"u{n + 1}", f"a{n + 1}"]),
        (("question_1", "answer_1", "question_2", "answer_2"), turns),
        (("user", "assistant"), lambda n: turns(n)[:2]),
        (("user_1", "user_2", "bot"), lambda n: turns(n)[:3]),
        (("user_1", "bot_1", "user_2", "bot_2"), lambda n: [turns(n)[0], "", turns(n)[2], turns(n)[3]]),
    ],
)  # fmt: skip
def test_other_numbered_columns_stay(
    import_file, names: tuple[str, ...], row: Callable[[int], list[str]]
) -> None:
    assert "messages" not in import_file(table(names, row)).result.proposal.roles


ENGLISH = (lambda n: f"Where is parcel {n} that I sent?", lambda n: f"It came to desk {n}.")
GERMAN = (lambda n: f"Wo ist das Paket {n}, das ich geschickt habe?", lambda n: f"Es kam an Tisch {n} an.")


@pytest.mark.parametrize(
    ("names", "languages"),
    [
        (("question_en", "answer_en", "question_de", "answer_de"), {"en", "de"}),
        (("de_question", "de_answer", "question", "answer"), {"de", None}),
        (("Question (English)", "Answer (English)", "Question (German)", "Answer (German)"), {"en", "de"}),
        (("instruction_en", "output_en", "instruction_de", "output_de"), {"en", "de"}),
    ],
)
def test_each_language_is_a_row(
    import_file, freeze_rows, names: tuple[str, ...], languages: set[str | None]
) -> None:
    is_german = [language in ("de", "German)") or "de" in name.split("_") for name in names for language in [name.split(" (")[-1]]]  # fmt: skip
    text = table(
        ["id", *names],
        lambda n: [n, *((GERMAN if german else ENGLISH)[at % 2](n) for at, german in enumerate(is_german))],
    )
    imported = import_file(text)
    assert {row["language"] for row in imported.rows} == languages
    assert "Each language became a separate row." in " ".join(imported.result.proposal.why)
    proposal = imported.result.proposal
    frozen = freeze_rows(text, proposal.task_type, proposal.roles)
    assert {(row["prompt"][0]["content"], row["target"]) for row in frozen.rows} == {
        (asked(n), answered(n)) for asked, answered in (ENGLISH, GERMAN) for n in range(40)
    }


def test_a_row_without_one_language_is_a_row_in_the_others(import_file) -> None:
    names = ("question_en", "answer_en", "question_de", "answer_de")
    text = table(
        names,
        lambda n: [ENGLISH[0](n), ENGLISH[1](n), *((GERMAN[0](n), GERMAN[1](n)) if n % 4 else ("", ""))],
    )
    assert import_file(text).result.rows == 70


@pytest.mark.parametrize(
    ("names", "row", "task"),
    [
        (("text_en", "text_de"), lambda n: [ENGLISH[0](n), GERMAN[0](n)], "translation"),
        (("question_en", "question_de"), lambda n: [ENGLISH[0](n), GERMAN[0](n)], "translation"),
        (("question_en", "question_de", "answer"), lambda n: [ENGLISH[0](n), GERMAN[0](n), ENGLISH[1](n)], "translation"),
        (("question", "answer", "lang"), lambda n: [ENGLISH[0](n), ENGLISH[1](n), "en"], "chat"),
        (("question_en", "answer_en"), lambda n: [ENGLISH[0](n), ENGLISH[1](n)], None),
    ],
)  # fmt: skip
def test_other_tables_with_languages_stay(
    import_file, names: tuple[str, ...], row: Callable[[int], list[str]], task: TaskName | None
) -> None:
    imported = import_file(table(names, row))
    assert (imported.result.rows, set(imported.result.proposal.roles)) == (40, set(names))
    assert task is None or imported.result.proposal.task_type == task
