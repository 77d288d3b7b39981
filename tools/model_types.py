"""Writes workers/contracts/model_types.toml from the installed transformers: `python -m tools.model_types`.

Run it after an update of transformers; a test compares the file with the library.
"""

from __future__ import annotations

from transformers.models.auto import modeling_auto as mappings

from workers.contracts.hub_models import MODEL_TYPES_PATH

LISTS = {
    "causal": mappings.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
    "masked": mappings.MODEL_FOR_MASKED_LM_MAPPING_NAMES,
    "seq2seq": mappings.MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES,
    "classifier": mappings.MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES,
}
HEAD = """\
# The values of "model_type" in a config.json that transformers opens with each kind of head. The site detects the family of a
# model with it and loads no model library. Written by `python -m tools.model_types`.
"""


def model_types_text() -> str:
    """The contents of the file."""
    parts = [HEAD]
    for name, mapping in LISTS.items():
        lines = "".join(f'  "{kind}",\n' for kind in sorted(mapping))
        parts.append(f"{name} = [\n{lines}]\n")
    return "\n".join(parts)


if __name__ == "__main__":
    MODEL_TYPES_PATH.write_text(model_types_text())
