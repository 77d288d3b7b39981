"""Pretrained weights, as people bring them in a local folder."""

from pathlib import Path

import pytest

from workers.contracts.families import Family
from workers.contracts.model_folder import PromptMessage
from workers.contracts.recipes import FolderBase
from workers.contracts.tasks import TaskName
from workers.models.generation import generate_greedy
from workers.models.loading import LoadedModel, load_pretrained
from workers.models.prompts import encode_prompt

pytestmark = pytest.mark.models


def _load(folder: Path, family: Family, task_type: TaskName, labels: tuple[str, ...] = ()) -> LoadedModel:
    base = FolderBase(path=str(folder), family=family)
    return load_pretrained(base, task_type=task_type, labels=labels, model_roots=[str(folder.parent)])


def test_a_pretrained_chat_model_answers_a_question(smollm2: Path) -> None:
    loaded = _load(smollm2, Family.CAUSAL, "chat")
    question = [PromptMessage(role="user", content="What is the capital of France?")]
    ids = encode_prompt(loaded.tokenizer, loaded.manifest, question)
    [answer] = generate_greedy(loaded, [ids], max_new_tokens=12)
    assert "Paris" in answer.text


def test_a_pretrained_encoder_gets_a_head_for_its_labels(minilm: Path) -> None:
    loaded = _load(minilm, Family.CLASSIFIER, "classification", ("billing", "delivery", "other"))
    assert loaded.model.config.num_labels == 3
    assert loaded.manifest.context_length == 512
