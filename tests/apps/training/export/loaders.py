"""Reads configurations with the tools' own loaders: `python loaders.py axolotl one.yaml two.yaml`, with the tool on the path.

Each tool gets a process of its own: tools want other versions of libraries than ours, and what they import stays out of the
tests. A configuration that its tool refuses, or a key that it does not know, ends the process with an error.
"""

import importlib.abc
import importlib.machinery
import inspect
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import MagicMock

import yaml

_ABSENT = ("datasets", "omegaconf", "torchao", "torchdata", "wandb", "trl")
"""Libraries that the tools import for their data and models. Nothing here calls them, so stand-ins take their place."""


class _StandIns(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, name: str, *_: Any) -> Any:
        found = name.partition(".")[0] in _ABSENT
        return importlib.machinery.ModuleSpec(name, self, is_package=True) if found else None

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        made: Any = MagicMock(name=spec.name)
        made.__path__ = []
        return made

    def exec_module(self, module: ModuleType) -> None:
        pass


def llama_factory(config: dict[str, Any], _path: Path) -> None:
    os.environ["DISABLE_VERSION_CHECK"] = "1"
    from llamafactory.hparams.parser import get_train_args

    get_train_args(config)


def axolotl(config: dict[str, Any], _path: Path) -> None:
    from axolotl.utils.schemas.config import AxolotlInputConfig
    from axolotl.utils.schemas.datasets import DPODataset, SFTDataset

    kind = DPODataset if "rl" in config else SFTDataset
    _require_known(config, AxolotlInputConfig.model_fields)
    for dataset in [*config["datasets"], *config.get("test_datasets", [])]:
        _require_known(dataset, kind.model_fields)
    read = AxolotlInputConfig.model_validate(config)
    assert isinstance(read.datasets[0], kind)


def automodel(config: dict[str, Any], path: Path) -> None:
    from nemo_automodel.components.config.loader import ConfigNode, load_yaml_config
    from nemo_automodel.components.training.step_scheduler import StepScheduler

    loaded = load_yaml_config(str(path))
    _require_known(config["step_scheduler"], inspect.signature(StepScheduler).parameters)
    for name, section in config.items():
        if isinstance(section, dict) and "_target_" in section:
            node = loaded.get(name)
            assert isinstance(node, ConfigNode)
            parameters = inspect.signature(node._target_).parameters
            if all(each.kind is not each.VAR_KEYWORD for each in parameters.values()):
                _require_known(section, {"_target_", *parameters})


def _require_known(given: dict[str, Any], known: Iterable[str]) -> None:
    unknown = given.keys() - set(known)
    if unknown:
        raise ValueError(f"Unknown keys: {sorted(unknown)}")


if __name__ == "__main__":
    sys.meta_path.append(_StandIns())
    tool, *paths = sys.argv[1:]
    for each in map(Path, paths):
        os.chdir(each.parent)
        globals()[tool](yaml.safe_load(each.read_text()), each)
        print(each.name)
