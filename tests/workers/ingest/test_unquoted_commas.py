"""Commas inside cells without quotation marks, and delimiters that only some tools write."""

import json
from itertools import product

import pytest

TEXTS = [f"Open order {n}, choose refund, and bring it to desk {n}." for n in range(30)]
PLAIN = [f"Where is parcel {n}?" for n in range(30)]


@pytest.mark.parametrize("delimiter", ["^", "\x01", "¦", ",", ";", "\t", "|"])
@pytest.mark.parametrize("name", ["x.csv", "x.txt", "000000_0"])
def test_delimiters(import_file, delimiter: str, name: str) -> None:
    quote = '"' if delimiter == "," else ""
    lines = [f"{quote}{a}{quote}{delimiter}{quote}{b}{quote}" for a, b in zip(PLAIN, TEXTS, strict=True)]
    imported = import_file("\n".join([f"question{delimiter}answer", *lines]), name)
    assert [(row["question"], row["answer"]) for row in imported.rows] == list(zip(PLAIN, TEXTS, strict=True))


@pytest.mark.parametrize(
    ("place", "share", "header"),
    list(
        product(
            [0, 1, 2], [1, 2, 5], [("question", "answer", "topic"), ("Anliegen", "Reaktion", "Abteilung")]
        )
    ),
)
def test_a_comma_before_a_space_is_text(import_file, place: int, share: int, header: tuple[str, ...]) -> None:
    """In any column, in all or in some of the rows; the header says how many columns there are."""
    rows = []
    for n in range(60):
        cells = [f"Where is parcel {n}?", f"At desk {n} now.", f"t{n % 3}"]
        cells[place] += f", as said, in week {n}" if n % share == 0 else ""
        rows.append(cells)
    imported = import_file("\n".join([",".join(header), *map(",".join, rows)]), "x.csv")
    assert [[row[name] for name in header] for row in imported.rows] == rows
    assert imported.result.rejected == 0
    assert any("more commas than columns" in why for why in imported.result.proposal.why)


def test_what_cannot_be_told_apart_is_rejected(import_file) -> None:
    lines = [f"Where is parcel {n}?,At desk {n}." for n in range(30)]
    imported = import_file("\n".join(["question,answer", *lines, "It costs 1,000 euros,or more"]), "x.csv")
    assert imported.result.rows == 30
    assert [row["line"] for row in imported.rejected] == [32]


def test_commas_with_spaces_between_cells_are_no_text(import_file) -> None:
    lines = [f"Where is parcel {n}?, At desk {n}., t{n % 3}" for n in range(30)]
    imported = import_file("\n".join(["question, answer, topic", *lines]), "x.csv")
    assert len(imported.result.columns) == 3
    assert imported.result.rows == 30
    assert not any("more commas" in why for why in imported.result.proposal.why)


def test_ordinary_text_is_no_table(import_file) -> None:
    """Carets and broken bars in prose part nothing."""
    text = "\n".join(f"The value of 2^{n} grows, and so on, in line {n}." for n in range(40))
    assert [column.name for column in import_file(text, "x.txt").result.columns] == ["text"]
    rows = "\n".join(json.dumps({"text": f"x^{n}", "label": n % 2}) for n in range(30))
    assert [column.name for column in import_file(rows, "x.jsonl").result.columns] == ["text", "label"]
