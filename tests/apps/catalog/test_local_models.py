"""Models in folders of the server: which are found, what keeps one from being a base, and what one click does."""

import json
from pathlib import Path

import pytest
from django.urls import reverse

from apps.catalog.local_models import add_local_base
from apps.catalog.model_files import MOST_CONFIG_BYTES, describe_folder, folders_below
from apps.catalog.models import BaseModel
from apps.core.errors import UserError
from apps.workspaces.models import AuditEntry
from tests.fixtures.page_text import html_of
from workers.contracts.recipes import FolderBase

PAGE = "catalog:base_recommended"
BERT = {"model_type": "bert", "architectures": ["BertModel"], "max_position_embeddings": 512}
LLAMA = {"model_type": "llama", "architectures": ["LlamaForCausalLM"]}
WHOLE = ("model.safetensors", "tokenizer.json")


def put(folder: Path, config: object = LLAMA, files: tuple[str, ...] = WHOLE) -> Path:
    """Write a model folder of empty files of 10 bytes each."""
    folder.mkdir(parents=True)
    for name in files:
        (folder / name).write_bytes(bytes(10))
    if config is not None:
        (folder / "config.json").write_text(config if isinstance(config, str) else json.dumps(config))
    return folder


@pytest.mark.parametrize(
    ("config", "files", "code"),
    [
        (LLAMA, ("model.safetensors",), "no_tokenizer"),
        (LLAMA, ("pytorch_model.bin", "tokenizer.json"), "no_safetensors"),
        (LLAMA, ("model.gguf", "tokenizer.json"), "only_quantized"),
        (None, WHOLE, "no_config"),
        ("{", WHOLE, "no_config"),
        ("[]", WHOLE, "no_config"),
        ("[" * 100_000, WHOLE, "no_config"),
        ({"model_type": "vit"}, WHOLE, "unknown_type"),
        ({"model_type": "own", "auto_map": {"AutoModel": "own.Own"}}, WHOLE, "remote_code"),
        ({**LLAMA, "quantization_config": {"quant_method": "awq"}}, WHOLE, "only_quantized"),
        (None, ("adapter_config.json", "adapter_model.safetensors"), "only_adapter"),
    ],
)
def test_what_keeps_a_folder_from_being_a_base(tmp_path, config, files, code) -> None:
    obstacle = describe_folder(put(tmp_path / "model", config, files)).obstacle
    assert obstacle is not None
    assert obstacle.code == f"models.{code}"


def test_a_config_that_is_too_large_is_not_read(tmp_path) -> None:
    folder = put(tmp_path / "model", json.dumps({**LLAMA, "more": "x" * MOST_CONFIG_BYTES}))
    obstacle = describe_folder(folder).obstacle
    assert obstacle is not None
    assert obstacle.code == "models.no_config"


@pytest.mark.parametrize("tokenizer", ["tokenizer.json", "vocab.txt", "spiece.model", "source.spm"])
def test_the_files_say_what_a_model_is(tmp_path, tokenizer) -> None:
    found = describe_folder(put(tmp_path / "mine", BERT, ("model.safetensors", tokenizer)))
    assert (found.name, found.model_type, found.context, found.obstacle) == ("mine", "bert", 512, None)
    assert found.family == "classifier"
    assert found.bytes == 20 + len(json.dumps(BERT))


def test_folders_of_a_root_and_of_an_owner_are_found_and_usable_ones_come_first(tmp_path) -> None:
    put(tmp_path / "root" / "a-pickle", LLAMA, ("pytorch_model.bin",))
    put(tmp_path / "root" / "owner" / "b")
    put(tmp_path / "root" / ".hidden")
    put(tmp_path / "root" / "owner" / "deep" / "er")
    put(tmp_path / "secret")
    (tmp_path / "root" / "link").symlink_to(tmp_path / "secret")
    (tmp_path / "root" / "notes").mkdir()
    (tmp_path / "root" / "file").touch()
    found = folders_below([str(tmp_path / "root"), str(tmp_path / "absent")])
    assert [model.name for model in found] == ["b", "a-pickle"]


@pytest.mark.django_db
class TestPage:
    @pytest.fixture
    def root(self, settings, tmp_path) -> Path:
        settings.MODEL_ROOTS = [str(tmp_path)]
        return tmp_path

    def test_one_click_adds_a_folder_and_leads_to_the_wizard(
        self, client_for, editor, make_data, root
    ) -> None:
        folder, data, client = put(root / "mine", BERT), make_data("classification"), client_for(editor)
        html = html_of(client.get(reverse(PAGE), {"data": data.pk}))
        assert f'name="folder" value="{folder}"' in html
        assert "bert" in html
        answer = client.post(f"{reverse(PAGE)}?data={data.pk}", {"folder": str(folder)})
        base = BaseModel.objects.get()
        assert base.base == FolderBase(family="classifier", path=str(folder))
        assert (base.name, base.model_type) == ("mine", "bert")
        assert AuditEntry.objects.filter(action="base_model.added").count() == 1
        assert f'value="{base.choice}" checked' in html_of(client.get(answer["Location"]))
        client.post(reverse(PAGE), {"folder": str(folder)})
        assert BaseModel.objects.count() == 1, "it is there already"

    def test_a_folder_that_cannot_be_used_says_why(self, client_for, editor, root) -> None:
        folder, client = put(root / "pickled", LLAMA, ("pytorch_model.bin",)), client_for(editor)
        html = html_of(client.get(reverse(PAGE)))
        assert "pickled has no safetensors weights" in html
        assert 'name="folder"' not in html
        answer = client.post(reverse(PAGE), {"folder": str(folder)}, follow=True)
        assert "has no safetensors weights" in html_of(answer)
        assert not BaseModel.objects.exists()

    def test_a_model_that_cannot_learn_from_the_data_says_so(
        self, client_for, editor, make_data, root
    ) -> None:
        put(root / "mine", BERT)
        html = html_of(client_for(editor).get(reverse(PAGE), {"data": make_data("chat").pk}))
        assert "cannot learn from this data" in html
        assert 'name="folder"' not in html

    @pytest.mark.parametrize("folder", ["/etc", "relative", "../..", "x\0y"])
    def test_other_folders_are_refused(self, client_for, editor, root, folder) -> None:
        client_for(editor).post(reverse(PAGE), {"folder": folder})
        assert not BaseModel.objects.exists()

    def test_a_viewer_sees_no_folder_and_adds_none(self, client_for, viewer, root) -> None:
        folder = put(root / "mine")
        assert str(root) not in html_of(client_for(viewer).get(reverse(PAGE)))
        assert client_for(viewer).post(reverse(PAGE), {"folder": str(folder)}).status_code == 403

    def test_a_folder_that_cannot_be_read_is_told(self, owner, workspace, root, monkeypatch) -> None:
        folder = put(root / "mine")

        def refuse(_folder: Path) -> None:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr("apps.catalog.local_models.describe_folder", refuse)
        with pytest.raises(UserError, match="Permission denied") as caught:
            add_local_base(actor=owner, workspace=workspace, folder=str(folder))
        assert caught.value.field == "location"
