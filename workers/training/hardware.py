"""The memory that a run uses, and the utilization and temperature of its GPU."""

from collections.abc import Callable

import torch

from workers.shared import memory


def peak_memory(device: torch.device) -> int:
    """Most bytes that this process has held: tensors on the accelerator when there is one, else resident memory."""
    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated(device))
    return memory.peak()


def used_memory(device: torch.device) -> int:
    """Bytes that this process holds now, by the measure of `peak_memory`."""
    if device.type == "cuda":
        return int(torch.cuda.memory_allocated(device))
    return memory.resident()


class Gauges:
    """Reads the figures of one device. A figure that the driver does not report is left out and not read again."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._of_gpu: dict[str, Callable[[], float]] = {}
        if device.type == "cuda":
            self._of_gpu = {
                "gpu_utilization": lambda: torch.cuda.utilization(device) / 100,
                "gpu_temperature": lambda: float(torch.cuda.temperature(device)),
            }

    def read(self) -> dict[str, float]:
        """Return bytes, the share of the last second in which the GPU computed (0 to 1), and degrees Celsius, by name."""
        figures = {
            "memory_bytes": float(used_memory(self._device)),
            "peak_memory_bytes": float(peak_memory(self._device)),
        }
        for name, read in list(self._of_gpu.items()):
            try:
                figures[name] = read()
            # A container without NVML, a part of a card (MIG), no nvidia-ml-py: each has an error class of its own, and
            # none of them may end a run.
            except Exception:
                del self._of_gpu[name]
        return figures
