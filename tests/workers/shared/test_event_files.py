"""TensorBoard reads the event files that we write, and finds the same figures."""

import math
import struct
from pathlib import Path

import pytest

from tests.fixtures.tensorboard import read_scalars
from workers.shared.event_files import crc32c, first_record, restart_record, scalars_record

NOW = 1_790_000_000.25


def test_the_checksum_is_that_of_the_standard() -> None:
    # RFC 3720, B.4
    assert crc32c(bytes(32)) == 0x8A9136AA
    assert crc32c(b"\xff" * 32) == 0x62A8AB43
    assert crc32c(b"123456789") == 0xE3069283


def write(folder: Path, number: int, *records: bytes) -> None:
    (folder / f"events.out.tfevents.{number}").write_bytes(first_record(NOW) + b"".join(records))


def test_figures_of_any_size_are_read_back(tmp_path: Path) -> None:
    values = [0.0, -1.5, 1e-30, 3e38, 1e300, -1e300, math.inf]
    steps = [0, 1, 127, 128, 16_384, 2**31, 2**40]
    write(
        tmp_path,
        1,
        *(scalars_record(NOW, step, {"loss/每步": v}) for step, v in zip(steps, values, strict=True)),
    )
    assert read_scalars(tmp_path) == {
        "loss/每步": [
            (
                step,
                math.copysign(math.inf, value)
                if abs(value) > 3.4e38
                else float(struct.unpack("f", struct.pack("f", value))[0]),
            )
            for step, value in zip(steps, values, strict=True)
        ]
    }


def test_a_file_without_figures_is_read(tmp_path: Path) -> None:
    write(tmp_path, 1)
    assert read_scalars(tmp_path) == {}


@pytest.mark.parametrize("first_step", [1, 4])
def test_a_restart_replaces_what_earlier_files_say(tmp_path: Path, first_step: int) -> None:
    write(tmp_path, 1, *(scalars_record(NOW, step, {"loss": 1.0}) for step in range(1, 9)))
    later = [scalars_record(NOW, step, {"loss": 2.0}) for step in range(first_step, 6)]
    write(tmp_path, 2, restart_record(NOW, first_step), *later)
    assert read_scalars(tmp_path)["loss"] == [
        *((step, 1.0) for step in range(1, first_step)),
        *((step, 2.0) for step in range(first_step, 6)),
    ]
