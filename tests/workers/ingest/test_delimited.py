"""CSV and TSV: delimiters, quoting, headers, ragged rows, physical line numbers."""

import pytest

from workers.ingest.header import column_names, looks_like_header
from workers.ingest.vocabulary import plain


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters(import_file, delimiter: str) -> None:
    lines = [["question", "answer"], ["When, please?", "At nine; daily"], ["Where?", "Main street"]]
    text = "\n".join(delimiter.join(f'"{cell}"' for cell in line) for line in lines)
    imported = import_file(text)
    assert [(row["question"], row["answer"]) for row in imported.rows] == [tuple(line) for line in lines[1:]]


def test_quoted_cells_span_lines_and_records_keep_their_first_line(import_file) -> None:
    imported = import_file('text,label\n"two\nlines, really",a\nplain,b\n"says ""hi""\r\n",c\nend,d\n')
    assert [(row["__line"], row["text"]) for row in imported.rows] == [
        (2, "two\nlines, really"),
        (4, "plain"),
        (5, 'says "hi"\r\n'),
        (7, "end"),
    ]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_line_endings(import_file, ending: str) -> None:
    imported = import_file(ending.join(["text,label", "one,a", "two,b", "three,a"]))
    assert [(row["__line"], row["label"]) for row in imported.rows] == [(2, "a"), (3, "b"), (4, "a")]


def test_ragged_rows_are_rejected_with_line_and_reason(import_file) -> None:
    imported = import_file("text,label\none,a\ntwo\nthree,b,c\nfour,d,\nfive,e\n")
    assert [row["text"] for row in imported.rows] == ["one", "four", "five"]
    assert imported.rejected == [
        {
            "line": 3,
            "reason": "Wrong number of cells: 1 instead of 2",
            "text": "two",
        },
        {
            "line": 4,
            "reason": "Wrong number of cells: 3 instead of 2",
            "text": "three,b,c",
        },
    ]


def test_a_stray_quote_does_not_swallow_the_rest(import_file) -> None:
    body = "".join(f"row {n},a\n" for n in range(50))
    imported = import_file(f'text,label\n{body}"never closed,b\n{body}')
    assert imported.result.rows == 100
    assert [(reject["line"], reject["text"]) for reject in imported.rejected] == [(52, '"never closed,b\n')]
    assert "never closed" in imported.rejected[0]["reason"]


def test_an_undoubled_quote_is_a_reject_rather_than_altered_text(import_file) -> None:
    imported = import_file('text,label\nfine,a\n"he said "hi" to me",b\nfine too,c\n')
    assert [row["text"] for row in imported.rows] == ["fine", "fine too"]
    assert "not doubled" in imported.rejected[0]["reason"]


def test_backslash_escaped_quotes_are_understood(import_file) -> None:
    rows = "".join(f'"he said \\"number {n}\\", twice",a\n' for n in range(5))
    assert import_file("text,label\n" + rows).rows[2]["text"] == 'he said "number 2", twice'


def test_literal_quotes_in_tab_separated_text(import_file) -> None:
    rows = "".join(f"sentence {n}\tSatz {n}\n" for n in range(20))
    imported = import_file(f'english\tgerman\n{rows}"Look!" he said.\t"Schau!", sagte er.\n', "pairs.tsv")
    assert imported.rows[-1]["english"] == '"Look!" he said.'
    assert imported.result.rejected == 0


@pytest.mark.parametrize(
    ("delimiter", "head"), [("\t", "text\tlabel\n"), ("\t", ""), (";", "text;label\n"), ("|", "text|label\n")]
)
def test_commas_of_sentences_are_no_delimiters(import_file, delimiter: str, head: str) -> None:
    rows = [f"Hello, my name is {n}, please help{delimiter}{'ab'[n % 2]}" for n in range(20)]
    imported = import_file(head + "\n".join(rows), "pasted.txt")
    assert imported.result.rows == 20
    assert list(imported.rows[3].values())[1:] == ["Hello, my name is 3, please help", "b"]


def test_as_many_commas_in_each_quoted_cell(import_file) -> None:
    rows = "".join(f'"[{n},2,3,4,5,6,7,8,9]",{"ab"[n % 2]}\n' for n in range(20))
    imported = import_file("vector,label\n" + rows)
    assert (imported.result.rejected, imported.rows[2]["vector"]) == (0, "[2,2,3,4,5,6,7,8,9]")


def test_a_table_without_header_keeps_its_first_row(import_file) -> None:
    imported = import_file("I love this place.,4\nNot good at all.,1\nFine I guess.,3\n")
    assert [row["column_1"] for row in imported.rows] == [
        "I love this place.",
        "Not good at all.",
        "Fine I guess.",
    ]
    assert any("numbered" in why for why in imported.result.proposal.why)


def test_rows_that_end_in_a_stray_delimiter(import_file) -> None:
    imported = import_file("text,label\none,a,\ntwo,b,\nthree,c,\n")
    assert [(row["text"], row["label"]) for row in imported.rows] == [
        ("one", "a"),
        ("two", "b"),
        ("three", "c"),
    ]


def test_lines_above_the_header_are_rejects(import_file) -> None:
    imported = import_file("Export of Monday\ntext,label\none,a\ntwo,b\nthree,a\nfour,b\n")
    assert imported.result.rows == 4
    assert imported.rejected[0] == {
        "line": 1,
        "reason": "The line is above the table header",
        "text": "Export of Monday",
    }


def test_a_title_as_a_spreadsheet_saves_it_stands_above_the_header(import_file) -> None:
    imported = import_file("Tickets of May,,\n,,\ntext,label,way\none,a,web\ntwo,b,mail\nthree,a,web\n")
    assert [row["label"] for row in imported.rows] == ["a", "b", "a"]
    assert [reject["line"] for reject in imported.rejected] == [1]
    assert imported.result.blank == 1


def test_a_single_column_csv(import_file) -> None:
    imported = import_file("text\nOnce upon a time, there was\nThe end, my friend\n")
    assert [row["text"] for row in imported.rows] == ["Once upon a time, there was", "The end, my friend"]


def test_empty_cells_are_null_and_empty_rows_blank(import_file) -> None:
    imported = import_file("text,label\none,\n , \n,b\n")
    assert [(row["text"], row["label"]) for row in imported.rows] == [("one", None), (None, "b")]
    assert imported.result.blank == 1
    assert not imported.rejected


def test_pasted_text_is_a_table_only_when_it_looks_like_one(import_file) -> None:
    table = import_file("question\tanswer\nWhen?\tNow\nWhere?\tHere\n", "pasted.txt")
    assert [row["answer"] for row in table.rows] == ["Now", "Here"]
    prose = import_file("Well, it rained.\nThen, it stopped, at last.\nWe left.\n", "pasted.txt")
    assert [row["text"] for row in prose.rows] == [
        "Well, it rained.",
        "Then, it stopped, at last.",
        "We left.",
    ]


def test_paragraphs_are_rows_where_blank_lines_part_them(import_file) -> None:
    imported = import_file("First line\nof one.\n\nSecond\nparagraph\nhere.\n\n\nThird\none.\n", "story.txt")
    assert [(row["__line"], row["text"]) for row in imported.rows] == [
        (1, "First line\nof one."),
        (4, "Second\nparagraph\nhere."),
        (9, "Third\none."),
    ]


@pytest.mark.parametrize(
    ("first", "body", "expected"),
    [
        (["text", "label"], [["a b", "x"]], True),
        (["问题", "答案"], [["几点", "九点"]], True),
        (["How are you?", "Fine"], [["And you?", "Good"]], False),
        (["12", "3.5"], [["13", "4.5"]], False),
        (["alpha", "beta"], [["1", "2"], ["3", "4"]], True),
        (["same", "same"], [["a", "b"]], False),
        (["text", "text", "label"], [["a", "b", "c"]], True),
        (
            ["Sent", "What should we do better, in your own words? " * 2],
            [["2024/05/01 10:00:00", "More"]] * 3,
            True,
        ),
        (["n/a", "A long answer of many words. " * 4], [["7", "Another long answer."]] * 3, False),
        (["yes", "good"], [["no", "good"], ["yes", "bad"]], False),
    ],
)
def test_header_detection(first: list[str], body: list[list[str]], expected: bool) -> None:
    assert looks_like_header(first, body) is expected


def test_column_names_are_unique_and_filled() -> None:
    assert column_names(["a", "", "a", " a_2 ", "__line"]) == ["a", "column_2", "a_2", "a_2_2", "line_"]


def test_empty_columns_at_the_right_do_not_hide_the_header(import_file) -> None:
    lines = [
        f"{'spam' if n % 3 else 'ham'},You have won prize {n} of the great lottery,,," for n in range(30)
    ]
    lines[4] = lines[4].removesuffix(",,,") + ",a stray cell,,"
    imported = import_file("\n".join(["v1,v2,,,", *lines]))
    assert imported.rows[0]["v1"] == "ham"
    assert imported.result.proposal.roles == {
        "v1": "label",
        "v2": "input",
        "column_3": "ignore",
        "column_4": "ignore",
        "column_5": "ignore",
    }


def test_a_name_with_marks_stands_above_numbers() -> None:
    assert looks_like_header(["मूल्य"], [["12"], ["7,5"], ["3"]])


def test_names_that_differ_in_a_vowel_sign_are_two() -> None:
    assert plain("काम") != plain("कम")
    assert plain("Réponse") == plain("re\u0301ponse") == "reponse"
