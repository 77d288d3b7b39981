"""Choosing a model of the Hub, which is a process on loopback: search, facts before the download, and each refusal."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.cache import cache
from django.urls import reverse

from apps.catalog import hub_cards
from apps.catalog.models import BaseModel
from apps.workspaces.models import WorkspaceSecret
from apps.workspaces.team import secrets
from tests.fixtures import fake_hub
from tests.fixtures.page_text import html_of
from workers.contracts.recipes import HubBase

pytestmark = pytest.mark.django_db
PAGE, MODEL = "catalog:base_recommended", "catalog:hub_model"
LLAMA = {"model_type": "llama", "architectures": ["LlamaForCausalLM"], "max_position_embeddings": 2048}


@pytest.fixture
def hub(tmp_path: Path, settings: Any) -> Iterator[Path]:
    """The folder of the models of a Hub that the studio asks."""
    settings.HF_HUB_OFFLINE, settings.HF_TOKEN = False, ""
    cache.clear()
    with fake_hub.running_hub(tmp_path) as address:
        settings.HF_ENDPOINT = address
        yield tmp_path


@pytest.fixture
def publish(hub: Path) -> Callable[..., str]:
    """Puts a model on the Hub: its id, its files with their sizes, its config.json, and what the Hub says of it."""

    def put(
        name: str,
        config: dict[str, Any] | None = LLAMA,
        files: dict[str, int] | None = None,
        revision: str = "main",
        **facts: Any,
    ) -> str:
        folder = hub / name / revision
        folder.mkdir(parents=True)
        for file, size in (files or {"model.safetensors": 5_000, "tokenizer.json": 700}).items():
            (folder / file).parent.mkdir(exist_ok=True)
            (folder / file).write_bytes(bytes(size))
        if config is not None:
            (folder / "config.json").write_text(json.dumps(config))
        (folder / fake_hub.FACTS).write_text(json.dumps(facts))
        return fake_hub._commit(folder)

    return put


def test_a_search_shows_what_the_hub_says(client_for, editor, publish) -> None:
    publish(
        "some/llama",
        tags=["license:mit", "en", "zh", "safetensors"],
        safetensors={"total": 134_515_008},
        downloads=1234,
        gated="manual",
    )
    publish("some/other")
    html = html_of(client_for(editor).get(reverse(PAGE), {"q": "LLAMA"}))
    for text in ("some/llama", "Causal language model", "134.5 M", "mit", "English, Chinese", "gated"):
        assert text in html
    assert "some/other" not in html
    assert "Recommended base models" not in html


def test_a_search_says_how_many_it_found_and_that_there_may_be_more(
    client_for, editor, publish, monkeypatch
) -> None:
    publish("some/llama")
    assert "1 model found" in html_of(client_for(editor).get(reverse(PAGE), {"q": "llama"}))
    monkeypatch.setattr(hub_cards, "FOUND_AT_ONCE", 1)
    assert "1 most downloaded models" in html_of(client_for(editor).get(reverse(PAGE), {"q": "llama"}))


def test_filters_reach_the_hub_and_unknown_ones_do_not(client_for, editor, publish) -> None:
    publish("some/llama-mit", tags=["license:mit"])
    publish("some/llama-other", tags=["license:other"])
    client = client_for(editor)
    html = html_of(client.get(reverse(PAGE), {"q": "llama", "licence": "mit"}))
    assert "some/llama-mit" in html
    assert "some/llama-other" not in html
    assert "some/llama-other" in html_of(client.get(reverse(PAGE), {"q": "llama", "licence": "x"}))


def test_what_cannot_learn_from_the_data_comes_last(client_for, editor, publish, make_data) -> None:
    publish("some/a-picture", {"model_type": "vit", "architectures": ["ViTForImageClassification"]})
    publish("some/b-encoder", {"model_type": "bert", "architectures": ["BertForMaskedLM"]})
    publish("some/c-llama")
    data = make_data("translation")
    response = client_for(editor).get(reverse(PAGE), {"q": "some", "data": data.pk})
    cards = response.context["found"].cards
    assert [card.model.repo_id for card in cards] == ["some/c-llama", "some/a-picture", "some/b-encoder"]
    html = html_of(response)
    assert "cannot be trained here" in html
    assert "does not fit this data" in html


def test_a_typed_id_opens_a_model_that_the_search_does_not_find(client_for, editor, hub) -> None:
    html = html_of(client_for(editor).get(reverse(PAGE), {"q": "some/private"}))
    assert f"{reverse(MODEL)}?id=some/private" in html


def test_a_model_shows_its_size_before_the_download(client_for, editor, publish) -> None:
    files = {
        "model.safetensors": 5_000,
        "tokenizer.json": 700,
        "pytorch_model.bin": 9_000,
        "onnx/m.json": 9_000,
    }
    commit = publish("some/llama", files=files)
    response = client_for(editor).get(reverse(MODEL), {"id": "some/llama"})
    model = response.context["card"].model
    assert model.download_bytes == 5_700 + len(json.dumps(LLAMA))
    html = html_of(response)
    for text in (commit, "2,048 tokens", "Causal language model", 'value="some/llama"'):
        assert text in html


@pytest.mark.parametrize(
    ("config", "family"),
    [
        (LLAMA, "causal"),
        ({"model_type": "marian", "architectures": ["MarianMTModel"]}, "seq2seq"),
        ({"model_type": "bert", "architectures": ["BertForMaskedLM"]}, "classifier"),
    ],
)
def test_a_chosen_model_has_its_family_and_its_commit(client_for, editor, publish, config, family) -> None:
    commit = publish("some/model", config)
    client = client_for(editor)
    first, second = (
        client.post(reverse(PAGE), {"hub_id": "some/model", "revision": commit})["Location"] for _ in range(2)
    )
    base = BaseModel.objects.get()
    assert base.base == HubBase(family=family, repo_id="some/model", revision=commit)
    assert first == second
    assert parse_qs(urlsplit(first).query)["base"] == [base.choice]


def test_a_branch_is_pinned_by_its_commit(client_for, editor, publish) -> None:
    commit = publish("some/model", revision="v1")
    client_for(editor).post(reverse(PAGE), {"hub_id": "some/model", "revision": "v1"})
    assert BaseModel.objects.get().revision == commit


BASE = ["base_model:quantized:some/original"]


@pytest.mark.parametrize(
    ("put", "text"),
    [
        ({"files": {"pytorch_model.bin": 9}}, "no safetensors weights"),
        (
            {"files": {"model.Q4_K_M.gguf": 9}, "tags": BASE},
            "(GGUF), which cannot be fine-tuned. Choose some/original",
        ),
        (
            {"config": {**LLAMA, "quantization_config": {"quant_method": "gptq"}}},
            "(gptq), which cannot be fine-tuned. Choose the original model",
        ),
        (
            {"config": None, "files": {"adapter_config.json": 9, "adapter_model.safetensors": 9}},
            "only an adapter",
        ),
        (
            {"config": {"model_type": "own", "auto_map": {"AutoConfig": "own.Own"}}},
            "runs no code from a repository",
        ),
        ({"config": {"model_type": "vit"}}, "of the type vit"),
        ({"fails": "gated", "gated": "manual"}, "Accept its terms on the Hub"),
        ({"fails": "busy"}, f"Try again in {fake_hub.WAIT_SECONDS} seconds"),
        ({"fails": "html"}, "not as the Hub does"),
        ({"fails": "down"}, "The Hub cannot be reached"),
    ],
)
def test_each_obstacle_has_a_message_and_adds_nothing(client_for, editor, publish, put, text: str) -> None:
    publish("some/model", **put)
    client = client_for(editor)
    html = html_of(client.get(reverse(MODEL), {"id": "some/model"}))
    assert text in html
    assert 'name="hub_id"' not in html
    answer = client.post(reverse(PAGE), {"hub_id": "some/model"}, follow=True)
    assert text in html_of(answer)
    assert not BaseModel.objects.exists()


@pytest.mark.parametrize("fails", ["busy", "html", "down"])
def test_a_search_that_fails_is_told_on_the_page(client_for, editor, publish, fails: str) -> None:
    publish("some/model", fails=fails)
    response = client_for(editor).get(reverse(PAGE), {"q": "some"})
    assert response.status_code == 200
    assert response.context["found"].problem in html_of(response)


def test_a_missing_model_and_what_is_no_id_are_told(client_for, editor, hub) -> None:
    client = client_for(editor)
    assert "The Hub has no model some/missing" in html_of(client.get(reverse(MODEL), {"id": "some/missing"}))
    for text in ("", "two words", "../../etc"):
        assert "This is not a Hub id" in html_of(client.get(reverse(MODEL), {"id": text}))


@pytest.mark.parametrize(
    ("offline", "text"), [(True, "HF_HUB_OFFLINE"), (False, "The Hub cannot be reached")]
)
def test_without_a_network_the_list_stays(client_for, editor, settings, offline: bool, text: str) -> None:
    # Port 9 is the discard service: the connection is refused at once.
    settings.HF_HUB_OFFLINE, settings.HF_ENDPOINT = offline, "http://127.0.0.1:9"
    client = client_for(editor)
    assert text in html_of(client.get(reverse(PAGE), {"q": "llama"}))
    assert text in html_of(client.get(reverse(MODEL), {"id": "some/llama"}))
    assert "Recommended base models" in html_of(client.get(reverse(PAGE)))


def test_the_token_of_the_workspace_opens_a_gated_model_for_it_alone(
    client_for, owner, workspace, publish
) -> None:
    publish("some/model", fails="gated", gated="manual")
    secrets.set_secret(
        actor=owner, workspace=workspace, kind=WorkspaceSecret.Kind.HUB_TOKEN, value=fake_hub.TOKEN
    )
    client = client_for(owner)
    assert "The Hub token of this studio opens it" in html_of(
        client.get(reverse(MODEL), {"id": "some/model"})
    )
    secrets.remove_secret(actor=owner, secret=WorkspaceSecret.objects.get())
    assert "Accept its terms" in html_of(client.get(reverse(MODEL), {"id": "some/model"}))


def test_an_answer_is_asked_for_once(client_for, editor, publish, monkeypatch) -> None:
    publish("some/llama")
    asked: list[str] = []
    monkeypatch.setattr("apps.catalog.hub.take", lambda name, _rate: asked.append(name) or 0)
    client = client_for(editor)
    for _ in range(2):
        client.get(reverse(PAGE), {"q": "llama"})
    assert asked == [f"hub:{editor.pk}"]
    monkeypatch.setattr("apps.catalog.hub.take", lambda name, _rate: 12)
    assert "Too many requests to the Hub" in html_of(client.get(reverse(PAGE), {"q": "another"}))


def test_a_viewer_does_not_ask_the_hub(client_for, viewer, publish) -> None:
    publish("some/llama")
    client = client_for(viewer)
    response = client.get(reverse(PAGE), {"q": "llama"})
    assert response.context["found"] is None
    assert client.get(reverse(MODEL), {"id": "some/llama"}).status_code == 403
