"""Compressed files and archives: unpacked as far as the limit lets them, and told plainly where they cannot be."""

import bz2
import gzip
import io
import lzma
import zipfile
from collections.abc import Callable

import pyarrow as pa
import pytest

from workers.runtime.reporter import JobError

TABLE = b"text,label\n" + b"".join(b"My parcel %d is late,%c\n" % (n, b"ab"[n % 2]) for n in range(30))
LINES = b"".join(b'{"text": "My parcel %d"}\n' % n for n in range(30))


def zstandard(content: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(content)
    return sink.getvalue().to_pybytes()


def zipped(files: dict[str, bytes]) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return sink.getvalue()


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.compress,
    ".zst": zstandard,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
}


@pytest.mark.parametrize("ending", PACKERS)
def test_a_compressed_file_is_what_is_inside(import_file, ending: str) -> None:
    pack = PACKERS[ending]
    for name, content, kind in (
        ("a.csv", TABLE, "csv"),
        ("a.tsv", TABLE.replace(b",", b"\t"), "tsv"),
        ("a.jsonl", LINES, "jsonl"),
    ):
        imported = import_file(pack(content), name + ending)
        assert (imported.result.format, imported.result.rows) == (kind, 30)
        assert "unpacked from" in imported.result.proposal.why[0]


def test_two_compressed_files_in_a_row_are_both_read(import_file) -> None:
    assert import_file(gzip.compress(TABLE) + gzip.compress(b"late again,a\n"), "a.csv.gz").result.rows == 31


@pytest.mark.parametrize("ending", PACKERS)
def test_a_compressed_file_that_expands_beyond_the_limit(import_file, ending: str) -> None:
    bomb = PACKERS[ending](b"a" * 20_000_000)
    assert len(bomb) < 50_000
    with pytest.raises(JobError, match="larger than the limit of 5 MB"):
        import_file(bomb, "a.csv" + ending, max_unpacked_bytes=5 << 20)


@pytest.mark.parametrize("ending", [".gz", ".bz2", ".xz"])
def test_a_cut_compressed_file_is_told(import_file, ending: str) -> None:
    with pytest.raises(JobError, match="ends too early"):
        import_file(PACKERS[ending](TABLE)[:-20], "a.csv" + ending)


def test_an_archive_with_one_file(import_file) -> None:
    archive = zipped({"x/train.csv": TABLE, "__MACOSX/x/._train.csv": b"junk", "README.txt": b"Read me"})
    imported = import_file(archive, "x.zip")
    assert (imported.result.format, imported.result.rows, imported.result.parts) == (
        "csv",
        30,
        ["x/train.csv"],
    )


def test_of_several_files_the_largest_is_read_and_the_others_can_be(import_file) -> None:
    archive = zipped({"small.jsonl": LINES[:100], "train.csv": TABLE})
    imported = import_file(archive, "x.zip")
    assert (imported.result.part, imported.result.parts) == ("train.csv", ["train.csv", "small.jsonl"])
    assert "The archive contains 2 data files. Only “train.csv” was read." in imported.result.proposal.why
    assert import_file(archive, "x.zip", part="small.jsonl").result.format == "jsonl"


def test_an_archive_without_data(import_file) -> None:
    with pytest.raises(JobError, match="contains no data file"):
        import_file(zipped({"photo.png": b"\x89PNG"}), "x.zip")


def test_an_archive_that_expands_beyond_the_limit(import_file) -> None:
    bomb = zipped({"a.csv": TABLE + b"0" * 20_000_000})
    with pytest.raises(JobError, match="larger than the limit of 5 MB"):
        import_file(bomb, "x.zip", max_unpacked_bytes=5 << 20)
