"""Archives whose files belong together are read as one table; other parts that belong to it are named."""

import io
import zipfile
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

NO_FIXTURE_RESET = [HealthCheck.function_scoped_fixture]


def zipped(files: dict[str, str | bytes]) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return sink.getvalue()


def workbook(sheets: dict[str, list[list[str]]]) -> bytes:
    book, sink = openpyxl.Workbook(), io.BytesIO()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(sink)
    return sink.getvalue()


def table(rows: range, header: str = "text,label") -> str:
    return header + "\n" + "".join(f'"Parcel {n}, late",{"ab"[n % 2]}\n' for n in rows)


@settings(max_examples=20, deadline=None, suppress_health_check=NO_FIXTURE_RESET)
@given(
    labels=st.sets(st.sampled_from(["pos", "neg", "neutral", "Größe"]), min_size=2),
    splits=st.sampled_from([("",), ("data/",), ("imdb/train/", "imdb/test/")]),
    count=st.integers(3, 8),
    codec=st.sampled_from(["utf-8", "utf-8-sig", "cp1252"]),
)
def test_a_folder_of_texts_for_each_label(
    import_file: Any, labels: set[str], splits: tuple[str, ...], count: int, codec: str
) -> None:
    files = {
        f"{split}{label}/{n}_7.txt": f"Ein schöner Film {n},\nsehr \"gut\" für {label}\n".encode(codec)
        for split in splits
        for label in sorted(labels)
        for n in range(count)
    }  # fmt: skip
    imported = import_file(zipped(files), "x.zip")
    read = [(row.get("split"), row["label"], row["text"]) for row in imported.rows]
    assert read == [
        (split.split("/")[1] if len(splits) > 1 else None, label, f"Ein schöner Film {n},\nsehr \"gut\" für {label}")
        for split in splits
        for label in sorted(labels)
        for n in range(count)
    ]  # fmt: skip
    roles = imported.result.proposal.roles
    assert roles.get("split", "split") == "split"
    assert (roles["text"], roles["label"]) == ("input", "label")


@pytest.mark.parametrize(
    "names", [["train/{n}.txt", "test/{n}.txt"], ["{n}.txt", "notes/{n}.txt"], ["a{n}/only.txt"]]
)
def test_other_folders_of_texts_are_no_labels(import_file, names: list[str]) -> None:
    files = {name.format(n=n): f"A text {n}\n" * 3 for n in range(6) for name in names}
    columns = {column.name for column in import_file(zipped(files), "x.zip").result.columns}
    assert "label" not in columns


@settings(max_examples=20, deadline=None, suppress_health_check=NO_FIXTURE_RESET)
@given(
    sizes=st.lists(st.integers(1, 9), min_size=2, max_size=12),
    form=st.sampled_from(["part-{n}.csv", "d/part-{n:05d}-of-9.csv", "{n}/rows.tsv", "p{n}.jsonl"]),
    ended=st.booleans(),
    data=st.data(),
)
def test_numbered_parts_of_a_table_are_read_in_their_order(
    import_file: Any, sizes: list[int], form: str, ended: bool, data: st.DataObject
) -> None:
    texts, files = [], {}
    for n, size in enumerate(sizes):
        own = [f"Parcel {n} {each} is late" for each in range(size)]
        texts += own
        lines = [f'{{"text": "{text}"}}' for text in own] if form.endswith("jsonl") else ["text", *own]
        files[form.format(n=n)] = "\n".join(lines) + ("\n" if ended else "")
    shuffled = data.draw(st.permutations(list(files)))
    imported = import_file(zipped({name: files[name] for name in shuffled}), "x.zip")
    assert [row["text"] for row in imported.rows] == texts
    chosen = import_file(zipped(files), "x.zip", part=form.format(n=1))
    assert len(chosen.rows) == sizes[1]
    assert imported.result.part == imported.result.parts[0]
    assert import_file(zipped(files), "x.zip", part=imported.result.part).rows == imported.rows


def test_training_data_is_not_joined_with_test_data_of_other_columns(import_file) -> None:
    files = {
        "test.csv": "id,text\n1,x\n",
        "train-0.csv": table(range(20)),
        "train-1.csv": table(range(20, 40)),
    }
    imported = import_file(zipped(files), "x.zip")
    assert len(imported.rows) == 40
    assert any(why.startswith("Not read, ") and "“test.csv”" in why for why in imported.result.proposal.why)


@pytest.mark.parametrize("codecs", [("utf-8", "utf-8"), ("utf-8", "cp1252"), ("cp1252", "utf-8")])
def test_each_part_is_read_in_its_encoding_and_counted(import_file, codecs: tuple[str, str]) -> None:
    rows = "".join(f"Ein schöner Film {n},{'ab'[n % 2]}\n" for n in range(20))
    files = {
        f"{name}.csv": ("text,label\n" + rows.replace("Film", name) + "\n\na,b,c\n").encode(codec)
        for name, codec in zip(("train", "test"), codecs, strict=True)
    }
    imported = import_file(zipped(files), "x.zip")
    result = imported.result
    assert (result.rows, result.rejected, result.blank) == (40, 2, 4)
    assert imported.rows[-1]["text"] == "Ein schöner test 19"


def test_parts_with_another_header_are_not_joined(import_file) -> None:
    files = {"part-0.csv": table(range(30)), "part-1.csv": table(range(20), "text,stars")}
    assert len(import_file(zipped(files), "x.zip").rows) == 30


def rows_of(name: str) -> list[list[str]]:
    return [["text", "label"], *([f"Parcel {name} {n}", "ab"[n % 2]] for n in range(12))]


@pytest.mark.parametrize("names", [("Jan", "Feb"), ("2023", "2024"), ("Berlin", "Wien")])
@pytest.mark.parametrize("ending", [".zip", ".xlsx"])
def test_parts_with_the_same_columns_are_named(import_file, names: tuple[str, str], ending: str) -> None:
    if ending == ".zip":
        if names[0].isdigit():
            return  # These are numbered parts.
        content = zipped({f"{name}.csv": "\n".join(map(",".join, rows_of(name))) for name in names})
    else:
        content = workbook({"Cover": [["My parcels"]]} | {name: rows_of(name) for name in names})
    warnings = import_file(content, "x" + ending).result.proposal.warnings
    assert len(warnings) == 1
    assert "Not read, with the same columns:" in warnings[0]
    assert all(name in warnings[0] for name in names)


@pytest.mark.parametrize("header", [[], [["text"]]])
def test_sheets_named_after_labels_are_named(import_file, header: list[list[str]]) -> None:
    sheets = {
        name: [*header, *([f"A {name} text {n}"] for n in range(10))] for name in ("pos", "neg", "neutral")
    }
    warnings = import_file(workbook(sheets), "x.xlsx").result.proposal.warnings
    assert len(warnings) == 1
    assert "only “pos” was read" in warnings[0]


@pytest.mark.parametrize(
    "sheets",
    [
        {"Data": rows_of("x"), "Notes": [["a", "b"], ["c", "d"]]},
        {"Cover": [["Parcels"], ["by Ann"]], "Data": rows_of("x")},
        {"Sheet1": [["text"], ["a b c"], ["d e f"], ["g h i"]], "Sheet2": [["x"]]},
    ],
)
def test_sheets_for_other_things_are_not_named(import_file, sheets: dict[str, list[list[str]]]) -> None:
    assert import_file(workbook(sheets), "x.xlsx").result.proposal.warnings == []


def test_a_chosen_sheet_is_read_without_a_word(import_file) -> None:
    content = workbook({name: rows_of(name) for name in ("Jan", "Feb")})
    assert import_file(content, "x.xlsx", part="Feb").result.proposal.warnings == []


def document(sheets: dict[str, list[list[str]]]) -> bytes:
    """An .ods with these sheets."""
    tables = "".join(
        f'<table:table table:name="{name}">'
        + "".join(
            "<table:table-row>"
            + "".join(f"<table:table-cell><text:p>{cell}</text:p></table:table-cell>" for cell in row)
            + "</table:table-row>"
            for row in rows
        )
        + "</table:table>"
        for name, rows in sheets.items()
    )
    spaces = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "table", "text")
    )
    content = (
        f"<office:document-content {spaces}><office:body><office:spreadsheet>{tables}"
        "</office:spreadsheet></office:body></office:document-content>"
    )
    return zipped({"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "content.xml": content})


def test_sheets_of_an_opendocument_file_belong_together_too(import_file) -> None:
    splits = import_file(document({name: rows_of(name) for name in ("test", "train")}), "x.ods")
    assert {(row["split"], row["text"].split()[1]) for row in splits.rows} == {
        ("train", "train"),
        ("test", "test"),
    }
    assert len(splits.rows) == 24
    months = import_file(document({name: rows_of(name) for name in ("Jan", "Feb", "Mar")}), "x.ods")
    assert "Not read, with the same columns: “Feb”, “Mar”." in months.result.proposal.warnings[0]
