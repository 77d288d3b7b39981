"""A real engine process, spoken to over HTTP."""

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import httpx
import openai
import pytest
from httpx_sse import EventSource

from tests.fixtures.patience import PATIENCE_SECONDS
from tests.workers.serving.conftest import KEY, RunningEngine, start_engine, stop_engine
from tests.workers.serving.models import CONTEXT, LABELS
from workers.contracts.engine import EngineHealth, EngineModel, ScoreResponse

LLAMA = "models/llama"


def _chat(text: str = "when is the book due", **settings: object) -> dict:
    body = {
        "model": LLAMA,
        "messages": [{"role": "user", "content": text}],
        "temperature": 0,
        "max_tokens": 20,
    }
    return body | settings


def _events(response: httpx.Response) -> Iterator[str]:
    return (event.data for event in EventSource(response).iter_sse())


def _stream(client: httpx.Client, body: dict) -> tuple[str, dict]:
    """The text of a stream, and its last chunk with a choice."""
    text, last = "", {}
    with client.stream("POST", "/v1/chat/completions", json=body | {"stream": True}) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        assert response.headers["x-accel-buffering"] == "no"
        events = list(_events(response))
    assert events[-1] == "[DONE]"
    for event in events[:-1]:
        last = json.loads(event)
        text += last["choices"][0]["delta"].get("content", "")
    return text, last


def _endless(**settings: object) -> dict:
    """A request that goes on until the context is full: sampled hot, so that no end token comes early by habit."""
    return _chat(max_tokens=None, **settings)


def _busy(engine: RunningEngine, requests: int, stack: ExitStack) -> list[httpx.Response]:
    """Hold slots: streams that are read no further than their first event."""
    held = []
    for _ in range(requests):
        client = stack.enter_context(engine.client())
        response = stack.enter_context(
            client.stream("POST", "/v1/chat/completions", json=_endless() | {"stream": True})
        )
        assert response.status_code == 200
        held.append(response)
    return held


def test_a_stream_says_what_the_whole_answer_says(engine: RunningEngine) -> None:
    with engine.client() as client:
        whole = client.post("/v1/chat/completions", json=_chat()).json()
        text, last = _stream(client, _chat())
    assert text == whole["choices"][0]["message"]["content"]
    assert last["choices"][0]["finish_reason"] == whole["choices"][0]["finish_reason"] == "length"
    assert last["usage"] == whole["usage"]
    assert whole["usage"]["completion_tokens"] == 20


def test_the_openai_package_works(engine: RunningEngine) -> None:
    client = openai.OpenAI(base_url=f"{engine.url}/v1", api_key=KEY)
    messages = [{"role": "user", "content": "when is the book due"}]
    whole = client.chat.completions.create(model=LLAMA, messages=messages, temperature=0, max_tokens=15)
    stream = client.chat.completions.create(
        model=LLAMA,
        messages=messages,
        temperature=0,
        max_tokens=15,
        stream=True,
        stream_options={"include_usage": True},
    )
    chunks = list(stream)
    said = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert said == whole.choices[0].message.content
    assert chunks[-1].choices == []
    assert chunks[-1].usage == whole.usage
    completed = client.completions.create(
        model="models/marian", prompt="the book", temperature=0, max_tokens=5
    )
    assert completed.usage.completion_tokens == 5
    assert LLAMA in [model.id for model in client.models.list()]
    with pytest.raises(openai.NotFoundError):
        client.chat.completions.create(model="models/none", messages=messages)


@pytest.mark.parametrize("kind", ["llama", "bart", "t5"])
def test_many_at_once_get_the_answer_they_would_get_alone(engine: RunningEngine, kind: str) -> None:
    texts = ["the desk", "when is the book due", "monday", "please bring it back to the desk"]
    bodies = [_chat(text, model=f"models/{kind}") for text in texts]
    with engine.client() as client:
        alone = [client.post("/v1/chat/completions", json=body).json()["choices"][0] for body in bodies]
        with ThreadPoolExecutor(4) as workers:
            together = list(workers.map(lambda body: _stream(client, body)[0], bodies))
    assert together == [choice["message"]["content"] for choice in alone]


def test_each_request_is_sampled_by_its_own_settings(engine: RunningEngine) -> None:
    bodies = [
        _chat(),
        _chat(temperature=1.5, seed=1),
        _chat(temperature=1.5, seed=2),
        _chat(temperature=1.5, seed=1),
    ]
    with engine.client() as client, ThreadPoolExecutor(4) as workers:
        greedy, one, two, one_again = workers.map(lambda body: _stream(client, body)[0], bodies)
    assert one == one_again
    assert len({greedy, one, two}) == 3


def test_an_over_long_prompt_is_refused_with_numbers_and_others_go_on(engine: RunningEngine) -> None:
    with ExitStack() as stack:
        (held,) = _busy(engine, 1, stack)
        client = stack.enter_context(engine.client())
        refused = client.post("/v1/chat/completions", json=_chat("due " * 500))
        assert refused.status_code == 400
        error = refused.json()["error"]
        assert error["code"] == "context_length_exceeded"
        assert str(CONTEXT - 1) in error["message"]
        assert list(_events(held))[-1] == "[DONE]"
        assert client.post("/v1/chat/completions", json=_chat()).status_code == 200


def test_max_tokens_beyond_the_context_end_with_it(engine: RunningEngine) -> None:
    with engine.client() as client:
        answer = client.post("/v1/chat/completions", json=_chat(max_tokens=10_000)).json()
    assert answer["usage"]["total_tokens"] == CONTEXT
    assert answer["choices"][0]["finish_reason"] == "length"


def test_stop_strings_end_the_answer_before_them(engine: RunningEngine) -> None:
    with engine.client() as client:
        text, _ = _stream(client, _chat())
        stop = text[5:8]
        stopped, last = _stream(client, _chat(stop=stop))
    assert stopped == text[: text.index(stop)]
    assert last["choices"][0]["finish_reason"] == "stop"


def test_closing_a_stream_frees_its_slot(engine: RunningEngine) -> None:
    with ExitStack() as stack:
        _busy(engine, 4, stack)
    engine.wait_until(lambda state: state["running"] + state["waiting"] == 0)
    with engine.client() as client:
        assert client.post("/v1/chat/completions", json=_chat()).status_code == 200


def test_a_client_that_goes_without_waiting_for_its_answer_is_forgotten(engine: RunningEngine) -> None:
    with engine.client() as client, pytest.raises(httpx.ReadTimeout):
        client.post("/v1/chat/completions", json=_endless(), timeout=0.02)
    engine.wait_until(lambda state: state["running"] + state["waiting"] == 0)


def test_more_than_slots_and_queue_hold_are_told_to_come_back(engine: RunningEngine) -> None:
    """4 slots and 2 waiting: of ten at once, some must be refused, and every other one is answered."""
    with engine.client() as client, ThreadPoolExecutor(10) as workers:
        answers = list(workers.map(lambda _: client.post("/v1/chat/completions", json=_endless()), range(10)))
    refused = [answer for answer in answers if answer.status_code == 429]
    assert 1 <= len(refused) <= 4
    assert all(answer.json()["error"]["code"] == "queue_full" for answer in refused)
    assert all(int(answer.headers["retry-after"]) > 0 for answer in refused)
    assert sum(answer.status_code == 200 for answer in answers) == 10 - len(refused)


def test_a_classifier_ranks_its_labels(engine: RunningEngine) -> None:
    with engine.client() as client:
        found = client.post("/classify", json={"model": "models/bert", "input": "the book"}).json()
        labels = found["labels"]
        assert found["prompt_tokens"] > 1
        with ThreadPoolExecutor(4) as workers:
            together = workers.map(
                lambda _: client.post("/classify", json={"model": "models/bert", "input": "the book"}).json(),
                range(4),
            )
            for answer in together:
                for one, other in zip(answer["labels"], labels, strict=True):
                    assert one["label"] == other["label"]
                    assert one["score"] == pytest.approx(other["score"], abs=1e-5)
    scores = [label["score"] for label in labels]
    assert scores == sorted(scores, reverse=True)
    assert sum(scores) == pytest.approx(1, abs=1e-5)
    assert {label["label"] for label in labels} == set(LABELS)


def test_scoring_what_the_engine_said_finds_it_the_most_likely(engine: RunningEngine) -> None:
    prompt = [{"role": "user", "content": "the book"}]
    with engine.client() as client:
        first = client.post("/score", json={"model": LLAMA, "prompt": prompt, "greedy_tokens": 8}).json()
        again = client.post(
            "/score",
            json={"model": LLAMA, "prompt": prompt, "output_ids": first["greedy_ids"], "greedy_tokens": 8},
        ).json()
    answer = ScoreResponse.model_validate(again)
    assert answer.greedy_ids == first["greedy_ids"]
    assert len(answer.log_probabilities) == len(answer.greedy_ids) > 0
    assert all(value <= 0 for value in answer.log_probabilities)


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("/v1/chat/completions", _chat(model="models/none"), 404, "model_not_found"),
        ("/v1/chat/completions", _chat(model="../outside"), 404, "model_not_found"),
        ("/v1/chat/completions", _chat(model="models/bert"), 400, "unsupported"),
        ("/v1/chat/completions", _chat(n=2), 400, "unsupported"),
        ("/v1/chat/completions", _chat(max_token=5), 400, "unsupported"),
        ("/v1/chat/completions", _chat(temperature=9), 400, "unsupported"),
        (
            "/v1/chat/completions",
            _chat() | {"messages": [{"role": "tool", "content": "x"}]},
            400,
            "unsupported",
        ),
        ("/v1/completions", {"model": LLAMA, "prompt": ["a", "b"]}, 400, "unsupported"),
        ("/classify", {"model": LLAMA, "input": "x"}, 400, "unsupported"),
        ("/load", {"model": "models/none"}, 404, "model_not_found"),
        ("/score", {"prompt": []}, 400, "unsupported"),
    ],
)
def test_what_cannot_be_served_is_refused_in_words(
    engine: RunningEngine, path: str, body: dict, status: int, code: str
) -> None:
    with engine.client() as client:
        answer = client.post(path, json=body)
        streamed = client.post(path, json=body | {"stream": True})
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert (streamed.status_code, streamed.json()["error"]["code"]) == (status, code)


@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": KEY}])
def test_without_the_key_only_health_answers(engine: RunningEngine, header: dict[str, str]) -> None:
    assert httpx.get(f"{engine.url}/health").status_code == 200
    for path in ("/v1/chat/completions", "/v1/completions", "/classify", "/score", "/load"):
        refused = httpx.post(f"{engine.url}{path}", json={}, headers=header)
        assert (refused.status_code, refused.json()["error"]["code"]) == (401, "invalid_api_key")
    assert httpx.get(f"{engine.url}/v1/models", headers=header).status_code == 401


def test_load_and_health_tell_what_is_in_memory(engine: RunningEngine) -> None:
    with engine.client() as client:
        loaded = EngineModel.model_validate(client.post("/load", json={"model": "models/bart"}).json())
    health = EngineHealth.model_validate(engine.health())
    assert (loaded.family, loaded.backend, loaded.precision) == ("seq2seq", "seq2seq", "fp32")
    assert "models/bart" in [model.model for model in health.models]
    assert 0 < sum(model.memory_bytes for model in health.models) == health.memory_used_bytes
    assert health.memory_used_bytes <= health.memory_budget_bytes
    assert health.queue_limit == 2


def test_a_broken_folder_fails_its_callers_alone(engine: RunningEngine, store: Path) -> None:
    broken = store / "models" / "broken"
    broken.mkdir(exist_ok=True)
    for path in (store / "models" / "llama").iterdir():
        (broken / path.name).write_bytes(
            path.read_bytes()[:2000] if path.suffix == ".safetensors" else path.read_bytes()
        )
    with engine.client() as client:
        answer = client.post("/v1/chat/completions", json=_chat(model="models/broken"))
        assert (answer.status_code, answer.json()["error"]["code"]) == (500, "engine_error")
        assert "model.safetensors of the model broken is damaged" in answer.json()["error"]["message"]
        assert client.post("/v1/chat/completions", json=_chat()).status_code == 200


@pytest.mark.faults
@pytest.mark.parametrize("how", ["sigterm", "launcher gone"])
def test_the_engine_ends_its_streams_and_itself(store: Path, tmp_path: Path, how: str) -> None:
    engine = start_engine(store, tmp_path)
    try:
        with engine.client() as client:
            client.post("/load", json={"model": LLAMA})
            answers: list[dict] = []
            # A stream is running when the order comes; whether it is cut or just done, it must end properly.
            reader = threading.Thread(target=lambda: answers.append(_stream(client, _endless())[1]))
            reader.start()
            engine.wait_until(lambda state: state["tokens_per_second"] > 0)
            if how == "sigterm":
                engine.process.send_signal(signal.SIGTERM)
            else:
                engine.process.stdin.close()
            # uvicorn passes the signal on to itself once everything is closed.
            assert engine.process.wait(PATIENCE_SECONDS) in (0, -signal.SIGTERM)
            reader.join(PATIENCE_SECONDS)
        assert answers[0]["choices"][0]["finish_reason"] in ("cancelled", "length")
    finally:
        stop_engine(engine)


def test_missing_settings_are_named() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "workers.serving.engine"],
        env={"PATH": "/usr/bin"},
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
    )
    assert ended.returncode != 0
    assert "STORAGE_URL" in ended.stderr


def test_health_answers_while_a_model_loads(store: Path, tmp_path: Path) -> None:
    engine = start_engine(store, tmp_path)
    try:
        with engine.client() as client, ThreadPoolExecutor(1) as workers:
            loading = workers.submit(client.post, "/load", json={"model": LLAMA})
            states = []
            while not loading.done():
                states.append(engine.health()["status"])
                time.sleep(0.005)
            assert loading.result().status_code == 200
        assert "loading" in states
        assert engine.health()["status"] == "ok"
    finally:
        stop_engine(engine)
