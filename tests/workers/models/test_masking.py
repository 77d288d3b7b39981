"""Which tokens are hidden: the share of them, whole words, and what stands in their place."""

import random
from collections import Counter

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from workers.contracts.families import Family
from workers.contracts.recipes import StarterSize
from workers.models.masking import (
    MASKED_SHARE,
    Passage,
    asked,
    between_edges,
    edges,
    fill,
    filled,
    hides_any,
    mask,
    with_words,
)
from workers.models.prompts import IGNORED, Example
from workers.models.starters import create_starter

TEXTS = ["The unbelievable harbour was quiet, and seven boats lay there.", "Größe 42, 你好 world"] * 6


@pytest.fixture(scope="module")
def loaded():
    return create_starter(
        TEXTS,
        family=Family.ENCODER,
        size=StarterSize.TINY,
        task_type="pretraining",
        seed=1,
        device=torch.device("cpu"),
    )


def test_control_tokens_around_a_text_are_known(loaded) -> None:
    before, after = edges(loaded.tokenizer)
    assert before == (loaded.tokenizer.bos_token_id,)
    assert after == (loaded.tokenizer.eos_token_id,)
    [passage] = with_words(loaded.tokenizer, [TEXTS[0]])
    assert between_edges(passage, loaded.tokenizer).input_ids == loaded.tokenizer(TEXTS[0])["input_ids"]


def test_a_text_cannot_pose_as_a_control_token(loaded) -> None:
    [passage] = with_words(loaded.tokenizer, ["a <|mask|> b"])
    assert loaded.tokenizer.mask_token_id not in passage.input_ids


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("seven boats", ["seven", " boats"]),
        ("湖水很静，seven 船。", ["湖", "水", "很", "静", ",", "seven", "船", "。"]),
    ],
)
def test_a_character_of_a_script_without_spaces_is_a_word(loaded, text, words) -> None:
    [passage] = with_words(loaded.tokenizer, [text])
    groups: dict[int, list[int]] = {}
    for token, word in zip(passage.input_ids, passage.words, strict=True):
        groups.setdefault(word, []).append(token)
    found = [loaded.tokenizer.decode(tokens).strip() for tokens in groups.values()]
    assert [word for word in found if word] == [word.strip() for word in words]


@given(seed=st.integers(0, 10_000), words=st.lists(st.integers(1, 4), min_size=1, max_size=80))
def test_whole_words_are_hidden_and_control_tokens_never(loaded, seed, words) -> None:
    numbers = [-1, *(number for number, size in enumerate(words) for _ in range(size)), -1]
    passage = Passage([50 + number for number in range(len(numbers))], [], False, numbers)
    example = mask(passage, loaded.tokenizer, random.Random(seed), whole_words=True)
    hidden = {place for place, label in enumerate(example.label_ids) if label != IGNORED}
    assert hidden
    assert {0, len(numbers) - 1}.isdisjoint(hidden)
    for place, number in enumerate(numbers):
        same = {other for other, word in enumerate(numbers) if word == number}
        assert place not in hidden or same <= hidden
    assert all(example.input_ids[p] == passage.input_ids[p] for p in range(len(numbers)) if p not in hidden)
    assert all(example.label_ids[place] == passage.input_ids[place] for place in hidden)
    assert len(hidden) <= round(MASKED_SHARE * (len(numbers) - 2)) + 4


def test_of_hidden_tokens_most_become_the_mask_some_others_and_some_stay(loaded) -> None:
    passage = Passage([70] * 4000, [], False, list(range(4000)))
    example = mask(passage, loaded.tokenizer, random.Random(3))
    shown = [token for token, label in zip(example.input_ids, example.label_ids, strict=True) if label == 70]
    assert len(shown) == round(MASKED_SHARE * 4000)
    counts = Counter(
        "mask" if t == loaded.tokenizer.mask_token_id else "same" if t == 70 else "other" for t in shown
    )
    assert counts["mask"] / len(shown) == pytest.approx(0.8, abs=0.05)
    assert counts["other"] / len(shown) == pytest.approx(0.1, abs=0.04)
    assert counts["same"] / len(shown) == pytest.approx(0.1, abs=0.04)
    assert not set(shown) & (set(loaded.tokenizer.all_special_ids) - {loaded.tokenizer.mask_token_id})


def test_the_same_source_hides_the_same(loaded) -> None:
    [passage] = with_words(loaded.tokenizer, [TEXTS[0]])
    first, again = (mask(passage, loaded.tokenizer, random.Random(5), whole_words=True) for _ in range(2))
    assert (first.input_ids, first.label_ids) == (again.input_ids, again.label_ids)
    others = [mask(passage, loaded.tokenizer, random.Random(seed)).label_ids for seed in range(20)]
    assert any(other != first.label_ids for other in others)


def test_an_encoder_fills_in_each_hidden_place(loaded) -> None:
    examples = [asked(loaded.tokenizer, text, 64, f"row-{n}") for n, text in enumerate(["", *TEXTS[:3]])]
    assert [hides_any(example) for example in examples] == [False, True, True, True]
    found = {number: (tokens, nats) for number, tokens, nats in fill(loaded, examples)}
    assert set(found) == {0, 1, 2, 3}
    for number, example in enumerate(examples):
        tokens, nats = found[number]
        assert len(tokens) == len(nats) == sum(label != IGNORED for label in example.label_ids)
        assert all(value > 0 for value in nats)
        right = [label for label in example.label_ids if label != IGNORED]
        assert loaded.tokenizer.mask_token_id not in filled(example, right)
    assert filled(Example([1, 2], [IGNORED, 7]), [9]) == [1, 9]
