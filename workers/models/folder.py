"""Writes model folders: weights, tokenizer, manifest and a card that says plainly what this model is."""

from collections.abc import Sequence
from pathlib import Path

from workers.contracts.families import Family
from workers.contracts.model_folder import CARD_NAME, MANIFEST_NAME, ModelManifest
from workers.models.devices import DTYPES, cast_parameters
from workers.models.generation import end_token_ids
from workers.models.loading import LoadedModel

_FAMILY_WORDS = {
    Family.CAUSAL: "a causal language model",
    Family.SEQ2SEQ: "a sequence-to-sequence model",
    Family.CLASSIFIER: "a classifier",
    Family.LINEAR: "a linear classifier: logistic regression over the TF-IDF of words and word pairs",
    Family.ENCODER: "an encoder that fills in hidden words",
}


def write_folder(loaded: LoadedModel, folder: Path, *, notes: Sequence[str] | None = None) -> ModelManifest:
    """Write `loaded` (adapters merged already) in its manifest's precision; return the manifest as written.

    `notes` are further paragraphs for the card.
    """
    folder.mkdir(parents=True, exist_ok=True)
    manifest = loaded.manifest.model_copy(
        update={
            "architecture": type(loaded.model).__name__,
            "parameters": loaded.model.num_parameters(),
            "precision": loaded.precision,
        }
    )
    model = loaded.model
    cast_parameters(model, DTYPES[loaded.precision])
    model.config.dtype = DTYPES[loaded.precision]
    if manifest.family in (Family.CAUSAL, Family.SEQ2SEQ):
        _set_generation(loaded)
    # A custom attention function of the trainer must not be named in the folder: its readers do not have it.
    model.set_attn_implementation("sdpa" if model._supports_sdpa else "eager")
    model.save_pretrained(folder, safe_serialization=True)
    loaded.tokenizer.save_pretrained(folder)
    (folder / MANIFEST_NAME).write_text(manifest.model_dump_json(indent=2) + "\n")
    (folder / CARD_NAME).write_text(card(manifest, notes or []))
    return manifest


def _set_generation(loaded: LoadedModel) -> None:
    """Ends and padding, greedy by default: the software that serves the folder decides about sampling."""
    generation = loaded.model.generation_config
    ends = end_token_ids(loaded)
    generation.eos_token_id = ends[0] if len(ends) == 1 else ends
    generation.pad_token_id = loaded.tokenizer.pad_token_id
    generation.do_sample = False
    generation.temperature = generation.top_p = generation.top_k = None


def card(manifest: ModelManifest, notes: Sequence[str]) -> str:
    """The README.md of a model folder, in Markdown."""
    task = manifest.task
    lines = [
        f"# {task.label} model",
        "",
        f"This is {_FAMILY_WORDS[manifest.family]}. It {task.help[0].lower()}{task.help[1:]}",
        "",
    ]
    if not manifest.trained and manifest.family is Family.LINEAR:
        lines += [
            "**Not trained yet.** This starter knows the words of the training rows, and finds every label equally likely.",
            "",
        ]
    elif not manifest.trained:
        lines += [
            "**Not trained yet.** This starter has random weights: its output is noise until it is trained."
            " Its tokenizer was trained on the training rows of the dataset.",
            "",
        ]
    lines += [*(paragraph + "\n" for paragraph in notes), "| | |", "| --- | --- |"]
    facts = {
        "Architecture": manifest.architecture,
        "Parameters": f"{manifest.parameters:,}",
        "Context": f"{manifest.context_length:,} tokens",
        "Precision": str(manifest.precision),
    }
    if manifest.max_target_length:
        facts["Longest answer in training"] = f"{manifest.max_target_length:,} tokens"
    if manifest.labels:
        facts["Labels"] = ", ".join(manifest.labels)
    facts |= {name.replace("_", " ").capitalize(): value for name, value in manifest.lineage.items()}
    lines += [f"| {name} | {_cell(value)} |" for name, value in facts.items()]
    lines += ["", "The weights are in the safetensors format. `maquette.json` describes the model.", ""]
    return "\n".join(lines)


def _cell(value: str) -> str:
    return value.replace("|", "\\|").replace("\n", " ")
