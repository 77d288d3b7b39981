"""Archives of text files are read as documents, and tables of documents are known by their columns."""

import io
import json
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.ingest.documents import divide_document
from workers.runtime.reporter import JobError


def zipped(files: dict[str, str | bytes]) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return sink.getvalue()


def essay(number: int) -> str:
    return f"Essay {number}\n\nThe harbour was quiet, and {number} boats lay there.\nNothing moved.\n"


def test_every_text_of_an_archive_is_a_document(import_file) -> None:
    files = {f"essays/{n}.txt": essay(n) for n in range(8)} | {
        "essays/last.md": essay(9),
        "LICENSE.txt": "Free.",
    }
    imported = import_file(zipped(files), "essays.zip")
    assert [row["document"] for row in imported.rows] == [essay(n).strip() for n in (*range(8), 9)]
    proposal = imported.result.proposal
    assert (proposal.task_type, proposal.roles) == ("pretraining", {"document": "target"})
    assert any(reason.code == "files.archive_of_documents" for reason in proposal.why)
    assert "generation" in proposal.by_task, "another task can be chosen"


def test_documents_in_folders_of_splits_keep_their_split(import_file) -> None:
    files = {f"{split}/{n}.txt": essay(n) for split in ("train", "test") for n in range(6)}
    imported = import_file(zipped(files), "x.zip")
    assert {row["split"] for row in imported.rows} == {"train", "test"}
    assert imported.result.proposal.roles == {"document": "target", "split": "split"}


def test_a_legacy_encoding_is_read(import_file) -> None:
    files = {f"{n}.txt": f"Größe {n}, naïve Bäume\n".encode("cp1252") for n in range(6)}
    assert import_file(zipped(files), "x.zip").rows[2]["document"] == "Größe 2, naïve Bäume"


@pytest.mark.parametrize(
    "files",
    [
        {f"{n}.txt": essay(n) for n in range(5)},
        {f"part-{n}.txt": "a\tb\n" * 30 for n in range(8)},
        {f"part-{n}.txt": '{"text": "a"}\n' * 30 for n in range(8)},
        {f"{name}.txt": essay(3) for name in ("train", "dev", "test", "a", "b", "c")},
        {f"{n}.txt": essay(n) for n in range(8)} | {"labels.csv": "text,label\n" + "a,b\n" * 30},
    ],
    ids=["few", "tables", "json lines", "splits", "a table among them"],
)
def test_other_archives_are_read_as_before(import_file, files) -> None:
    columns = [column.name for column in import_file(zipped(files), "x.zip").result.columns]
    assert "document" not in columns


@pytest.mark.parametrize("folders", ["texts", "labels"])
def test_a_document_is_not_unpacked_beyond_the_limit(import_file, folders) -> None:
    names = [f"{folders}-{n % 2 if folders == 'labels' else 0}/{n}.txt" for n in range(8)]
    files = {name: "a" * 100 for name in names} | {names[0]: " " * (6 << 20)}
    with pytest.raises(JobError) as caught:
        import_file(zipped(files), "bomb.zip", max_unpacked_bytes=5 << 20)
    assert caught.value.code == "too_large"


def test_a_long_document_becomes_several_rows(import_file) -> None:
    book = "\n\n".join(f"Chapter {n}. " + "Nothing much happened. " * 40 for n in range(300))
    imported = import_file(zipped({f"{n}.txt": f"{n} {book}" for n in range(6)}), "books.zip")
    assert imported.result.rows > 12
    assert any(reason.code == "files.documents_divided" for reason in imported.result.proposal.why)
    assert all(row["document"].startswith(("Chapter", *"012345")) for row in imported.rows)


def test_a_few_books_become_enough_rows_to_hold_some_out(import_file) -> None:
    book = "\n\n".join(f"Chapter {n}. " + "Nothing much happened. " * 40 for n in range(30))
    imported = import_file(zipped({f"{n}.txt": f"{n} {book}" for n in range(6)}), "books.zip")
    assert 60 < imported.result.rows < 200
    assert min(len(row["document"]) for row in imported.rows) > 500


def test_the_encoding_of_a_file_that_the_studio_wrote_is_no_choice(import_file) -> None:
    result = import_file(zipped({f"{n}.txt": f"Größe {n}" for n in range(6)}), "x.zip").result
    assert (result.format, result.encoding, result.codec, result.preview) == ("txt", None, None, [])


@given(
    text=st.text(st.sampled_from("ab \n"), min_size=1, max_size=400),
    most=st.integers(10, 60),
)
def test_the_parts_of_a_document_are_all_of_it(text: str, most: int) -> None:
    parts = list(divide_document(text, most))
    assert all(0 < len(part) <= most for part in parts)
    assert "".join(parts).replace("\n", "") == text.replace("\n", "")


@pytest.mark.parametrize(
    ("columns", "task"),
    [
        ({"text": "Long ago. " * 150, "url": "https://example.org/{n}"}, "pretraining"),
        ({"text": "Long ago. " * 150, "meta": '{{"source": "book"}}'}, "pretraining"),
        ({"document": "Once {n} foxes sat there."}, "pretraining"),
        ({"text": "Long ago. " * 10, "url": "https://example.org/{n}"}, "generation"),
        ({"text": "Long ago. " * 150}, "generation"),
    ],
)
def test_a_table_of_documents_is_known_by_its_columns(import_file, columns, task) -> None:
    rows = [
        {
            name: f"{n} " * (name in ("text", "document")) + value.format(n=n)
            for name, value in columns.items()
        }
        for n in range(30)
    ]
    text = "\n".join(map(json.dumps, rows))
    proposal = import_file(text, "x.jsonl").result.proposal
    assert proposal.task_type == task
    assert [column for column, role in proposal.roles.items() if role == "target"] == [next(iter(columns))]


def test_documents_are_frozen_without_a_prompt(freeze_rows) -> None:
    rows = "\n".join(json.dumps({"document": essay(n)}) for n in range(40))
    frozen = freeze_rows(rows, "pretraining", {"document": "target"}, name="x.jsonl")
    assert all(row["prompt"] == [] and row["target"].startswith("Essay") for row in frozen.rows)
