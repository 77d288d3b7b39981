"""An export is the model folder in one file, the same bytes every time."""

import hashlib
import zipfile
from pathlib import Path

import pytest

from workers.contracts.families import Family
from workers.contracts.job_kinds.export import ExportSpec
from workers.models.loading import load_folder
from workers.runtime.reporter import JobError
from workers.shared.storage import PUBLISHED_NAME
from workers.training.export import export
from workers.training.run import run


def _spec(model: Path, work: Path) -> ExportSpec:
    work.mkdir()
    return ExportSpec(inputs={"model": str(model)}, work=str(work), name="colours-v1")


def test_the_zip_begins_with_the_card_and_unpacks_to_the_model(make_spec, recording, tmp_path):
    trained = make_spec(Family.CLASSIFIER, max_steps=2)
    run(trained, recording())
    model = Path(trained.work) / "out"
    (model / PUBLISHED_NAME).write_text("1")
    found = [export(_spec(model, tmp_path / name), recording()) for name in ("one", "two")]
    path = tmp_path / "one" / "out" / found[0].filename
    assert found[0] == found[1]
    assert found[0].bytes == path.stat().st_size
    assert found[0].sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        archive.extractall(tmp_path / "unpacked")
    assert names[0] == "colours-v1/README.md"
    assert not any(PUBLISHED_NAME in name for name in names)
    assert load_folder(tmp_path / "unpacked" / "colours-v1").manifest == load_folder(model).manifest


def test_a_folder_without_a_model_is_refused(recording, tmp_path):
    with pytest.raises(JobError):
        export(_spec(tmp_path, tmp_path / "work"), recording())
