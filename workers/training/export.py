"""Export: a model folder as one zip file, the card first: `python -m workers.training.export spec.json`."""

import hashlib
import zipfile
from pathlib import Path

from workers.contracts.job_kinds.export import ExportResult, ExportSpec
from workers.contracts.model_folder import CARD_NAME, MANIFEST_NAME
from workers.contracts.texts import Text
from workers.runtime.reporter import JobError, Reporter, run_child
from workers.shared.storage import PUBLISHED_NAME

_CHUNK_BYTES = 1 << 20
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time a zip can hold: the same model gives the same file, byte for byte."""


def export(spec: ExportSpec, reporter: Reporter) -> ExportResult:
    """Write the zip. Raises JobError (not_a_model_folder), StopRequested."""
    reporter.started()
    folder = Path(spec.inputs["model"])
    if not (folder / MANIFEST_NAME).is_file():
        raise JobError("not_a_model_folder", Text("training.files_gone"))
    out = Path(spec.work) / "out"
    out.mkdir(parents=True, exist_ok=True)
    target = out / f"{spec.name}.zip"
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != PUBLISHED_NAME]
    files.sort(
        key=lambda path: (
            path.relative_to(folder).as_posix() != CARD_NAME,
            path.relative_to(folder).as_posix(),
        )
    )
    total = sum(path.stat().st_size for path in files)
    done = 0
    with zipfile.ZipFile(target, "w", allowZip64=True) as archive:
        for path in files:
            done = _add(
                archive, path, f"{spec.name}/{path.relative_to(folder).as_posix()}", reporter, done, total
            )
    with target.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return ExportResult(filename=target.name, bytes=target.stat().st_size, sha256=digest)


def _add(archive: zipfile.ZipFile, path: Path, name: str, reporter: Reporter, done: int, total: int) -> int:
    """Stream one file in; weights are stored as they are, since they hardly shrink. Returns the bytes done so far."""
    entry = zipfile.ZipInfo(name, _EPOCH)
    entry.external_attr = 0o644 << 16
    entry.compress_type = zipfile.ZIP_STORED if path.suffix == ".safetensors" else zipfile.ZIP_DEFLATED
    with path.open("rb") as source, archive.open(entry, "w", force_zip64=True) as sink:
        while chunk := source.read(_CHUNK_BYTES):
            reporter.raise_if_stopping()
            sink.write(chunk)
            done += len(chunk)
            reporter.progress(Text("training.phase_packing"), done, total, fraction=done / max(1, total))
    return done


if __name__ == "__main__":
    run_child(ExportSpec, export)
