"""Texts that people export for another use: chats of WhatsApp, quizzes, subtitles, and questions marked by a letter."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workers.runtime.reporter import JobError

QUESTIONS = ["How do I send kettle {n} back, please?", "Where is order {n}: here?", "Can I pay {n} by card?"]
ANSWERS = ["Open order {n}, choose refund.", "It is on its way - {n}.", "Yes, all cards {n}."]
FORMS = {
    "Android": "{day:02d}/03/2024, {hour:02d}:{minute:02d} - {who}: {text}",
    "Android, American": "3/{day}/24, {half}:{minute:02d} {ampm} - {who}: {text}",
    "Android, narrow space": "3/{day}/24, {half}:{minute:02d}\u202f{ampm} - {who}: {text}",
    "iPhone": "[{day:02d}.03.24, {hour:02d}:{minute:02d}:07] {who}: {text}",
    "iPhone, marks": "\u200e[{day:02d}/03/2024, {hour:02d}:{minute:02d}:07] ~ {who}: {text}",
}
NO_FIXTURE_RESET = [HealthCheck.function_scoped_fixture]


def pair(n: int) -> tuple[str, str]:
    return QUESTIONS[n % 3].format(n=n), ANSWERS[n % 3].format(n=n)


def message(form: str, day: int, hour: int, minute: int, who: str, text: str) -> str:
    half, ampm = hour % 12 or 12, "PM" if hour >= 12 else "AM"
    return FORMS[form].format(day=day, hour=hour, half=half, ampm=ampm, minute=minute, who=who, text=text)


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=12, deadline=None, suppress_health_check=NO_FIXTURE_RESET)
@given(
    hour=st.integers(0, 19),
    days=st.lists(st.integers(1, 4), min_size=4, max_size=15),
    people=st.sampled_from([("Ann", "Bob"), ("Ann Lee", "+49 170 1234"), ("Customer", "Support")]),
    below=st.booleans(),
)
def test_a_chat_of_two_is_conversations_of_a_user_and_an_assistant(
    import_file: Any, form: str, hour: int, days: list[int], people: tuple[str, str], below: bool
) -> None:
    lines, expected = ["3/1/24, 10:00 - Messages and calls are end-to-end encrypted."], []
    for day, pairs in enumerate(days, start=1):
        turns = []
        for n in range(pairs):
            question, answer = pair(day * 10 + n)
            lines.append(message(form, day, hour, 2 * n, people[0], question))
            lines.append(message(form, day, hour, 2 * n, people[0], "<Media omitted>"))
            lines.append(message(form, day, hour, 2 * n + 1, people[1], answer))
            lines += ["and so on"] if below else []
            turns += [("user", question), ("assistant", answer + ("\nand so on" if below else ""))]
        expected.append(turns)
    imported = import_file("\n".join(lines) + "\n", "chat.txt")
    read = [
        [(turn["role"], turn["content"]) for turn in json.loads(row["messages"])] for row in imported.rows
    ]
    assert read == expected
    assert imported.result.proposal.task_type == "chat"
    assert f"“{people[0]}” is treated as the user" in imported.result.proposal.warnings[0]


def test_a_chat_of_three_keeps_its_speakers(import_file) -> None:
    lines = [message("Android", 1, 10, n, ("Ann", "Bob", "Cem")[n % 3], pair(n)[0]) for n in range(30)]
    imported = import_file("\n".join(lines), "chat.txt")
    assert [(row["speaker"], row["text"]) for row in imported.rows[:2]] == [
        ("Ann", pair(0)[0]),
        ("Bob", pair(1)[0]),
    ]
    assert "chat of 3 people" in imported.result.proposal.warnings[0]


@pytest.mark.parametrize(
    "line",
    [
        "12/03/2024, 10:{n:02d} - ERROR: disk {n} is full",
        "[12/03/2024 10:{n:02d}] ann: text {n}",
        "Ann, 10:{n:02d}: Hello {n}",
    ],
)
def test_other_lines_with_times_stay_text(import_file, line: str) -> None:
    lines = [line.format(n=n).replace("ERROR", ("ERROR", "INFO")[n % 2]) for n in range(40)]
    imported = import_file("\n".join(lines), "x.log")
    assert [" ".join(filter(None, list(row.values())[1:])) for row in imported.rows][:1] != []
    assert not any("WhatsApp" in warning for warning in imported.result.proposal.warnings)


MARKS = ["Q) {q}\nA) {a}\n", "Q. {q}\nA. {a}\n", "Q - {q}\nA - {a}\n", "Q – {q}\nA – {a}\n"]


@pytest.mark.parametrize("marks", MARKS)
@pytest.mark.parametrize("between", ["", "\n"])
def test_questions_and_answers_marked_by_a_letter(import_file, freeze_rows, marks: str, between: str) -> None:
    text = between.join(marks.format(q=pair(n)[0], a=pair(n)[1]) for n in range(40))
    proposal = import_file(text, "faq.txt").result.proposal
    assert proposal.task_type == "chat"
    frozen = freeze_rows(text, "chat", proposal.roles, name="faq.txt")
    said = {(row["prompt"][-1]["content"], row["target"]) for row in frozen.rows}
    assert said == {pair(n) for n in range(40)}


@pytest.mark.parametrize(
    "text",
    [
        "".join(f"A. Smith wrote {n}\nB. Jones read it\n" for n in range(20)),
        "".join(f"Q. {n}\n" for n in range(20)),
        "A. First of all\n" + "".join(f"Q. Why {n}?\nA. So\n" for n in range(2)),
    ],
)
def test_other_letters_stay_in_the_text(import_file, text: str) -> None:
    imported = import_file(text, "x.txt")
    assert "\n".join(row["text"] for row in imported.rows) == text.strip()


OTHER_USES = {
    "Aiken": "What is {n} + 1?\nA. {n}\nB. {m}\nC. none\nANSWER: B\n\n",
    "Aiken with brackets": "{m}. What is {n} + 1?\nA) {n}\nB) {m}\nAnswer: B\n",
    "GIFT": "::Q{n}:: What is {n} + 1? {{={m} ~{n} ~none}}\n\n",
    "GIFT over lines": "// number {n}\n\n::Q{n}::What is {n} + 1?{{\n  ={m}\n  ~{n}\n}}\n\n",
    "GIFT, true or false": "Grant is buried in tomb {n}.{{T}}\n\n",
    "subtitles, SRT": "{m}\n00:00:{n:02d},000 --> 00:00:{m:02d},500\nWhere is it?\nHere.\n\n",
    "subtitles, VTT": "00:{n:02d}.000 --> 00:{m:02d}.500 align:start\nWhere is it?\n\n",
}


@pytest.mark.parametrize("use", OTHER_USES)
@pytest.mark.parametrize("ending", [".txt", ".srt", ".gift", ""])
def test_quizzes_and_subtitles_are_named(import_file, use: str, ending: str) -> None:
    text = "".join(OTHER_USES[use].format(n=n, m=n + 1) for n in range(20))
    named = (
        "This is a subtitle file"
        if use.startswith("sub")
        else f"multiple-choice quiz ({use[:5].strip(' ,')})"
    )
    with pytest.raises(JobError) as refused:
        import_file(text, "x" + ending)
    assert named in str(refused.value)


@pytest.mark.parametrize(
    "line",
    [
        "In step {n}, the arrow --> shows where to go at 10:15.",
        "The set {{a=b}} and {{x}} belong to rule {n}.",
        "The answer: B was given {n} times.",
        "A. First, open order {n}.",
        "Is it true {{T}} or false {{F}} in case {n}, we ask.",
    ],
)
def test_texts_with_such_signs_stay_texts(import_file, line: str) -> None:
    lines = [line.format(n=n) for n in range(40)]
    assert [row["text"] for row in import_file("\n".join(lines), "x.txt").rows] == lines
