"""What the files of a model say about it: its family, its size, and what keeps it from being a base. No model library is needed."""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from itertools import islice
from pathlib import Path
from typing import Any

from workers.contracts.families import Family
from workers.contracts.hub_models import CONFIG_NAME, config_obstacle, context_of, family_of, files_obstacle
from workers.contracts.texts import Text

MOST_CONFIG_BYTES = 1 << 20
_TOKENIZERS = ("tokenizer.json", "vocab.txt", "vocab.json", "*.model", "*.spm")
MOST_FOLDERS = 60
"""Of one root: a page shows no more."""
_MOST_ENTRIES = 1_000


@dataclass(frozen=True)
class FoundModel:
    """A model as its files describe it. `location` is the full path of a folder."""

    name: str
    family: Family | None
    model_type: str
    bytes: int
    context: int | None
    obstacle: Text | None
    location: str = ""


def describe_files(
    name: str, sizes: Mapping[str, int], config_json: bytes | None, location: str = ""
) -> FoundModel:
    """Describe a model by the names and sizes of its files and by its config.json."""
    config = _parsed(config_json)
    obstacle = files_obstacle(name, list(sizes))
    if obstacle is None and config is None:
        obstacle = Text("models.no_config", name=name)
    if obstacle is None and not any(fnmatch(file, pattern) for file in sizes for pattern in _TOKENIZERS):
        obstacle = Text("models.no_tokenizer", name=name)
    if obstacle is None and config is not None:
        obstacle = config_obstacle(name, config)
    config = config or {}
    return FoundModel(
        name=name,
        family=family_of(config),
        model_type=str(config.get("model_type") or "")[:60],
        bytes=sum(sizes.values()),
        context=context_of(config),
        obstacle=obstacle,
        location=location,
    )


def _parsed(config_json: bytes | None) -> dict[str, Any] | None:
    try:
        config = json.loads(config_json or b"")
    except (ValueError, RecursionError):
        return None
    return config if isinstance(config, dict) else None


def describe_folder(folder: Path) -> FoundModel:
    """Describe the model in a folder. Raises OSError."""
    sizes = {
        entry.name: entry.stat().st_size
        for entry in islice(os.scandir(folder), _MOST_ENTRIES)
        if entry.is_file()
    }
    config_json = None
    if CONFIG_NAME in sizes and sizes[CONFIG_NAME] <= MOST_CONFIG_BYTES:
        config_json = (folder / CONFIG_NAME).read_bytes()
    return describe_files(folder.name, sizes, config_json, str(folder))


def folders_below(roots: list[str]) -> list[FoundModel]:
    """Describe the folders of the roots that look like models, by name. A root and a folder of the name owner may hold them."""
    found: dict[str, FoundModel] = {}
    for root in roots:
        for folder in islice(_model_folders(Path(root)), MOST_FOLDERS):
            try:
                found[str(folder)] = describe_folder(folder)
            except OSError:
                # It went away meanwhile, or the site must not read it.
                continue
    return sorted(found.values(), key=lambda model: (model.obstacle is not None, model.name.lower()))


def _model_folders(root: Path) -> Iterator[Path]:
    for folder in _subfolders(root, root):
        if _looks_like_a_model(folder):
            yield folder
        else:
            yield from filter(_looks_like_a_model, _subfolders(folder, root))


def _subfolders(folder: Path, root: Path) -> list[Path]:
    """Subfolders with every link followed; what leads out of the root is none."""
    try:
        entries = sorted(islice(folder.iterdir(), _MOST_ENTRIES))
    except OSError:
        return []
    paths = [entry.resolve() for entry in entries if not entry.name.startswith(".") and entry.is_dir()]
    return [path for path in paths if path.is_relative_to(root)]


def _looks_like_a_model(folder: Path) -> bool:
    """Whether a folder has weights or a configuration, usable or not."""
    patterns = (CONFIG_NAME, "*.safetensors", "*.bin", "*.pt", "*.gguf", "adapter_config.json")
    try:
        return any(True for pattern in patterns for _path in folder.glob(pattern))
    except OSError:
        return False
