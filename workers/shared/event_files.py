"""TensorBoard event files: the figures of a run, as `tensorboard --logdir` reads them.

A file is a sequence of records, each a protocol buffer `Event` between its length and its checksums. Only scalars are
written, so a few fields are all that is needed of the format, and no library of TensorBoard:
https://github.com/tensorflow/tensorboard/blob/master/tensorboard/compat/proto/event.proto
https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/lib/io/record_writer.h
"""

import math
import struct
from collections.abc import Mapping

_CASTAGNOLI = 0x82F63B78
_MASK_DELTA = 0xA282EAD8
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
"""How a field of a protocol buffer is written."""
_LARGEST_FLOAT = 3.4028234663852886e38


def _crc_table() -> tuple[int, ...]:
    table = []
    for byte in range(256):
        value = byte
        for _ in range(8):
            value = (value >> 1) ^ (_CASTAGNOLI if value & 1 else 0)
        table.append(value)
    return tuple(table)


_CRC_TABLE = _crc_table()


def crc32c(data: bytes) -> int:
    """Return the CRC-32C (Castagnoli) of `data`; the one of zlib has another polynomial."""
    value = 0xFFFFFFFF
    for byte in data:
        value = _CRC_TABLE[(value ^ byte) & 0xFF] ^ (value >> 8)
    return value ^ 0xFFFFFFFF


def _masked_crc(data: bytes) -> bytes:
    value = crc32c(data)
    rotated = ((value >> 15) | (value << 17)) & 0xFFFFFFFF
    return struct.pack("<I", (rotated + _MASK_DELTA) & 0xFFFFFFFF)


def _record(event: bytes) -> bytes:
    length = struct.pack("<Q", len(event))
    return length + _masked_crc(length) + event + _masked_crc(event)


def _varint(value: int) -> bytes:
    written = bytearray()
    while value > 0x7F:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    written.append(value)
    return bytes(written)


def _key(field: int, kind: int) -> bytes:
    return _varint(field << 3 | kind)


def _bytes(field: int, content: bytes) -> bytes:
    return _key(field, _BYTES) + _varint(len(content)) + content


def _at(seconds: float) -> bytes:
    return _key(1, _FIXED64) + struct.pack("<d", seconds)


def _float(value: float) -> bytes:
    is_too_large = math.isfinite(value) and abs(value) > _LARGEST_FLOAT
    return struct.pack("<f", math.copysign(math.inf, value) if is_too_large else value)


def first_record(seconds: float) -> bytes:
    """Return the record that begins a file; `seconds` is a Unix time."""
    return _record(_at(seconds) + _bytes(3, b"brain.Event:2"))


def scalars_record(seconds: float, step: int, values: Mapping[str, float]) -> bytes:
    """Return the record of the figures of one step. Readers get them as 32-bit floats."""
    summary = b"".join(
        _bytes(1, _bytes(1, name.encode()) + _key(2, _FIXED32) + _float(value))
        for name, value in values.items()
    )
    return _record(_at(seconds) + _key(2, _VARINT) + _varint(step) + _bytes(5, summary))


def restart_record(seconds: float, step: int) -> bytes:
    """Return a record after which readers forget what earlier files of the folder say of `step` and later ones."""
    is_start = _key(1, _VARINT) + _varint(1)
    return _record(_at(seconds) + _key(2, _VARINT) + _varint(step) + _bytes(7, is_start))
