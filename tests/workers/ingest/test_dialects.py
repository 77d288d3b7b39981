"""Delimited text as people and programs write it beside the standard: every way yields the same rows."""

from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workers.ingest import dialect

PAIRS = [(f"How, I ask {n}, is it?", f"It's like so, {n}") for n in range(30)]
PLAIN = [(f"My parcel {n} is late", "ab"[n % 2]) for n in range(30)]


def quoted(mark: str, between: str, escaped: str) -> Callable[[list[tuple[str, str]]], str]:
    def write(rows: list[tuple[str, str]]) -> str:
        lines = (between.join(mark + cell.replace(mark, escaped) + mark for cell in row) for row in rows)
        return "\n".join(["question" + between + "answer", *lines]) + "\n"

    return write


@pytest.mark.parametrize(
    "write",
    [
        quoted('"', ",", '""'),
        quoted('"', ", ", '""'),
        quoted('"', " , ", '""'),
        quoted('"', "; ", '""'),
        quoted('"', ", ", '\\"'),
        quoted("'", ",", "''"),
        quoted("'", ", ", "''"),
        quoted("'", ",", "\\'"),
    ],
)
def test_quotation_marks_are_no_part_of_a_cell(import_file, write) -> None:
    imported = import_file(write(PAIRS), "x.csv")
    assert [(row["question"], row["answer"]) for row in imported.rows] == PAIRS
    assert imported.result.rejected == 0


@pytest.mark.parametrize("between", ["||", " || ", "::", "\t|\t", "~|~", "\\t", "|||", "\t\t", "<tab>"])
@pytest.mark.parametrize("ending", [".csv", ".txt"])
def test_delimiters_of_several_characters(import_file, between: str, ending: str) -> None:
    text = "\n".join(between.join(row) for row in [("text", "label"), *PLAIN]) + "\n"
    assert [(row["text"], row["label"]) for row in import_file(text, "x" + ending).rows] == PLAIN


def test_as_many_tabs_as_line_up(import_file) -> None:
    lines = [text + "\t" * (1 + n % 3) + label for n, (text, label) in enumerate(PLAIN)]
    imported = import_file("text\t\tlabel\n" + "\n".join(lines), "x.tsv")
    assert [(row["text"], row["label"]) for row in imported.rows] == PLAIN
    assert imported.result.format == "tsv"


def test_an_empty_cell_between_tabs_stays_one(import_file) -> None:
    lines = [
        f"{text}\t\t{label}" if n % 2 else f"{text}\tx\t{label}" for n, (text, label) in enumerate(PLAIN)
    ]
    imported = import_file("text\tnote\tlabel\n" + "\n".join(lines), "x.tsv")
    assert [(row["note"], row["label"]) for row in imported.rows[:2]] == [("x", "a"), (None, "b")]


def test_comment_lines_are_told_and_not_learned(import_file) -> None:
    rows = [f"{text},{label}" for text, label in PLAIN]
    rows.insert(15, '# half "way')
    head = ["# exported on Monday", "# by Ana, in Porto", "text,label"]
    imported = import_file("\n".join([*head, *rows]), "x.csv")
    assert [(row["text"], row["label"]) for row in imported.rows] == PLAIN
    assert (imported.result.comments, imported.result.rejected) == (3, 0)


PARTS = {
    "row": ("text {n},a", '"quoted, {n}",b'),
    "bad": ("a,b,c,d,e{n}", 'x{n},"a" b'),
    "comment": ("# exported on day {n}", '# by "Ana, in Porto, {n}', '#half "way,{n},x', '# "open, {n}, x'),
    "blank": ("", "   "),
}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.sampled_from([(k, i) for k, ways in PARTS.items() for i in range(len(ways))]), max_size=25)
)
def test_rows_rejects_blank_lines_and_comments_are_all_lines(
    import_file, parts: list[tuple[str, int]]
) -> None:
    rows = [("row", 0)] * 60
    lines = [*rows[:30], *parts, *rows[30:]]
    told = ["# exported on Monday", "text,label"] + [
        PARTS[kind][way].format(n=n) for n, (kind, way) in enumerate(lines)
    ]
    result = import_file("\n".join(told) + "\n", "x.csv").result
    counts = Counter(kind for kind, _ in lines)
    assert (result.rows, result.rejected, result.blank, result.comments) == (
        counts["row"],
        counts["bad"],
        counts["blank"],
        counts["comment"] + 1,
    )
    assert result.rows + result.rejected + result.blank + result.comments + 1 == len(told)


@pytest.mark.parametrize("delimiter", ["||", "\t\t"])
def test_a_line_that_is_too_long_does_not_end_the_file(import_file, delimiter: str) -> None:
    lines = [f"{text}{delimiter}{label}" for text, label in PLAIN]
    lines.insert(20, "x" * 2000 + f"{delimiter}a")
    imported = import_file(f"text{delimiter}label\n" + "\n".join(lines), "x.txt", max_cell_bytes=100)
    assert [(row["text"], row["label"]) for row in imported.rows] == PLAIN
    assert [reject["line"] for reject in imported.rejected] == [22]


def test_what_begins_with_a_hash_may_be_a_row_or_a_header(import_file) -> None:
    text = "#text,label\n" + "".join(f"#late {text},{label}\n" for text, label in PLAIN)
    imported = import_file(text, "x.csv")
    assert (imported.result.rows, imported.rows[0]["#text"]) == (30, "#late " + PLAIN[0][0])


def test_apostrophes_are_no_quotation_marks(import_file) -> None:
    rows = [(f"'Tis late {n}, isn't it", "ab"[n % 2]) for n in range(30)]
    imported = import_file("text;label\n" + "".join(f"{text};{label}\n" for text, label in rows), "x.csv")
    assert [(row["text"], row["label"]) for row in imported.rows] == rows


@pytest.mark.parametrize("separator", ["\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1e"])
def test_what_divides_lines_only_for_python_stays_in_its_cell(import_file, separator: str) -> None:
    rows = [
        (f"How do I send {n} back?", f"Open it{separator}choose refund{separator}order {n}")
        for n in range(40)
    ]
    text = "question,answer\n" + "".join(f"{question},{answer}\n" for question, answer in rows)
    assert [(row["question"], row["answer"]) for row in import_file(text, "x.csv").rows] == rows


@pytest.mark.parametrize(
    ("header", "rows"),
    [
        (("प्रश्न", "उत्तर"), [(f"आदेश {n} कहाँ है?", f"आदेश {n} दुकान में है") for n in range(40)]),
        (("คำถาม", "คำตอบ"), [(f"คำสั่งซื้อ {n} อยู่ที่ไหน", f"อยู่ที่ร้าน {n}") for n in range(40)]),
        (("Kundentext", "Art"), [(f"Hallo {n}", "ab"[n % 2]) for n in range(40)]),
        (
            ("What the customer asked us", "What we answered them then"),
            [(f"Where is my order {n}?", f"It will come in {n} days.") for n in range(40)],
        ),
        (("Deutsch", "Englisch"), [(f"Haus {n}", f"house {n}") for n in range(40)]),
    ],
)
def test_headers_of_tables_that_are_all_text(import_file, header, rows) -> None:
    imported = import_file("\n".join(map(",".join, [header, *rows])), "x.csv")
    assert [column.name for column in imported.result.columns] == list(header)
    assert imported.result.rows == 40


@pytest.mark.parametrize(
    "row",
    [
        ("Where is my order {n}?", "It will come in {n} days."),
        ("Where is order {n} of mine", "It will come in {n} days"),
        ("My parcel {n}", "late"),
    ],
)
def test_a_first_row_of_data_is_no_header(import_file, row: tuple[str, str]) -> None:
    text = "".join(",".join(row).format(n=n) + "\n" for n in range(40))
    assert import_file(text, "x.csv").result.rows == 40


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("text,label\n\nlate,a\n\n  \nlost,b\n,\nbroken\n\n", "x.csv"),
        ('{"text": "a"}\n\n{"text": \n   \n{"text": "b"}\n\n', "x.jsonl"),
        ("First line\nof one\n\nSecond\nof two\n\n\nThird\nof three\n", "x.txt"),
    ],
)
def test_blank_lines_are_counted(import_file, text: str, name: str) -> None:
    result = import_file(text, name).result
    blank = sum(not line.strip(" ,") for line in text.split("\n")[:-1])
    assert result.blank == blank
    if name != "x.txt":  # where a row has two lines
        header = name == "x.csv"
        assert result.rows + result.rejected + result.blank + header == text.count("\n")


def test_the_dialect_of_a_file_is_found_once(import_file, monkeypatch) -> None:
    looked = []
    masked = dialect.masked
    monkeypatch.setattr(dialect, "masked", lambda sample: looked.append(sample) or masked(sample))
    dialect.find_dialect.cache_clear()
    for name in ("x.csv", "x.tsv"):
        lines = "\n".join(("\t" if name == "x.tsv" else ",").join(row) for row in PLAIN)
        assert import_file(f"{lines}\n", name).result.rows == len(PLAIN)
    assert len(looked) == 2
