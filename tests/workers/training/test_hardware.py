"""What a run records of its machine, on a CPU and on a GPU that gives some of its figures."""

from typing import Any

import pytest
import torch

from workers.contracts.families import Family
from workers.training.hardware import Gauges
from workers.training.run import run


def test_a_run_records_its_figures_with_every_loss(make_spec, recording) -> None:
    reporter = recording()
    result = run(make_spec(Family.CLASSIFIER), reporter)
    steps = [event.values for event in reporter.of("metric") if "train_loss" in event.values]
    assert all(
        set(values)
        == {
            "train_loss",
            "smoothed_train_loss",
            "learning_rate",
            "gradient_norm",
            "tokens_per_second",
            "memory_bytes",
            "peak_memory_bytes",
        }
        for values in steps
    ), "no figure of a GPU on a CPU"
    peaks = [values["peak_memory_bytes"] for values in steps]
    assert peaks == sorted(peaks)
    assert peaks[-1] <= result.peak_memory_bytes
    assert all(0 < values["memory_bytes"] <= 1.01 * values["peak_memory_bytes"] for values in steps)
    assert steps[0]["smoothed_train_loss"] == steps[0]["train_loss"]
    assert steps[-1]["smoothed_train_loss"] == pytest.approx(result.train_loss)


@pytest.fixture
def gpu(monkeypatch) -> dict[str, Any]:
    """A card with one gibibyte in use, two at its peak. `asked` counts what the driver was asked."""
    asked: dict[str, Any] = {"temperature": 0}

    def temperature(_device: torch.device) -> int:
        asked["temperature"] += 1
        return 71

    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda _device: 1 << 30)
    monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda _device: 2 << 30)
    monkeypatch.setattr(torch.cuda, "utilization", lambda _device: 87)
    monkeypatch.setattr(torch.cuda, "temperature", temperature)
    return asked


def test_a_gpu_adds_its_use_and_its_temperature(gpu) -> None:
    assert Gauges(torch.device("cuda")).read() == {
        "memory_bytes": 1 << 30,
        "peak_memory_bytes": 2 << 30,
        "gpu_utilization": 0.87,
        "gpu_temperature": 71,
    }


def test_what_the_driver_does_not_give_is_asked_for_once(gpu, monkeypatch) -> None:
    def refuses(_device: torch.device) -> int:
        gpu["temperature"] += 1
        raise ModuleNotFoundError("pynvml")

    monkeypatch.setattr(torch.cuda, "temperature", refuses)
    gauges = Gauges(torch.device("cuda"))
    for _ in range(3):
        assert set(gauges.read()) == {"memory_bytes", "peak_memory_bytes", "gpu_utilization"}
    assert gpu["temperature"] == 1
