"""Measuring an example: the real jobs on a few rows, and the note in its manifest."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from sklearn.metrics import f1_score

import examples
from examples import Example, get_example, measure
from workers.contracts.recipes import Length, Recipe

ROWS = 60


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Example:
    """The first rows of the tickets, as an example of their own in a folder of their own."""
    tickets = get_example("support_tickets")
    example = tickets.model_copy(update={"name": "tiny", "rows": ROWS, "measured": None})
    folder = tmp_path / "examples" / example.name
    folder.mkdir(parents=True)
    lines = tickets.path.read_text(encoding="utf-8").splitlines(keepends=True)
    (folder / example.file).write_text("".join(lines[: ROWS + 1]), encoding="utf-8")
    (folder / "example.json").write_text(example.model_dump_json(), encoding="utf-8")
    for module in (examples, measure):
        monkeypatch.setattr(module, "ROOT", tmp_path / "examples")
    return example


def test_an_example_is_measured_by_the_jobs_themselves(tiny: Example, tmp_path: Path) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    measured = measure.measure(tiny, Length.QUICK, "one core", folder, Recipe(max_steps=3))
    assert (measured.family, measured.size, measured.metric) == ("classifier", "small", "macro_f1")
    data = pq.read_table(folder / "freeze/out/data.parquet", columns=["split", "target"]).to_pydict()
    held_out = [
        target for split, target in zip(data["split"], data["target"], strict=True) if split == "test"
    ]
    said = pq.read_table(folder / "evaluate/out/outputs.parquet").to_pydict()
    assert said["target"] == held_out
    assert set(said["output"]) <= set(data["target"])
    assert measured.value == round(f1_score(held_out, said["output"], average="macro"), 3)
    measure.note(tiny, measured)
    noted = json.loads((tmp_path / "examples/tiny/example.json").read_text(encoding="utf-8"))
    assert noted["measured"] == measured.model_dump(mode="json")
    assert noted["title"] == tiny.title


def test_the_score_is_that_of_the_task() -> None:
    tickets, sentences = get_example("support_tickets"), get_example("english_french")
    assert measure.score(tickets, ["a", "b", "b"], ["a", "b", "a"]) == pytest.approx(2 / 3)
    assert measure.score(sentences, ["le chat"], ["le chat"]) == pytest.approx(100)
    assert measure.score(sentences, ["zzz"], ["le chat"]) < 5
