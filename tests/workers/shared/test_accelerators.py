"""A GPU is known by its driver, without a model library."""

from pathlib import Path
from typing import Any

from workers.shared import accelerators


def test_a_loaded_driver_is_a_gpu(monkeypatch: Any, tmp_path: Path) -> None:
    driver = tmp_path / "version"
    monkeypatch.setattr(accelerators, "_DRIVERS", (str(tmp_path / "none"), str(driver)))
    assert not accelerators.has_gpu()
    driver.touch()
    assert accelerators.has_gpu()
