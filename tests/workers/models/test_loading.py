"""Bases from folders and from the Hub: what loads, and what is said when it does not."""

import json

import pytest
import torch
from transformers import AddedToken, AutoTokenizer, BertConfig, BertForMaskedLM, LlamaConfig, LlamaForCausalLM

from workers.contracts.families import Family
from workers.contracts.recipes import FolderBase, Precision, StarterSize
from workers.models.folder import write_folder
from workers.models.generation import end_token_ids
from workers.models.loading import allowed_folder, load_folder, load_pretrained, load_version
from workers.models.prompts import PLAIN_CHAT_TEMPLATE
from workers.models.starters import create_starter, train_tokenizer
from workers.runtime.reporter import JobError

TEXTS = ["The cat sat on the mat.", "A dog ran to the door."] * 3
CPU = torch.device("cpu")


def _starter(family=Family.CAUSAL, labels=()):
    task = "classification" if family is Family.CLASSIFIER else "chat"
    return create_starter(
        TEXTS, family=family, size=StarterSize.TINY, task_type=task, labels=labels, seed=1, device=CPU
    )


def _plain_llama(folder):
    tokenizer = train_tokenizer(TEXTS, family=Family.CAUSAL, vocabulary=300)
    tokenizer.chat_template = None
    sizes = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    LlamaForCausalLM(LlamaConfig(vocab_size=len(tokenizer), **sizes)).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def _load(folder, root, family=Family.CAUSAL, labels=()):
    base = FolderBase(family=family, path=str(folder))
    return load_pretrained(base, task_type="chat", labels=labels, model_roots=[str(root)])


def _code(caught) -> str:
    return caught.value.code


@pytest.mark.parametrize("precision", [Precision.FP32, Precision.BF16])
def test_a_folder_comes_back_with_the_same_weights(precision, tmp_path):
    loaded = _starter()
    loaded.precision = precision
    write_folder(loaded, tmp_path / "model")
    again = load_folder(tmp_path / "model")
    assert again.precision is precision
    assert again.manifest.precision is precision
    for name, weight in loaded.model.state_dict().items():
        assert torch.equal(weight, again.model.state_dict()[name]), name
    # Rotary frequencies stay in fp32 on both sides: rounded ones would bend long positions.
    ids = torch.arange(4, 200)[None] % 100
    with torch.no_grad():
        assert torch.equal(loaded.model.eval()(input_ids=ids).logits, again.model(input_ids=ids).logits)


def test_the_same_seed_gives_the_same_starter():
    one, two = _starter(), _starter()
    assert all(torch.equal(a, b) for a, b in zip(one.model.parameters(), two.model.parameters(), strict=True))


def test_a_starters_card_says_that_its_weights_are_random(tmp_path):
    write_folder(_starter(), tmp_path / "model")
    assert "random weights" in (tmp_path / "model" / "README.md").read_text()


def test_a_pretrained_model_without_a_chat_template_gets_a_plain_one(tmp_path):
    loaded = _load(_plain_llama(tmp_path / "llama"), tmp_path)
    assert "Assistant:" in loaded.tokenizer.chat_template
    assert loaded.manifest.trained


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_not_numbers_are_told(value, tmp_path):
    folder = _plain_llama(tmp_path / "llama")
    model = LlamaForCausalLM.from_pretrained(folder)
    with torch.no_grad():
        model.model.norm.weight[3] = value
    model.save_pretrained(folder)
    with pytest.raises(JobError, match=r"model\.norm\.weight") as caught:
        _load(folder, tmp_path)
    assert (_code(caught), caught.value.field) == ("weights_not_finite", "base")


def test_a_model_trained_to_continue_texts_can_be_trained_to_talk(tmp_path):
    base = FolderBase(family=Family.CAUSAL, path=str(_plain_llama(tmp_path / "llama")))
    coder = load_pretrained(base, task_type="code", model_roots=[str(tmp_path)])
    assert not coder.tokenizer.chat_template
    write_folder(coder, tmp_path / "coder")
    talker = load_version(tmp_path / "coder", task_type="chat")
    assert talker.tokenizer.chat_template == PLAIN_CHAT_TEMPLATE


def test_a_model_ends_where_its_chat_template_ends_a_turn(tmp_path):
    """As Qwen's base models: their own end is that of a document, and turns end with a mark without a name."""
    folder = _plain_llama(tmp_path / "llama")
    tokenizer = AutoTokenizer.from_pretrained(folder)
    end = AddedToken("<|turn-end|>", special=True)
    tokenizer.add_tokens([AddedToken("<|turn|>", special=True), end], special_tokens=True)
    tokenizer.chat_template = (
        "{% for message in messages %}<|turn|>{{ message.role }}\n{{ message.content }}<|turn-end|>\n{% endfor %}"
        "{% if add_generation_prompt %}<|turn|>assistant\n{% endif %}"
    )
    tokenizer.save_pretrained(folder)
    loaded = _load(folder, tmp_path)
    turn_end = loaded.tokenizer.convert_tokens_to_ids("<|turn-end|>")
    assert end_token_ids(loaded) == sorted([loaded.tokenizer.eos_token_id, turn_end])
    write_folder(loaded, tmp_path / "left")
    assert turn_end in end_token_ids(load_folder(tmp_path / "left"))


def test_a_chat_template_that_does_not_work_is_told(tmp_path):
    folder = _plain_llama(tmp_path / "llama")
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.chat_template = "{{ raise_exception('Only pictures, please') }}"
    tokenizer.save_pretrained(folder)
    with pytest.raises(JobError, match="Only pictures, please") as caught:
        _load(folder, tmp_path)
    assert _code(caught) == "template_refuses"


def test_a_folder_outside_the_roots_is_refused(tmp_path):
    _plain_llama(tmp_path / "llama")
    (tmp_path / "allowed").mkdir()
    with pytest.raises(JobError) as caught:
        _load(tmp_path / "llama", tmp_path / "allowed")
    assert _code(caught) == "folder_refused"
    assert "MODEL_ROOTS" in caught.value.message


@pytest.mark.parametrize("path", ["link", "../llama"])
def test_links_and_dots_do_not_lead_out_of_the_roots(path, tmp_path):
    _plain_llama(tmp_path / "llama")
    root = tmp_path / "allowed"
    root.mkdir()
    (root / "link").symlink_to(tmp_path / "llama")
    with pytest.raises(JobError) as caught:
        allowed_folder(str(root / path), [str(root)])
    assert _code(caught) == "folder_refused"


def test_a_folder_without_a_model_is_told(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(JobError) as caught:
        _load(tmp_path / "empty", tmp_path)
    assert _code(caught) == "folder_not_found"


def test_pickled_weights_are_refused(tmp_path):
    folder = _plain_llama(tmp_path / "llama")
    (folder / "model.safetensors").unlink()
    torch.save({}, folder / "pytorch_model.bin")
    with pytest.raises(JobError) as caught:
        _load(folder, tmp_path)
    assert _code(caught) == "not_safetensors"


@pytest.mark.parametrize(
    ("file", "key"),
    [
        ("tokenizer_config.json", "vocab"),
        ("special_tokens_map.json", "vocab_file"),
        ("model.safetensors.index.json", "weight_map"),
        ("config.json", "anything"),
    ],
)
@pytest.mark.parametrize("written", ["absolute", "through the folder", "from here"])
def test_a_model_that_names_files_of_this_machine_is_refused(file, key, written, tmp_path, monkeypatch):
    """A vocabulary from elsewhere would be read, trained with, and exported: so does a secret get out."""
    folder = _plain_llama(tmp_path / "llama")
    secret = tmp_path / "secret_key"
    secret.write_text("a secret\n[UNK]\n")
    monkeypatch.chdir(tmp_path)
    text = {"absolute": str(secret), "through the folder": "../secret_key", "from here": "secret_key"}[
        written
    ]
    said = json.loads((folder / file).read_text()) if (folder / file).exists() else {}
    (folder / file).write_text(json.dumps(said | {key: {"nested": [text]} if key == "weight_map" else text}))
    with pytest.raises(JobError) as caught:
        _load(folder, tmp_path)
    assert _code(caught) == "names_other_files"
    assert file in caught.value.message


def test_names_that_a_model_brings_from_where_it_was_made_harm_nobody(tmp_path):
    folder = _plain_llama(tmp_path / "llama")
    said = json.loads((folder / "tokenizer_config.json").read_text())
    said |= {"special_tokens_map_file": "/home/somebody/special_tokens_map.json", "name_or_path": "."}
    (folder / "tokenizer_config.json").write_text(json.dumps(said))
    _load(folder, tmp_path)


def test_an_adapter_does_not_lead_to_another_model(tmp_path):
    folder, other = _plain_llama(tmp_path / "llama"), _plain_llama(tmp_path / "other")
    adapter = {"peft_type": "LORA", "task_type": "CAUSAL_LM", "base_model_name_or_path": str(other)}
    (folder / "adapter_config.json").write_text(json.dumps(adapter))
    with pytest.raises(JobError) as caught:
        _load(folder, tmp_path)
    assert _code(caught) == "not_a_whole_model"


@pytest.mark.parametrize("harm", ["cut off", "overwritten"])
def test_a_damaged_file_is_named(harm, tmp_path):
    folder = _plain_llama(tmp_path / "llama")
    weights = folder / "model.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[: len(whole) // 2] if harm == "cut off" else b"\xff" * len(whole))
    with pytest.raises(JobError) as caught:
        _load(folder, tmp_path)
    assert _code(caught) == "model_unreadable"
    assert "model.safetensors of the model llama is damaged" in caught.value.message
    assert "Copy or download the model again" in caught.value.message


def test_a_repositorys_own_code_is_never_run(tmp_path):
    folder = _plain_llama(tmp_path / "llama")
    config = json.loads((folder / "config.json").read_text())
    config |= {
        "model_type": "own",
        "auto_map": {"AutoConfig": "own.Own", "AutoModelForCausalLM": "own.Model"},
    }
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "own.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    with pytest.raises(JobError) as caught:
        _load(folder, tmp_path)
    assert _code(caught) == "wrong_architecture"
    assert not (tmp_path / "ran").exists()


def test_a_model_of_the_wrong_kind_is_told(tmp_path):
    tokenizer = train_tokenizer(TEXTS, family=Family.CLASSIFIER, vocabulary=300)
    sizes = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    BertForMaskedLM(BertConfig(vocab_size=len(tokenizer), **sizes)).save_pretrained(tmp_path / "bert")
    tokenizer.save_pretrained(tmp_path / "bert")
    for family in (Family.CAUSAL, Family.SEQ2SEQ):
        with pytest.raises(JobError) as caught:
            _load(tmp_path / "bert", tmp_path, family)
        assert _code(caught) == "wrong_architecture"
    loaded = _load(tmp_path / "bert", tmp_path, Family.CLASSIFIER, labels=["a", "b", "c"])
    assert loaded.model.config.num_labels == 3


def test_a_classifier_with_other_labels_gets_a_new_head(tmp_path):
    write_folder(_starter(Family.CLASSIFIER, ["a", "b"]), tmp_path / "model")
    loaded = load_version(tmp_path / "model", task_type="classification", labels=["x", "y", "z"])
    assert loaded.model.config.num_labels == 3
    assert loaded.manifest.labels == ["x", "y", "z"]


def test_a_folder_that_is_no_model_folder_is_told(tmp_path):
    with pytest.raises(JobError) as caught:
        load_folder(tmp_path)
    assert _code(caught) == "not_a_model_folder"
