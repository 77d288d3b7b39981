"""The engine takes no more threads than help, and with many streams sends no more chunks than the cores carry."""

import threading
from collections.abc import Callable

import pytest
import torch
from torch import nn
from transformers import (
    BartConfig,
    BartForConditionalGeneration,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedModel,
)

from workers.serving.http import chunk_pause
from workers.serving.step_threads import adapt_threads, threads_for

SMALL, LARGE, CORES = 13_000_000, 500_000_000, 8
DIMENSIONS = {"vocab_size": 50, "hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1}


@pytest.mark.parametrize(
    ("weights", "tokens", "threads"),
    [(SMALL, 1, 1), (SMALL, 16, 1), (SMALL, 64, 2), (SMALL, 2048, CORES), (LARGE, 1, 1), (LARGE, 16, CORES)],
)
def test_threads_follow_the_work_of_a_step(weights: int, tokens: int, threads: int) -> None:
    assert threads_for(weights, tokens, CORES) == threads


def threads_inside(model: PreTrainedModel, layer: nn.Module, ask: Callable[[], object]) -> int:
    """How many threads `layer` is computed with, asked on a thread of its own so that no other test is changed."""
    seen: list[int] = []
    layer.register_forward_hook(lambda *_: seen.append(torch.get_num_threads()))
    runner = threading.Thread(target=ask)
    runner.start()
    runner.join()
    return seen[-1]


@pytest.fixture
def llama() -> PreTrainedModel:
    return LlamaForCausalLM(LlamaConfig(num_attention_heads=2, num_key_value_heads=2, **DIMENSIONS)).eval()


@pytest.mark.parametrize(("tokens", "threads"), [(2, 1), (64, 2)])
def test_a_step_computes_with_the_threads_it_is_worth(
    llama: PreTrainedModel, tokens: int, threads: int
) -> None:
    adapt_threads(llama, SMALL, limit=2)
    ids = torch.ones((1, tokens), dtype=torch.long)
    assert threads_inside(llama, llama.lm_head, lambda: llama(input_ids=ids)) == threads


def test_an_encoder_has_its_own_number() -> None:
    bart = BartForConditionalGeneration(
        BartConfig(
            vocab_size=50, d_model=16, encoder_layers=1, decoder_layers=1, encoder_attention_heads=2,
            decoder_attention_heads=2, encoder_ffn_dim=16, decoder_ffn_dim=16,
        )
    ).eval()  # fmt: skip
    adapt_threads(bart, SMALL, limit=2)
    encoder = bart.get_encoder()
    long, short = torch.ones((1, 64), dtype=torch.long), torch.ones((1, 1), dtype=torch.long)
    assert threads_inside(bart, encoder.layers[0], lambda: encoder(input_ids=long)) == 2
    states = encoder(input_ids=long)
    ask = lambda: bart(encoder_outputs=states, decoder_input_ids=short)  # noqa: E731
    assert threads_inside(bart, bart.lm_head, ask) == 1


@pytest.mark.parametrize("streams", [50, 100])
def test_many_streams_together_send_no_more_chunks_than_few(streams: int) -> None:
    assert streams / chunk_pause(streams) == pytest.approx(8 / chunk_pause(8), rel=0.6)


def test_one_stream_pauses_for_less_than_an_eye_sees() -> None:
    assert chunk_pause(1) <= 0.03
