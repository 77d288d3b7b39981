"""One damaged byte among 600 rows of UTF-8 costs at most its line, and every other character is read as it was written."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

ROWS = 600
TEXTS = {
    "windows-1252": "Die Bücherei öffnet für Gäste {n}",
    "windows-1251": "Библиотека открыта для гостей {n}",
    "gb18030": "图书馆几点开门请告诉我{n}",
    "shift-jis": "図書館は何時に開きますか{n}",
    "cp1006": "لائبریری کب کھلتی ہے {n}",
}
"""By what such a text was taken for when a byte of it was damaged."""
WRITERS = {
    "x.csv": lambda texts: ["text,label", *(f'"{text}",{"ab"[n % 2]}' for n, text in enumerate(texts))],
    "x.jsonl": lambda texts: [json.dumps({"text": text}, ensure_ascii=False) for text in texts],
    "x.txt": lambda texts: texts,
}


def damaged(line: bytes, kind: str, place: int, byte: int) -> bytes:
    """`line` with one byte beyond ASCII replaced or lost, or with a stray one before it."""
    high = [index for index, value in enumerate(line) if value > 127]
    index = high[place % len(high)]
    if kind == "lost":
        return line[:index] + line[index + 1 :]
    return line[:index] + bytes([byte]) + line[index + (kind == "replaced") :]


def texts_of(text: str, sparse: bool) -> list[str]:
    """Where `sparse`, one row in 20 has characters beyond ASCII."""
    return [text.format(n=n) if not sparse or n % 20 == 0 else f"A plain row {n}" for n in range(ROWS)]


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("taken_for", TEXTS)
@pytest.mark.parametrize("name", WRITERS)
@settings(max_examples=2, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    row=st.integers(0, ROWS - 1),
    kind=st.sampled_from(["replaced", "lost", "stray"]),
    place=st.integers(0, 200),
    byte=st.integers(128, 255),
)
def test_a_damaged_byte_costs_its_line_at_most(
    import_file: Any, name: str, taken_for: str, sparse: bool, row: int, kind: str, place: int, byte: int
) -> None:
    texts = texts_of(TEXTS[taken_for], sparse)
    row -= row % 20 if sparse else 0
    lines = [line.encode() for line in WRITERS[name](texts)]
    at = row + len(lines) - ROWS
    lines[at] = damaged(lines[at], kind, place, byte)
    imported = import_file(b"\n".join(lines) + b"\n", name)
    assert imported.encoding == "UTF-8"
    kept = {each["__line"]: each["text"] for each in imported.rows}
    first = len(lines) - ROWS + 1
    others = {first + n: text for n, text in enumerate(texts) if n != row}
    assert {line: text for line, text in kept.items() if line != at + 1} == others
    try:
        lines[at].decode()
    except UnicodeDecodeError:
        assert [(each["line"], each["reason"]) for each in imported.rejected] == [
            (at + 1, "text: Contains bytes that are not valid UTF-8")
        ]
    else:
        # A byte can turn one character into another, which nobody can see from the bytes.
        assert (imported.rejected, kept.keys() - others.keys()) == ([], {at + 1})
