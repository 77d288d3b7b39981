"""What a request may ask of a model: room for its answer comes from the model's limits."""

from collections.abc import Callable

import pytest

from tests.workers.serving.models import CONTEXT
from workers.contracts.engine import Sampling
from workers.contracts.model_folder import PromptMessage
from workers.serving.errors import EngineError
from workers.serving.hosted import HostedModel

PROMPT = [PromptMessage(role="user", content="the book")]
Host = Callable[..., HostedModel]


def test_answers_end_with_the_context_of_a_causal_model(host: Host) -> None:
    hosted = host("llama")
    length = len(hosted.prompt_ids(PROMPT))
    assert hosted.generation(PROMPT, Sampling()).max_new_tokens == CONTEXT - length
    assert hosted.generation(PROMPT, Sampling(max_tokens=10**6)).max_new_tokens == CONTEXT - length
    assert hosted.generation(PROMPT, Sampling(max_tokens=7)).max_new_tokens == 7


def test_answers_of_an_encoder_decoder_are_as_long_as_the_longest_in_training(host: Host) -> None:
    assert host("bart").generation(PROMPT, Sampling()).max_new_tokens == 40


def test_scoring_may_go_beyond_that_but_not_beyond_the_positions(host: Host) -> None:
    hosted = host("bart")
    assert hosted.forced(PROMPT, [5] * 60).max_new_tokens == 60
    assert hosted.greedy(PROMPT, 60).max_new_tokens == 60
    with pytest.raises(EngineError, match=f"room for {CONTEXT}") as refused:
        hosted.forced(PROMPT, [5] * (CONTEXT + 1))
    assert refused.value.param == "output_ids"


def test_a_prompt_that_fills_the_context_is_refused(host: Host) -> None:
    with pytest.raises(EngineError) as refused:
        host("llama").generation([PromptMessage(role="user", content="x " * CONTEXT)], Sampling())
    assert (refused.value.code, refused.value.status) == ("context_length_exceeded", 400)


def test_a_prompt_may_be_asked_to_leave_room_for_its_answer(host: Host) -> None:
    hosted = host("llama")
    text, length = "", 0
    while length <= CONTEXT // 2:
        text += "book "
        wide = [PromptMessage(role="user", content=text)]
        length = len(hosted.prompt_ids(wide))
    left = CONTEXT - length
    assert hosted.generation(wide, Sampling(room=left)).max_new_tokens == left
    with pytest.raises(EngineError) as refused:
        hosted.generation(wide, Sampling(room=left + 1))
    assert refused.value.code == "context_length_exceeded"
    # However much is asked for, half of the context is the prompt's.
    assert hosted.generation(PROMPT, Sampling(room=10**6)).max_new_tokens > CONTEXT // 2


def test_a_cache_too_small_for_the_context_shortens_answers(host: Host) -> None:
    hosted = host("llama")
    model = hosted.token_model
    model.cache_bytes = model.needed_bytes([(64, 0)])
    assert hosted.generation(PROMPT, Sampling()).max_new_tokens <= 64 - len(hosted.prompt_ids(PROMPT))


def test_raw_text_is_continued_without_the_chat_template(host: Callable[..., HostedModel]) -> None:
    hosted = host("llama")
    plain = hosted.loaded.tokenizer("the desk")["input_ids"]
    assert hosted.prompt_ids("the desk") == plain
    assert hosted.prompt_ids([PromptMessage(role="user", content="the desk")]) != plain
    with pytest.raises(EngineError) as caught:
        hosted.prompt_ids("due " * 500)
    assert caught.value.param == "prompt"
    reading = host("marian")
    asked = [PromptMessage(role="user", content="the desk")]
    assert reading.prompt_ids("the desk") == reading.prompt_ids(asked), "an encoder reads both alike"
