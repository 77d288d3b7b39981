"""The card of a model: the README.md in its folder."""

import re

from apps.catalog.models import ModelVersion
from apps.core.storage import storage
from workers.contracts.model_folder import CARD_NAME
from workers.shared.storage import StorageError

_MOST_BYTES = 64 << 10
_FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)


def read_card(version: ModelVersion) -> str:
    """Markdown without its front matter; empty when there is no card. It may come from the Hub: untrusted."""
    if not version.is_ready:
        return ""
    try:
        with storage().open(f"{version.storage_key}/{CARD_NAME}") as stream:
            text = stream.read(_MOST_BYTES).decode(errors="replace")
    except StorageError:
        return ""
    return _FRONT_MATTER.sub("", text.replace("\r\n", "\n")).strip()
