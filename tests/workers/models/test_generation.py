"""Batched greedy decoding and scoring agree with the slow, obvious way."""

import pytest
import torch

from workers.contracts.families import Family
from workers.contracts.recipes import StarterSize
from workers.models.generation import batches_by_length, classify, generate_greedy, score
from workers.models.starters import create_starter

TEXTS = ["The cat sat on the mat.", "A dog ran to the door.", "Where is it?"] * 3


def _starter(family):
    task = {Family.CAUSAL: "chat", Family.SEQ2SEQ: "translation"}.get(family, "classification")
    loaded = create_starter(
        TEXTS,
        family=family,
        size=StarterSize.TINY,
        task_type=task,
        labels=["a", "b", "c"] if family is Family.CLASSIFIER else [],
        seed=4,
        device=torch.device("cpu"),
    )
    torch.manual_seed(0)
    with torch.no_grad():
        for weight in loaded.model.parameters():
            # Far from a tie between tokens, so that rounding never decides.
            weight += 0.2 * torch.randn_like(weight)
    return loaded


PROMPTS = [[5, 6, 7], [8, 9, 10, 11, 12, 13, 14], [20], [21, 22, 23, 24]]


def _obvious(loaded, prompt, tokens):
    said: list[int] = []
    start = loaded.model.generation_config.decoder_start_token_id
    for _ in range(tokens):
        with torch.no_grad():
            if loaded.family is Family.CAUSAL:
                logits = loaded.model(input_ids=torch.tensor([prompt + said])).logits
            else:
                decoder = torch.tensor([[start, *said]])
                logits = loaded.model(input_ids=torch.tensor([prompt]), decoder_input_ids=decoder).logits
        said.append(int(logits[0, -1].argmax()))
        if said[-1] == loaded.tokenizer.eos_token_id:
            break
    return said


@pytest.mark.parametrize("family", [Family.CAUSAL, Family.SEQ2SEQ])
def test_batches_say_what_one_row_at_a_time_says(family):
    loaded = _starter(family)
    answers = generate_greedy(loaded, PROMPTS, max_new_tokens=6, batch_tokens=30)
    assert [answer.token_ids for answer in answers] == [_obvious(loaded, prompt, 6) for prompt in PROMPTS]
    for answer in answers:
        stopped = answer.token_ids[-1] == loaded.tokenizer.eos_token_id
        assert answer.finish_reason == ("stop" if stopped else "length")


@pytest.mark.parametrize("family", [Family.CAUSAL, Family.SEQ2SEQ])
def test_scores_are_log_probabilities_of_each_token(family):
    loaded = _starter(family)
    pairs = [(prompt, [30, 31, 32][: number + 1]) for number, prompt in enumerate(PROMPTS)]
    together = score(loaded, pairs)
    assert [len(values) for values in together] == [1, 2, 3, 3]
    for pair, values in zip(pairs, together, strict=True):
        assert score(loaded, [pair])[0] == pytest.approx(values, abs=1e-3)
        assert max(values) <= 0
    everything = [(PROMPTS[0], [token]) for token in range(loaded.model.config.vocab_size)]
    total = sum(torch.tensor(values).exp().item() for values in score(loaded, everything))
    assert total == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("family", [Family.CAUSAL, Family.SEQ2SEQ])
def test_scoring_computes_logits_of_the_answers_alone(family):
    loaded = _starter(family)
    pairs = [(PROMPTS[1], [30, 31, 32]), (PROMPTS[0], [33]), (PROMPTS[3], []), (PROMPTS[2], [34, 35])]
    projected = []
    loaded.model.get_output_embeddings().register_forward_hook(
        lambda _module, _inputs, logits: projected.append(logits.shape[:-1].numel())
    )
    scored = score(loaded, pairs)
    assert projected == [6]
    for (prompt, output), values in zip(pairs, scored, strict=True):
        assert values == pytest.approx(_obvious_scores(loaded, prompt, output), abs=1e-4)


def _obvious_scores(loaded, prompt, output):
    if not output:
        return []
    said = torch.tensor([output])
    with torch.no_grad():
        if loaded.family is Family.CAUSAL:
            logits = loaded.model(input_ids=torch.tensor([prompt + output])).logits[:, len(prompt) - 1 : -1]
        else:
            start = loaded.model.generation_config.decoder_start_token_id
            decoder = torch.tensor([[start, *output[:-1]]])
            logits = loaded.model(input_ids=torch.tensor([prompt]), decoder_input_ids=decoder).logits
    return logits.log_softmax(-1).gather(-1, said[..., None])[0, :, 0].tolist()


def test_shares_of_labels_sum_to_one_whatever_the_batch():
    loaded = _starter(Family.CLASSIFIER)
    together = classify(loaded, PROMPTS)
    for prompt, shares in zip(PROMPTS, together, strict=True):
        assert sum(shares) == pytest.approx(1)
        assert classify(loaded, [prompt])[0] == pytest.approx(shares, abs=1e-4)


def test_progress_can_end_the_work():
    class Enough(Exception):
        pass

    def stop(done: int, total: int) -> None:
        raise Enough

    with pytest.raises(Enough):
        generate_greedy(_starter(Family.CAUSAL), PROMPTS, max_new_tokens=5, on_progress=stop)


def test_batches_hold_every_row_once_within_their_budget():
    lengths = [3, 50, 7, 7, 20, 1]
    batches = list(batches_by_length(lengths, 40))
    assert sorted(index for batch in batches for index in batch) == list(range(6))
    assert all(len(batch) == 1 or max(lengths[i] for i in batch) * len(batch) <= 40 for batch in batches)
