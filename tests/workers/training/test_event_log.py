"""A run keeps its figures as a TensorBoard file, which agrees with what it reports."""

import shutil
from pathlib import Path

import pytest

from tests.fixtures.tensorboard import read_scalars
from workers.contracts.families import Family
from workers.training.run import run


def test_the_file_of_a_run_has_the_figures_that_it_reported(make_spec, recording) -> None:
    spec, reporter = make_spec(Family.CLASSIFIER), recording()
    run(spec, reporter)
    reported: dict[str, list[tuple[int, float]]] = {}
    for event in reporter.of("metric"):
        for name, value in event.values.items():
            reported.setdefault(name, []).append((event.step, value))
    read = read_scalars(Path(spec.work) / "tensorboard")
    assert read.keys() == reported.keys() >= {"train_loss", "validation_loss", "gradient_norm"}
    for name, figures in reported.items():
        assert [step for step, _ in read[name]] == [step for step, _ in figures]
        assert [value for _, value in read[name]] == pytest.approx([value for _, value in figures], rel=1e-6)
    assert not (Path(spec.work) / "out" / "tensorboard").exists(), "it is no part of the model"


def test_a_run_that_goes_on_in_its_folder_replaces_the_steps_that_it_repeats(make_spec, recording) -> None:
    spec = make_spec(Family.CLASSIFIER)
    kept = Path(spec.work).parent / "kept"

    class Keeping(recording):
        """Keeps the checkpoint of step 8, as the supervisor would."""

        def emit(self, event):
            super().emit(event)
            if event.type == "checkpoint" and event.step == 8:
                shutil.copytree(event.path, kept)

    run(spec, Keeping())
    reporter = recording()
    run(make_spec(Family.CLASSIFIER, inputs={"checkpoint": str(kept)}), reporter)
    steps = [step for step, _ in read_scalars(Path(spec.work) / "tensorboard")["validation_loss"]]
    assert steps == [4, 8, 12]
    assert all(event.step > 8 for event in reporter.of("metric"))
