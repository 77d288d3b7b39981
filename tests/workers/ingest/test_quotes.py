"""What a reason quotes of a row is whole, or says with an ellipsis that it was cut."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.contracts.excerpts import excerpt
from workers.ingest.rejects import REJECTED_TEXT_CHARACTERS
from workers.runtime.reporter import JobError

LABELS = ("delivery", "payment", "returns")
ROWS = [f"order number {n} is late,{LABELS[n % 3]}" for n in range(30)]


@given(st.text(), st.integers(1, 20))
def test_only_a_cut_text_gets_an_ellipsis(text: str, most: int) -> None:
    found = excerpt(text, most)
    if len(text) <= most:
        assert found == text
    else:
        assert found.endswith("…")
        assert text.startswith(found[:-1])
        assert len(found) <= most + 1


def _split(cell: str, freeze_rows) -> str:
    rows = [f"{row},train" for row in ROWS]
    text = "\n".join(["text,label,split", *rows, f"one more,delivery,{cell}"])
    frozen = freeze_rows(text, "classification", {"text": "input", "label": "label", "split": "split"})
    return frozen.rejected[0]["reason"]


def _only_label(cell: str, freeze_rows) -> str:
    text = "\n".join(["text,label", *ROWS, f"one more,{cell}"])
    frozen = freeze_rows(text, "classification", {"text": "input", "label": "label"})
    return frozen.rejected[0]["reason"]


def _speaker(cell: str, freeze_rows) -> str:
    lines = [_talk("assistant", n) for n in range(30)]
    text = "\n".join([*lines, _talk(cell, 30)])
    return freeze_rows(text, "chat", {"messages": "messages"}, name="x.jsonl").rejected[0]["reason"]


def _talk(speaker: str, n: int) -> str:
    turns = [{"role": "user", "content": f"question {n}"}, {"role": speaker, "content": f"answer {n}"}]
    return json.dumps({"messages": turns})


def _no_split(cell: str, freeze_rows) -> str:
    text = "\n".join(["text,label,part", *(f"{row},{cell}" for row in ROWS)])
    with pytest.raises(JobError) as caught:
        freeze_rows(text, "classification", {"text": "input", "label": "label", "part": "split"})
    return caught.value.message


@pytest.mark.parametrize("reason_of", [_split, _only_label, _speaker, _no_split])
@pytest.mark.parametrize("length", [12, 300])
def test_a_reason_says_where_it_cut_a_cell(reason_of, length: int, freeze_rows) -> None:
    cell = "northern".ljust(length, "x")
    quoted = re.search(r"“(northern[^”]*)”", reason_of(cell, freeze_rows))
    assert quoted is not None
    assert quoted[1] == cell if length == 12 else quoted[1].endswith("x…")


def test_a_finding_says_where_it_cut_a_text(freeze_rows) -> None:
    for answer in ("short answer", "long answer " * 20):
        text = "\n".join(["question,answer", *(f"question number {n},{answer}" for n in range(30))])
        frozen = freeze_rows(text, "chat", {"question": "input", "answer": "target"})
        [found] = [w for w in frozen.result.warnings if "of the outputs are the same" in w]
        assert ("…”" in found) is answer.startswith("long")


@pytest.mark.parametrize("name", ["x.csv", "x.jsonl", "x.json"])
@pytest.mark.parametrize("length", [100, 5000])
def test_a_rejected_row_shows_where_its_text_was_cut(import_file, name: str, length: int) -> None:
    long = "y" * length
    if name == "x.csv":
        lines = ["text,label", *ROWS, f"a\0{long},delivery"]
    else:
        lines = [json.dumps({"text": row, "label": "a"}) for row in ROWS]
        lines.append(f'{{"text": "{long}", "label": oops}}')
    if name == "x.json":
        lines = ["[" + ",\n".join(lines) + "]"]
    [rejected] = import_file("\n".join(lines), name).rejected
    assert rejected["text"].endswith("…") is (length > REJECTED_TEXT_CHARACTERS)
    assert len(rejected["text"]) <= REJECTED_TEXT_CHARACTERS + 1
