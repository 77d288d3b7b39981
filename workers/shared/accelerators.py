"""Whether this machine has a GPU, asked without a model library."""

from pathlib import Path

_DRIVERS = ("/proc/driver/nvidia/version", "/dev/kfd", "/dev/dxg")
"""Files of the drivers of NVIDIA, of AMD (ROCm) and of the Windows Subsystem for Linux."""


def has_gpu() -> bool:
    """Whether a driver for GPUs is loaded. Training then most likely uses the GPU's memory, not the machine's."""
    return any(Path(driver).exists() for driver in _DRIVERS)
