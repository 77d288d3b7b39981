"""Rows are ordered by seed and epoch alone, and grouped without changing what is computed."""

import copy
import random

import pytest
import torch
from torch.nn.functional import cross_entropy
from transformers import T5Config, T5ForConditionalGeneration

from workers.contracts.families import Family
from workers.contracts.model_folder import PromptMessage
from workers.contracts.recipes import Batching, LoraVariant, Recipe, StarterSize, Tuning
from workers.models.generation import decoder_inputs, padded
from workers.models.prompts import Example, encode_examples
from workers.models.starters import create_starter
from workers.training.adapters import add_adapters, merge_adapters
from workers.training.attention import can_pack, unpacked
from workers.training.data import Order, group_by_length, pack
from workers.training.objectives import create_objective

TEXTS = [
    "a small cat",
    "the book is on the table by the window",
    "hello",
    "where are you going today my friend",
]
CPU = torch.device("cpu")


def _starter(family=Family.CAUSAL, task="chat", labels=()):
    return create_starter(
        TEXTS * 3, family=family, size=StarterSize.TINY, task_type=task, labels=labels, seed=3, device=CPU
    )


def _chat_rows():
    said = random.Random(1)
    rows = []
    for _ in range(6):
        messages = [PromptMessage(role="system", content="Be brief.")]
        for _ in range(said.randrange(3)):
            messages.append(PromptMessage(role="user", content=said.choice(TEXTS)))
            messages.append(PromptMessage(role="assistant", content=said.choice(TEXTS)))
        messages.append(PromptMessage(role="user", content=said.choice(TEXTS)))
        rows.append((messages, said.choice(TEXTS)))
    return rows


def _row(tokens: int) -> Example:
    return Example(list(range(tokens)), list(range(tokens)))


def test_an_epoch_holds_every_row_once_and_epochs_differ():
    order = Order(rows=23, batch_rows=5, seed=7)
    assert order.steps_per_epoch == 5
    epochs = [[row for step in range(5) for row in order.step(epoch * 5 + step)] for epoch in range(2)]
    assert all(sorted(epoch) == list(range(23)) for epoch in epochs)
    assert epochs[0] != epochs[1]
    assert Order(23, 5, 7).step(8) == order.step(8)
    assert Order(23, 5, 8).step(8) != order.step(8)


def test_packing_keeps_every_row_within_the_budget():
    rows = [_row(tokens) for tokens in (5, 5, 30, 2, 2, 2)]
    groups = list(pack(rows, 10))
    assert [[len(row.input_ids) for row in group] for group in groups] == [[5, 5], [30], [2, 2, 2]]


def test_length_grouping_is_a_partition_with_little_padding():
    lengths = random.Random(2)
    rows = [_row(int(2 + lengths.expovariate(0.02))) for _ in range(60)]
    groups = list(group_by_length(rows, 1024, lambda row: (len(row.input_ids),)))
    found = sorted(len(row.input_ids) for group in groups for row in group)
    assert found == sorted(len(row.input_ids) for row in rows)
    computed = sum(len(group) * max(len(row.input_ids) for row in group) for group in groups)
    assert computed < 1.25 * sum(found)
    assert all(len(group) == 1 or len(group) * len(group[0].input_ids) <= 1024 for group in groups)


@pytest.mark.parametrize("lora", [False, True])
def test_a_packed_row_has_the_loss_that_it_has_alone(lora):
    loaded = _starter()
    examples = encode_examples(loaded.tokenizer, loaded.manifest, _chat_rows())
    objective = create_objective(loaded, Recipe())
    assert objective.batching is Batching.PACKING
    if lora:
        add_adapters(loaded, Recipe())
        for name, weight in loaded.model.named_parameters():
            if "lora_B" in name:
                torch.nn.init.normal_(weight, std=0.05)
        loaded.model.eval()
    with torch.no_grad():
        alone = [float(objective.loss_sum([example])) for example in examples]
        packed = float(objective.loss_sum(examples))
        assert packed == pytest.approx(sum(alone), rel=1e-5)
        for number, example in enumerate(examples):
            rest = examples[:number] + examples[number + 1 :]
            difference = packed - float(objective.loss_sum(rest))
            assert difference == pytest.approx(alone[number], abs=1e-3), example
        # The architecture's own attention, one padded batch, every logit computed.
        padding = create_objective(loaded, Recipe(batching=Batching.PADDING))
        with unpacked(loaded.model):
            assert float(padding.loss_sum(examples)) == pytest.approx(packed, rel=1e-5)


def test_gradients_of_packed_and_padded_rows_are_equal():
    packed = _starter()
    padded = copy.deepcopy(packed)
    examples = encode_examples(packed.tokenizer, packed.manifest, _chat_rows())
    for loaded, batching in ((packed, Batching.PACKING), (padded, Batching.PADDING)):
        create_objective(loaded, Recipe(batching=batching)).loss_sum(examples).backward()
    for (name, one), other in zip(packed.model.named_parameters(), padded.model.parameters(), strict=True):
        torch.testing.assert_close(one.grad, other.grad, atol=1e-3, rtol=1e-3, msg=name)


def test_only_what_the_assistant_says_is_learned():
    loaded = _starter()
    [example] = encode_examples(loaded.tokenizer, loaded.manifest, _chat_rows()[:1])
    learned = [token for token, label in zip(example.input_ids, example.label_ids, strict=True) if label >= 0]
    messages, target = _chat_rows()[0]
    said = [message.content for message in messages if message.role == "assistant"] + [target]
    assert loaded.tokenizer.decode(learned) == "".join(f"{text}<|end|>" for text in said)


def test_an_architecture_that_cannot_be_packed_is_noticed_and_left_as_it_was():
    model = T5ForConditionalGeneration(
        T5Config(vocab_size=64, d_model=16, d_kv=8, d_ff=16, num_layers=1, num_heads=2)
    )
    before = model.config._attn_implementation
    assert not can_pack(model)
    assert model.config._attn_implementation == before


@pytest.mark.parametrize("family", [Family.SEQ2SEQ, Family.CLASSIFIER])
def test_padding_does_not_change_a_loss(family):
    task = "translation" if family is Family.SEQ2SEQ else "classification"
    loaded = _starter(family, task, TEXTS)
    rows = [([PromptMessage(role="user", content=text)], other) for text in TEXTS for other in TEXTS[:2]]
    examples = encode_examples(loaded.tokenizer, loaded.manifest, rows)
    objective = create_objective(loaded, Recipe())
    with torch.no_grad():
        alone = sum(float(objective.loss_sum([example])) for example in examples)
        assert float(objective.loss_sum(examples)) == pytest.approx(alone, rel=1e-4)


@pytest.mark.parametrize("lora", [False, True])
def test_only_the_answers_of_a_padded_batch_reach_the_vocabulary(lora):
    loaded = _starter(Family.SEQ2SEQ, "translation")
    rows = [([PromptMessage(role="user", content=text)], text) for text in TEXTS]
    examples = encode_examples(loaded.tokenizer, loaded.manifest, rows)
    objective = create_objective(loaded, Recipe(label_smoothing=0.1))
    if lora:
        # Its weights are those of the embeddings, too, and adapters could not be merged into them.
        loaded.model.lm_head.weight = torch.nn.Parameter(loaded.model.lm_head.weight.detach().clone())
        add_adapters(loaded, Recipe(lora_targets=["lm_head", "q_proj"]))
    loaded.model.eval()
    whole = copy.deepcopy(loaded)
    projected = []
    loaded.model.get_output_embeddings().register_forward_hook(
        lambda _module, _inputs, logits: projected.append(logits.shape[:-1].numel())
    )
    loss = objective.loss_sum(examples)
    loss.backward()
    assert projected == [sum(objective.learned(example) for example in examples)]

    ids, mask = padded([example.input_ids for example in examples], 0, CPU)
    labels, _ = padded([example.label_ids for example in examples], -100, CPU)
    inputs = {"input_ids": ids, "attention_mask": mask, "decoder_input_ids": decoder_inputs(whole, labels)}
    logits = whole.model(**inputs).logits
    expected = cross_entropy(logits.flatten(0, 1), labels.flatten(), reduction="sum", label_smoothing=0.1)
    expected.backward()
    torch.testing.assert_close(loss, expected, atol=1e-3, rtol=1e-5)
    for (name, one), other in zip(loaded.model.named_parameters(), whole.model.parameters(), strict=True):
        torch.testing.assert_close(one.grad, other.grad, atol=1e-3, rtol=1e-3, msg=name)


def test_only_the_answers_of_padded_conversations_reach_the_vocabulary():
    loaded = _starter()
    examples = encode_examples(loaded.tokenizer, loaded.manifest, _chat_rows())
    objective = create_objective(loaded, Recipe(batching=Batching.PADDING))
    projected = []
    loaded.model.get_output_embeddings().register_forward_hook(
        lambda _module, _inputs, logits: projected.append(logits.shape[:-1].numel())
    )
    loss = objective.loss_sum(examples)
    assert projected == [sum(objective.learned(example) for example in examples)]

    ids, mask = padded([example.input_ids for example in examples], 0, CPU)
    labels, _ = padded([example.label_ids for example in examples], -100, CPU)
    logits = loaded.model(input_ids=ids, attention_mask=mask).logits
    expected = cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten(), reduction="sum")
    torch.testing.assert_close(loss, expected, atol=1e-3, rtol=1e-5)


@pytest.mark.parametrize("tuning", [Tuning.LORA, Tuning.QLORA])
@pytest.mark.parametrize("variant", list(LoraVariant))
def test_a_merged_model_says_what_the_adapted_one_said(variant, tuning):
    loaded = _starter()
    add_adapters(loaded, Recipe(lora_rank=4, lora_variant=variant, tuning=tuning))
    for name, weight in loaded.model.named_parameters():
        if "lora_B" in name or "lora_magnitude_vector" in name:
            torch.nn.init.normal_(weight, std=0.1)
    ids = torch.tensor([[5, 6, 7, 8, 9]])
    loaded.model.eval()
    with torch.no_grad():
        adapted = loaded.model(input_ids=ids).logits
        merge_adapters(loaded)
        merged = loaded.model(input_ids=ids).logits
    torch.testing.assert_close(merged, adapted, atol=1e-4, rtol=1e-4)
    assert type(loaded.model).__name__ == "LlamaForCausalLM"
