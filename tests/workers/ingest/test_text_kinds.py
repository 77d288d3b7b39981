"""Tables and lists that people write into plain text files, and files of other kinds, which are refused by name."""

import pytest

from workers.runtime.reporter import JobError


def question(n: int) -> str:
    return f"How do I send back kettle {n}, please?"


def answer(n: int) -> str:
    return f"Open order {n}, and choose refund."


TABLES = [
    ("| question | answer |\n|---|---|\n", "| {q} | {a} |\n", ""),
    ("| question | answer |\n|:-:|--:|\n", "| {q} | {a} |\n", ""),
    ("question | answer\n--- | ---\n", "{q} | {a}\n", ""),
    ("|question|answer|\n|-----|-----|\n", "|{q}|{a}|\n", ""),
    ("All questions\n\n| question | answer |\n| :--- | :--- |\n", "| {q} | {a} |\n", "title"),
]


@pytest.mark.parametrize(("head", "row", "title"), TABLES)
@pytest.mark.parametrize("name", ["faq.md", "faq.txt"])
def test_a_table_of_markdown_is_a_table(import_file, head: str, row: str, title: str, name: str) -> None:
    text = head + "".join(row.format(q=question(n), a=answer(n)) for n in range(30))
    imported = import_file(text, name)
    assert (imported.result.rows, imported.result.comments) == (30, 1)
    assert imported.result.rejected == bool(title)
    assert {key: imported.rows[4][key] for key in ("question", "answer")} == {
        "question": question(4),
        "answer": answer(4),
    }
    assert imported.result.proposal.task_type == "chat"


def test_a_table_of_markdown_keeps_its_names_and_bars(import_file) -> None:
    text = "| Kundenwunsch | Was wir sagen |\n|---|---|\n" + "".join(
        f"| Wunsch {n} | a \\| b {n} |\n" for n in range(30)
    )
    assert import_file(text, "x.md").rows[3] == {
        "__line": 6,
        "Kundenwunsch": "Wunsch 3",
        "Was wir sagen": "a | b 3",
    }


@pytest.mark.parametrize("arrow", [" => ", " -> ", " → ", " ==> ", " --> "])
def test_an_arrow_parts_two_texts(import_file, arrow: str) -> None:
    imported = import_file("".join(f"{question(n)}{arrow}{answer(n)}\n" for n in range(30)), "x.txt")
    assert imported.rows[2] == {"__line": 3, "column_1": question(2), "column_2": answer(2)}
    assert imported.result.proposal.task_type == "chat"


@pytest.mark.parametrize(
    "text",
    [
        "".join(f"const f{n} = (x) => {{\n  return x + {n};\n}};\n" for n in range(30)),
        "".join(f"It rained on day {n}.\nShe took the way home -> past the river {n}.\n" for n in range(30)),
        "".join(f"- It rained on day {n}, and then it did not.\n" for n in range(30)),
        "".join(f"- Note: it rained on day {n}.\n" for n in range(30)),
        "".join(f"Ann: it rained on day {n}.\n" for n in range(30)),
        "".join(f"I saw it on day {n} from the window I\n" for n in range(30)),
        "".join(f"<details><summary>Day {n}</summary>It was wet on day {n}.</details>\n" for n in range(30)),
        '<p align="center">A book</p>\n' + "".join(f"Day {n} was wet for everybody.\n" for n in range(30)),
        "".join(f"<b>Day {n}</b> was wet, and the next one was not.\n" for n in range(30)),
    ],
)
def test_prose_stays_prose(import_file, text: str) -> None:
    imported = import_file(text, "x.txt").result
    assert (imported.format, [column.name for column in imported.columns]) == ("text", ["text"])


@pytest.mark.parametrize(
    ("row", "name", "kind"),
    [
        ("Send O\nto O\nLyon B-LOC\n\n", "x.conll", "CoNLL"),
        ("Send\tVB\tO\nto\tTO\tO\nLyon\tNN\tB-LOC\n\n", "x.tsv", "CoNLL"),
        ("- question: {q}\n  answer: {a}\n", "x.yaml", "YAML"),
        ("- question: {q}\n  answer: {a}\n", "x.txt", "YAML"),
        ("<row><question>{q}</question><answer>{a}</answer></row>\n", "x.xml", "XML"),
        ('msgid "{q}"\nmsgstr "{a}"\n\n', "x.po", "gettext"),
        ("<table><tr><td>{q}</td><td>{a}</td></tr></table>\n", "x.xls", "HTML"),
    ],
)
def test_other_kinds_are_refused_by_name(import_file, row: str, name: str, kind: str) -> None:
    with pytest.raises(JobError, match=kind) as refused:
        import_file("".join(row.format(q=question(n), a=answer(n)) for n in range(30)), name)
    assert refused.value.code == "not_a_table"


def test_blank_lines_count_in_the_size_of_a_conversation(import_file) -> None:
    text = (
        "### Human:\nWhere?\n### Assistant:\nHere."
        + "\n" * 30_000
        + "### Human:\nAnd now?\n### Assistant:\nThere."
    )
    imported = import_file(text, "x.txt", max_cell_bytes=1_000)
    assert imported.result.blank > 20_000
    assert "There." in str(imported.rows)


TAGGED = [
    (
        "utterance,intent,slots\n",
        "late parcel {n},delivery,O O B-item\nkettle {n} back,returns,O O O\n",
        "x.csv",
    ),
    (
        "text\tlabel\n",
        "How do I get to stop {n}\tU-Bahn\nWhere is stop {n}\tS-Bahn\nWho rides {n}\tE-Bike\n",
        "x.tsv",
    ),
    ("food,vitamin\n", "soup {n},Vitamin B-12\nbread {n},Vitamin E-1\n", "x.csv"),
    ("text,aircraft\n", "It flew over hill {n},Boeing B-52\nIt landed on hill {n},Boeing B-17\n", "x.csv"),
    ("", "The pilot of day {n} flew the B-12\nOn day {n} Lyon wrote the E-Mail\n", "x.txt"),
    ("", "kettle{n} B-12\nlamp{n} E-3\n", "x.txt"),
]


@pytest.mark.parametrize(("head", "row", "name"), TAGGED)
def test_texts_that_end_like_a_tag_are_no_tagged_words(import_file, head: str, row: str, name: str) -> None:
    imported = import_file(head + "".join(row.format(n=n) for n in range(30)), name)
    assert imported.result.rows == 30 * row.count("\n")


@pytest.mark.parametrize(
    "line", ["If x => y{n} then the kettle goes.", "He went from Lyon {n} => Porto and he stayed."]
)
def test_an_arrow_within_a_sentence_parts_nothing(import_file, line: str) -> None:
    imported = import_file("".join(f"{line.format(n=n)}\n" for n in range(30)), "x.txt")
    assert imported.rows[4] == {"__line": 5, "text": line.format(n=4)}
