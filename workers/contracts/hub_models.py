"""What a repository of the Hub is to the studio: the family of its model, and what keeps it from being a base.

Both are read from its list of files and its config.json, in the same way by the site (search) and by workers (download).
"""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import Any

from workers.contracts.families import Family
from workers.contracts.texts import Text

MODEL_TYPES_PATH = Path(__file__).with_name("model_types.toml")
WEIGHTS = "*.safetensors"
HUB_FILES = [WEIGHTS, "*.safetensors.index.json", "*.json", "*.txt", "*.model", "*.jinja", "*.spm"]
"""What is downloaded of a repository, from its top folder alone."""
CONFIG_NAME = "config.json"
_ADAPTER_NAME = "adapter_config.json"
_DERIVED = ("base_model:quantized:", "base_model:adapter:")

# The first ending of an architecture's name that is found decides: XForSequenceClassification is a classifier, whatever X is.
_HEADS = {
    "ForSequenceClassification": Family.CLASSIFIER,
    "ForConditionalGeneration": Family.SEQ2SEQ,
    "MTModel": Family.SEQ2SEQ,
    "CausalLM": Family.CAUSAL,
    "LMHead": Family.CAUSAL,
}


@cache
def _model_types() -> dict[str, frozenset[str]]:
    return {name: frozenset(kinds) for name, kinds in tomllib.loads(MODEL_TYPES_PATH.read_text()).items()}


def family_of(config: Mapping[str, Any]) -> Family | None:
    """The family as which a model with this config.json is best opened; None where the studio cannot open it."""
    kind, types = str(config.get("model_type", "")), _model_types()
    fitting = {family for family in Family if kind in types.get(family.value, ())}
    if config.get("is_encoder_decoder"):
        fitting.discard(Family.CAUSAL)
    stated = config.get("architectures")
    architectures = [str(name) for name in stated] if isinstance(stated, list) else []
    for ending, family in _HEADS.items():
        if family in fitting and any(ending in name for name in architectures):
            return family
    if Family.SEQ2SEQ in fitting:
        return Family.SEQ2SEQ
    # Without a head of its own, a model that was trained to fill gaps is an encoder, though BERT has a causal variant too.
    if Family.CAUSAL in fitting and kind not in types["masked"]:
        return Family.CAUSAL
    return Family.CLASSIFIER if Family.CLASSIFIER in fitting else None


def is_downloaded(name: str) -> bool:
    """Whether the studio downloads a file of a repository."""
    return "/" not in name and any(fnmatch(name, pattern) for pattern in HUB_FILES)


def original_of(tags: Iterable[str]) -> str:
    """The model that a quantized model or an adapter was made from, by the repository's tags; "" where they name none."""
    for tag in tags:
        for start in _DERIVED:
            if tag.startswith(start):
                return tag.removeprefix(start)
    return ""


def files_obstacle(name: str, files: Sequence[str], tags: Iterable[str] = ()) -> Text | None:
    """What of its files keeps a repository from being a base, with the way out."""
    top = [file for file in files if "/" not in file]
    original = original_of(tags) or Text("models.the_original")
    if CONFIG_NAME not in top and _ADAPTER_NAME in top:
        return Text("models.only_adapter", name=name, original=original)
    if any(fnmatch(file, WEIGHTS) for file in top):
        return None
    if any(file.endswith(".gguf") for file in files):
        return Text("models.only_quantized", name=name, method="GGUF", original=original)
    return Text("models.no_safetensors", name=name)


def config_obstacle(name: str, config: Mapping[str, Any], tags: Iterable[str] = ()) -> Text | None:
    """What of its config.json keeps a repository from being a base, with the way out."""
    quantization = config.get("quantization_config")
    if isinstance(quantization, Mapping):
        method = str(quantization.get("quant_method") or "")[:40] or Text("models.type_unknown")
        original = original_of(tags) or Text("models.the_original")
        return Text("models.only_quantized", name=name, method=method, original=original)
    if family_of(config) is not None:
        return None
    if config.get("auto_map"):
        return Text("models.remote_code", name=name)
    kind = str(config.get("model_type") or "")[:60] or Text("models.type_unknown")
    return Text("models.unknown_type", name=name, model_type=kind)


def context_of(config: Mapping[str, Any]) -> int | None:
    """Tokens that a model can read as far as its config.json says; its tokenizer may allow fewer."""
    inner = config.get("text_config")
    for part in (config, inner if isinstance(inner, Mapping) else {}):
        for key in ("max_position_embeddings", "n_positions", "max_source_positions"):
            value = part.get(key)
            if type(value) is int and value > 0:
                return value
    return None
