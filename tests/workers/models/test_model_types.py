"""The families that the site detects without a model library are those that the library opens."""

from contextlib import suppress
from typing import Any

import pytest
from transformers import CONFIG_MAPPING

from tools.model_types import LISTS, model_types_text
from workers.contracts.families import Family
from workers.contracts.hub_models import MODEL_TYPES_PATH, family_of
from workers.models.loading import fits_family

HEADS = (
    "ForCausalLM",
    "LMHeadModel",
    "ForMaskedLM",
    "ForSequenceClassification",
    "ForConditionalGeneration",
    "Model",
)
KNOWN = sorted({kind for mapping in LISTS.values() for kind in mapping if kind in CONFIG_MAPPING})


def test_the_list_is_that_of_the_library() -> None:
    assert MODEL_TYPES_PATH.read_text() == model_types_text(), "Run python -m tools.model_types"


@pytest.mark.parametrize("head", HEADS)
def test_a_detected_family_opens(head: str) -> None:
    wrong = []
    for kind in KNOWN:
        config: Any = CONFIG_MAPPING[kind]
        stated = {"model_type": kind, "architectures": [f"Any{head}"]}
        opened = None
        with suppress(Exception):  # a configuration of several models has no default
            opened = config(architectures=stated["architectures"])
        if opened is None:
            continue
        family = family_of({**stated, "is_encoder_decoder": bool(opened.is_encoder_decoder)})
        if family is not None and not fits_family(opened, family):
            wrong.append((kind, family.value))
    assert wrong == []


@pytest.mark.parametrize(
    ("kind", "architecture", "family"),
    [
        ("llama", "LlamaForCausalLM", Family.CAUSAL),
        ("gpt2", "GPT2LMHeadModel", Family.CAUSAL),
        ("llama", "LlamaForSequenceClassification", Family.CLASSIFIER),
        ("bert", "BertModel", Family.CLASSIFIER),
        ("modernbert", "ModernBertForMaskedLM", Family.CLASSIFIER),
        ("marian", "MarianMTModel", Family.SEQ2SEQ),
        ("t5", "T5ForConditionalGeneration", Family.SEQ2SEQ),
        ("bart", "BartModel", Family.SEQ2SEQ),
        ("bart", "BartForSequenceClassification", Family.CLASSIFIER),
        ("vit", "ViTForImageClassification", None),
        ("", "", None),
    ],
)
def test_usual_models_have_their_family(kind: str, architecture: str, family: Family | None) -> None:
    assert family_of({"model_type": kind, "architectures": [architecture]}) is family
