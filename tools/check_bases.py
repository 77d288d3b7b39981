"""Compares the list of recommended bases with the Hub: `python -m tools.check_bases`, and `--update` to write the figures.

It needs a network, or a mirror in HF_ENDPOINT. Configurations and tokenizers are downloaded, weights are not: parameters are
counted in a model without memory. No token is sent, so that a gated model is reported. `--update` writes figures and the day
of entries without a problem; licences, languages and reasons remain for a person to edit.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from fnmatch import fnmatch
from pathlib import Path

import torch
from huggingface_hub import HfApi, ModelInfo
from huggingface_hub.errors import HfHubHTTPError
from transformers import AutoConfig, AutoTokenizer

from workers.contracts.hub_models import HUB_FILES, WEIGHTS, is_downloaded
from workers.contracts.recommended import RECOMMENDED_PATH, RecommendedBase
from workers.models.loading import AUTO_MODELS, context_length, fits_family

TOLERANCE = 0.05
"""Of figures that were rounded by hand."""
_SECONDS = 30


@dataclass
class Comparison:
    """`problems` are what a person has to look at, `figures` what the Hub says, as far as it could be asked."""

    problems: list[str] = field(default_factory=list)
    figures: dict[str, int] = field(default_factory=dict)


def compare(base: RecommendedBase, api: HfApi) -> Comparison:
    """Ask the Hub about one entry."""
    found = Comparison()
    try:
        info = api.model_info(base.hub_id, revision=base.revision, files_metadata=True, timeout=_SECONDS)
        found.problems += _unfit(base, info)
        found.figures["download_bytes"] = _download_bytes(info)
        with tempfile.TemporaryDirectory() as folder:
            small = [pattern for pattern in HUB_FILES if pattern != WEIGHTS]
            api.snapshot_download(
                base.hub_id, revision=info.sha, local_dir=folder, allow_patterns=small, ignore_patterns="*/*"
            )
            _count(base, Path(folder), found)
    except Exception as error:
        # The connection errors of the Hub client's HTTP library share no base class with OSError.
        known = isinstance(error, (HfHubHTTPError, OSError, ValueError))
        if not known and not type(error).__module__.startswith("httpx"):
            raise
        found.problems.append(f"cannot be read: {str(error).strip().splitlines()[0]}")
    return found


def _unfit(base: RecommendedBase, info: ModelInfo) -> list[str]:
    """Why the studio could not use the repository, or should not recommend it."""
    wrong = []
    if info.gated:
        wrong.append("is gated: it needs a token and an agreement")
    if not any(fnmatch(name, WEIGHTS) for name, _size in _top_files(info)):
        wrong.append(f"has no safetensors at revision {base.revision}")
    stated = {tag.removeprefix("license:") for tag in info.tags or [] if tag.startswith("license:")}
    if stated != {base.licence.lower()}:
        wrong.append(
            f"has the licence {', '.join(sorted(stated)) or 'that nothing states'}, not {base.licence}"
        )
    return wrong


def _top_files(info: ModelInfo) -> list[tuple[str, int]]:
    """Name and bytes of each file that the studio downloads."""
    return [(one.rfilename, one.size or 0) for one in info.siblings or [] if is_downloaded(one.rfilename)]


def _download_bytes(info: ModelInfo) -> int:
    return sum(size for _name, size in _top_files(info))


def _count(base: RecommendedBase, folder: Path, found: Comparison) -> None:
    config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    if not fits_family(config, base.family):
        found.problems.append(f"is a {config.model_type} model, which is no {base.family.value} model")
        return
    if config.model_type != base.model_type:
        found.problems.append(f"is a {config.model_type} model, not {base.model_type}")
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    found.figures["context"] = context_length(config, tokenizer)
    with torch.device("meta"):
        found.figures["parameters"] = AUTO_MODELS[base.family].from_config(config).num_parameters()


def differences(base: RecommendedBase, figures: dict[str, int]) -> list[str]:
    """Figures of the entry that are further from the Hub's than rounding explains."""
    return [
        f"{name} is {getattr(base, name):,} here and {value:,} on the Hub"
        for name, value in figures.items()
        if abs(getattr(base, name) - value) > (0 if name == "context" else TOLERANCE * value)
    ]


def with_figures(text: str, hub_id: str, figures: dict[str, int], day: date) -> str:
    """The list with the figures and the day of one entry replaced, all else as it was."""
    entries = re.split(r"(?m)^(?=\[\[base\]\]$)", text)
    for number, entry in enumerate(entries):
        if f'hub_id = "{hub_id}"\n' not in entry:
            continue
        for name, value in figures.items():
            entry = re.sub(rf"(?m)^{name} = .*$", f"{name} = {value:_}", entry)
        entry = re.sub(r"(?m)^checked = .*\n", "", entry)
        entries[number] = re.sub(r"(?m)^(reason = .*)$", rf"\1\nchecked = {day}", entry)
    return "".join(entries)


def main(arguments: Sequence[str] | None = None) -> int:
    """1 where an entry differs or cannot be read; with --update only where it cannot be recommended."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--update", action="store_true", help="write the figures of the Hub into the list")
    parser.add_argument("--list", type=Path, default=RECOMMENDED_PATH, help="another list than the studio's")
    chosen = parser.parse_args(arguments)
    text = chosen.list.read_text()
    api, is_right = HfApi(token=False), True
    for entry in tomllib.loads(text)["base"]:
        base = RecommendedBase.model_validate(entry)
        found = compare(base, api)
        differing = differences(base, found.figures)
        if chosen.update and not found.problems:
            text = with_figures(text, base.hub_id, found.figures, datetime.now(UTC).date())
            chosen.list.write_text(text)
        is_right &= not found.problems and (chosen.update or not differing)
        print(f"{base.hub_id}: {'; '.join(found.problems + differing) or 'as listed'}", flush=True)
    return 0 if is_right else 1


if __name__ == "__main__":
    sys.exit(main())
