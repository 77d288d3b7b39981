"""What is no table, or holds nothing to use, is said so in words that tell what to do."""

import gzip
import io
import zipfile

import pytest

from workers.runtime.reporter import JobError


def zipped(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return buffer.getvalue()


PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89"


@pytest.mark.parametrize(
    ("content", "code", "says"),
    [
        (b"", "empty_file", "empty"),
        (b" \n\r\n\t", "empty_file", "empty"),
        (b"\xef\xbb\xbf", "empty_file", "empty"),
        (PNG, "not_a_table", "a PNG image"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF\0", "not_a_table", "a JPEG image"),
        (b"%PDF-1.7\n%abc", "not_a_table", "a PDF document"),
        (b"MZ\x90\0\x03\0\0\0", "not_a_table", "an executable"),
        (b"\x7fELF\x02\x01\x01\0", "not_a_table", "an executable"),
        (gzip.compress(b"text,label\na,b\n", mtime=0)[:-4], "damaged_file", "ends too early"),
        (zipped("picture.png"), "no_data_in_archive", "contains no data file"),
        (zipped("word/document.xml"), "not_a_table", "a Word document"),
        (b"PK\x03\x04 cut off", "damaged_file", "damaged"),
        (b"<!DOCTYPE html><html></html>", "not_a_table", "a web page"),
        (bytes(range(1, 32)) * 40, "not_a_table", "a binary file"),
        (b"text,label\n", "header_only", "Add rows"),
        (b"text,label\n\n\n", "header_only", "Add rows"),
        (b"PAR1 and nothing more", "damaged_file", "Parquet"),
    ],
)  # fmt: skip
def test_unusable_files(import_file, content: bytes, code: str, says: str) -> None:
    with pytest.raises(JobError) as caught:
        import_file(content, "data.csv")
    assert caught.value.code == code
    assert says in caught.value.message


def test_too_many_columns(import_file) -> None:
    header = ",".join(f"name_{n}" for n in range(30))
    with pytest.raises(JobError) as caught:
        import_file(f"{header}\n{header.replace('name', 'value')}\n", max_columns=20)
    assert caught.value.code == "too_many_columns"
    assert "30" in caught.value.message
    lines = "\n".join(f'{{"key_{n}": "x"}}' for n in range(30))
    with pytest.raises(JobError) as caught:
        import_file(lines, "data.jsonl", max_columns=20)
    assert caught.value.code == "too_many_columns"


def test_no_usable_row_names_the_first_problem(import_file) -> None:
    with pytest.raises(JobError) as caught:
        import_file('{"a": \n{"b": \n', "data.jsonl")
    assert caught.value.code == "no_rows"
    assert "line 1" in caught.value.message


def test_a_row_of_two_megabytes_costs_itself_only(import_file) -> None:
    imported = import_file("text,label\nshort,a\n" + "x" * 2_000_000 + ",b\nafter,c\n")
    assert [row["text"] for row in imported.rows] == ["short", "after"]
    (reject,) = imported.rejected
    assert (reject["line"], reject["reason"]) == (
        3,
        "text: The cell is too large (2,000,000 of at most 1,000,000 bytes)",
    )
    assert (len(reject["text"]), reject["text"][-1]) == (2_001, "…")


@pytest.mark.parametrize("name", ["data.csv", "data.txt"])
def test_a_line_beyond_every_limit_is_read_past(import_file, name: str) -> None:
    lines = [f"a line number {n}" for n in range(10)]
    lines[4] = "y" * 100_000
    imported = import_file(
        "\n".join(["text", *lines] if name.endswith("csv") else lines), name, max_cell_bytes=1_000
    )
    assert imported.result.rows == 9
    assert "longer than 16,000" in imported.rejected[0]["reason"]


def test_nul_bytes_cost_their_row_only(import_file) -> None:
    imported = import_file(b"text,label\ngood,a\nb\0d,b\nfine,c\n")
    assert [row["text"] for row in imported.rows] == ["good", "fine"]
    assert imported.rejected == [
        {"line": 3, "reason": "text: Contains a NUL byte", "text": '{"text": "b\\u0000d", "label": "b"}'}
    ]


def test_a_table_that_names_a_magic_number_is_still_a_table(import_file) -> None:
    assert import_file("MZ,text\n1,one two\n2,three four\n").result.rows == 2
