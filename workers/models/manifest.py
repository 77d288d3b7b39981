"""Reads what a model folder says of itself, without a model library: they take seconds to import."""

import json
from pathlib import Path

from workers.contracts.model_folder import MANIFEST_NAME, ModelManifest, manifest_from
from workers.contracts.texts import Text
from workers.runtime.reporter import JobError


def read_manifest(folder: Path) -> ModelManifest:
    """Raises JobError when the folder was not written by Maquette."""
    try:
        return manifest_from(json.loads((folder / MANIFEST_NAME).read_text()))
    except (OSError, ValueError) as error:
        raise JobError(
            "not_a_model_folder",
            Text("models.no_manifest", folder=folder.name, manifest=MANIFEST_NAME),
        ) from error
