"""Whether a model's configuration fits its weight files: known before anything is allocated.

A configuration of a few lines can claim any number of layers; a model is then built for minutes, and with random values,
before anyone sees that its weights are missing.
"""

import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from workers.contracts.texts import Text
from workers.runtime.reporter import JobError

_MOST_HEADER_BYTES = 100 << 20
_MOST_CONFIG_CHARACTERS = 10_000_000
_MOST_LAYERS = 2_000
_SLACK = 1.5
"""A model may hold what its files do not: tied or freshly made heads, tables of positions."""
_PACKED = 16
"""How many values a quantised file packs into one, at most."""
_LAYERS = (
    "num_hidden_layers",
    "n_layer",
    "n_layers",
    "num_layers",
    "encoder_layers",
    "decoder_layers",
    "num_decoder_layers",
)
_WIDTHS = ("hidden_size", "d_model", "n_embd", "dim")
_BESIDE = (
    "vocab_size",
    "intermediate_size",
    "d_ff",
    "ffn_dim",
    "encoder_ffn_dim",
    "decoder_ffn_dim",
    "n_inner",
)
_POSITIONS = ("max_position_embeddings", "n_positions", "max_source_positions")
_MOST_POSITIONS = 1 << 24
_FREE_ELEMENTS = 10_000_000


class Weights(NamedTuple):
    """What the weight files of a folder hold, by their headers."""

    tensors: int
    elements: int


def weights_of(folder: Path) -> Weights:
    """Read the headers of all safetensors files. What a header claims beyond the file's end does not count."""
    tensors = elements = 0
    for path in folder.glob("*.safetensors"):
        size = path.stat().st_size
        with path.open("rb") as stream:
            head = stream.read(8)
            length = struct.unpack("<Q", head)[0] if len(head) == 8 else 0
            if not 0 < length <= min(size, _MOST_HEADER_BYTES):
                continue
            try:
                header = json.loads(stream.read(length))
            except (ValueError, RecursionError):
                continue
        for count in _counts(header, size - 8 - length):
            tensors, elements = tensors + 1, elements + count
    return Weights(tensors, elements)


def _counts(header: Any, room: int) -> Iterator[int]:
    """How many values each tensor holds, no more than there are bytes for."""
    for name, tensor in header.items() if isinstance(header, dict) else ():
        if name == "__metadata__" or not isinstance(tensor, dict):
            continue
        count = 1
        for side in tensor.get("shape", ()):
            count *= side if isinstance(side, int) and side >= 0 else 0
        yield min(count, room)


def require_plausible(folder: Path) -> None:
    """Raises JobError (model_implausible) where config.json describes a model far larger than its weight files."""
    weights = weights_of(folder)
    try:
        text = (folder / "config.json").read_text()
        values = json.loads(text) if len(text) < _MOST_CONFIG_CHARACTERS else None
    except (OSError, ValueError, RecursionError):
        return  # the loader reports it in other words
    if not isinstance(values, dict) or not weights.tensors:
        return
    for part in (values, *(value for value in values.values() if isinstance(value, dict))):
        _check(part, weights)


def _check(values: dict[str, Any], weights: Weights) -> None:
    packed = _PACKED if values.get("quantization_config") else 1
    most = int(weights.elements * _SLACK * packed) + _FREE_ELEMENTS
    layers = max((_number(values, name) for name in _LAYERS), default=0)
    width = max((_number(values, name) for name in _WIDTHS), default=0)
    if layers > _MOST_LAYERS or layers > max(64, weights.tensors):
        raise _implausible(Text("models.claim_layers", layers=layers), weights)
    for name in _BESIDE:
        if _number(values, name) * width > most:
            raise _implausible(
                Text("models.claim_vocabulary", name=name, rows=_number(values, name), width=width),
                weights,
            )
    # A layer holds its attention at least: about the square of the width, shared by all layers in few models only.
    if layers > 24 and layers * width * width > most:
        raise _implausible(Text("models.claim_layers_and_width", layers=layers, width=width), weights)
    if width * width > most:
        raise _implausible(Text("models.claim_width", width=width), weights)
    for name in _POSITIONS:
        if _number(values, name) > _MOST_POSITIONS:
            raise _implausible(Text("models.claim_positions", positions=_number(values, name)), weights)


def _number(values: dict[str, Any], name: str) -> int:
    value = values.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _implausible(what: str, weights: Weights) -> JobError:
    return JobError(
        "model_implausible",
        Text("models.implausible", claim=what, tensors=weights.tensors, elements=weights.elements),
        field="base",
    )
