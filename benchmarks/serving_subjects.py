"""What the serving benchmarks measure: one model, its prompts, and each way of answering them.

Shared by benchmarks.serving_engine (straight at the engine) and benchmarks.serving (at the browser's end).
"""

import contextlib
import json
import os
import random
import secrets
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import torch
from httpx_sse import EventSource
from tokenizers import Tokenizer, decoders, pre_tokenizers, trainers
from tokenizers.models import BPE
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
    TextIteratorStreamer,
)

from workers.contracts.families import Family
from workers.contracts.model_folder import MANIFEST_NAME, ModelManifest
from workers.models.prompts import STARTER_CHAT_TEMPLATE
from workers.shared.storage import PUBLISHED_NAME

STREAMS = (1, 8, 16)
DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}
SIZES = {
    "13M": {"hidden_size": 384, "intermediate_size": 1024, "num_hidden_layers": 6, "num_attention_heads": 6},
    "92M": {
        "hidden_size": 768,
        "intermediate_size": 2048,
        "num_hidden_layers": 12,
        "num_attention_heads": 12,
    },
}
_VOCABULARY = 8192
_CONTEXT = 1024
_SPECIAL = ["<|pad|>", "<|end|>", "<|system|>", "<|user|>", "<|assistant|>"]
_START_SECONDS = 120


@dataclass
class Measurement:
    """One row of the table. `same_tokens` is None where nothing is compared."""

    system: str
    precision: str
    streams: int
    tokens_per_second: float
    ttft_p50: float
    ttft_p95: float
    texts: list[str] = field(repr=False)
    same_tokens: bool | None = None
    nat_from_fp32: float | None = None


def build_model(folder: Path, size: str = "13M", *, seed: int = 0) -> Path:
    """Write a published model folder: a Llama with random weights and a byte-level tokenizer trained on made-up words."""
    dice = random.Random(seed)
    words = ["".join(dice.choices("aeioulnrstdkmp", k=dice.randrange(2, 9))) for _ in range(20_000)]
    tokenizer = Tokenizer(BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=_VOCABULARY, special_tokens=_SPECIAL, initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator([" ".join(words)], trainer)
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token=_SPECIAL[0], eos_token=_SPECIAL[1])
    fast.add_special_tokens({"additional_special_tokens": _SPECIAL[2:]})
    fast.chat_template = STARTER_CHAT_TEMPLATE
    torch.manual_seed(seed)
    # Weights wide enough that the most likely token leads clearly: rounding must not decide.
    config = LlamaConfig(
        vocab_size=len(fast),
        max_position_embeddings=_CONTEXT,
        tie_word_embeddings=True,
        initializer_range=0.06,
        pad_token_id=fast.pad_token_id,
        eos_token_id=fast.eos_token_id,
        bos_token_id=None,
        **SIZES[size],
    )
    model = LlamaForCausalLM(config)
    model.save_pretrained(folder)
    fast.save_pretrained(folder)
    manifest = ModelManifest(
        family=Family.CAUSAL,
        task_type="chat",
        architecture="LlamaForCausalLM",
        parameters=model.num_parameters(),
        context_length=_CONTEXT,
    )
    (folder / MANIFEST_NAME).write_text(manifest.model_dump_json())
    (folder / PUBLISHED_NAME).write_bytes(b"1")
    return folder


def make_prompts(count: int, *, seed: int = 1) -> list[str]:
    """Chat messages of 5 to 60 made-up words, most of them short."""
    dice = random.Random(seed)
    lengths = [min(60, 5 + int(dice.expovariate(1 / 12))) for _ in range(count)]
    letters = "aeioulnrstdkmp"
    return [
        " ".join("".join(dice.choices(letters, k=dice.randrange(2, 7))) for _ in range(n)) for n in lengths
    ]


def summarize(
    system: str, precision: str, tokens: int, seconds: float, first: Sequence[float], texts: Sequence[str]
) -> Measurement:
    """`first` are the times to the first text, from the moment all requests are there."""
    ranked = sorted(first)
    p95 = ranked[min(len(ranked) - 1, int(0.95 * len(ranked)))]
    return Measurement(
        system, precision, len(first), tokens / seconds, statistics.median(ranked), p95, list(texts)
    )


def run_generate_baseline(
    folder: Path, prompts: Sequence[str], max_tokens: int, precision: str, *, threads: int
) -> list[Measurement]:
    """All requests arrive at once and are answered one after another, as the documentation's example does.

    One row for each of STREAMS: what came first does not depend on how many wait behind it.
    """
    torch.set_num_threads(threads)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=DTYPES[precision]).eval()
    model.generate(torch.tensor([[5, 6]]), max_new_tokens=2)
    first, texts, ends = [], [], []
    begun = time.perf_counter()
    for prompt in prompts:
        messages = [{"role": "user", "content": prompt}]
        inputs = tokenizer.apply_chat_template(
            messages, add_generation_prompt=True, return_tensors="pt", return_dict=True
        )
        streamer = TextIteratorStreamer(tokenizer, skip_prompt=True, skip_special_tokens=True)
        settings = {"max_new_tokens": max_tokens, "do_sample": False, "streamer": streamer}
        answer = threading.Thread(target=model.generate, kwargs={**inputs, **settings})
        answer.start()
        pieces: list[str] = []
        for piece in streamer:
            if piece and not any(pieces):
                first.append(time.perf_counter() - begun)
            pieces.append(piece)
        answer.join()
        ends.append(time.perf_counter() - begun)
        texts.append("".join(pieces))
    return [
        summarize("generate", precision, n * max_tokens, ends[n - 1], first[:n], texts[:n])
        for n in STREAMS
        if n <= len(prompts)
    ]


def run_http(
    system: str, precision: str, url: str, key: str, model: str, prompts: Sequence[str], max_tokens: int
) -> Measurement:
    """Stream all prompts at once from an OpenAI-compatible server, a thread and a connection each."""
    first: list[float] = [0.0] * len(prompts)
    texts = [""] * len(prompts)
    counts = [0] * len(prompts)
    ready = threading.Barrier(len(prompts) + 1)
    clock: list[float] = []

    def ask(index: int) -> None:
        body = {
            "model": model,
            "messages": [{"role": "user", "content": prompts[index]}],
            "max_tokens": max_tokens,
            "temperature": 0,
            "stream": True,
        }
        with httpx.Client(headers={"Authorization": f"Bearer {key}"}, timeout=600) as client:
            ready.wait()
            with client.stream("POST", f"{url}/v1/chat/completions", json=body) as response:
                response.raise_for_status()
                for event in EventSource(response).iter_sse():
                    if event.data == "[DONE]":
                        continue
                    chunk = json.loads(event.data)
                    counts[index] = (chunk.get("usage") or {}).get("completion_tokens", counts[index])
                    text = chunk["choices"][0]["delta"].get("content") if chunk["choices"] else None
                    if text:
                        first[index] = first[index] or time.perf_counter() - clock[0]
                        texts[index] += text

    threads = [threading.Thread(target=ask, args=(index,)) for index in range(len(prompts))]
    for thread in threads:
        thread.start()
    clock.append(time.perf_counter())
    ready.wait()
    for thread in threads:
        thread.join()
    return summarize(system, precision, sum(counts), time.perf_counter() - clock[0], first, texts)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def _process(arguments: list[str], environment: dict[str, str], health: str) -> Iterator[None]:
    """A server process, from when it is healthy to the end of the block."""
    with tempfile.TemporaryFile("w+") as log:
        server = subprocess.Popen(
            arguments, env=os.environ | environment, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            deadline = time.monotonic() + _START_SECONDS
            while True:
                with contextlib.suppress(httpx.TransportError):
                    if httpx.get(health, timeout=2).status_code == 200:
                        break
                if server.poll() is not None or time.monotonic() > deadline:
                    log.seek(0)
                    raise RuntimeError(f"{arguments[0]} did not start:\n{log.read()[-2000:]}")
                time.sleep(0.1)
            yield
        finally:
            server.terminate()
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()


@contextlib.contextmanager
def running_engine(storage: Path, precision: str, *, threads: int) -> Iterator[tuple[str, str]]:
    """An engine over the models in `storage`; yields its address and key."""
    port, key = free_port(), secrets.token_hex(8)
    environment = {
        "STORAGE_URL": f"file://{storage}",
        "CACHE_DIR": str(storage / "cache"),
        "ENGINE_PORT": str(port),
        "ENGINE_KEY": key,
        "ENGINE_THREADS": str(threads),
        "ENGINE_PRECISION": precision,
        "OMP_NUM_THREADS": str(threads),
    }
    url = f"http://127.0.0.1:{port}"
    with _process([sys.executable, "-m", "workers.serving.engine"], environment, f"{url}/health"):
        yield url, key


@contextlib.contextmanager
def running_transformers_serve(
    folder: Path, precision: str, *, python: str, threads: int
) -> Iterator[tuple[str, str]]:
    """`transformers serve --continuous-batching` with a small cache: its own default takes most of the memory."""
    port = free_port()
    options = ["--continuous-batching", "--device", "cpu", "--attn-implementation", "sdpa"]
    options += ["--dtype", "float32" if precision == "fp32" else "bfloat16"]
    options += ["--cb-block-size", "32", "--cb-num-blocks", "256", "--cb-max-batch-tokens", "512"]
    command = [
        python,
        "-m",
        "transformers.cli.transformers",
        "serve",
        str(folder),
        *options,
        "--port",
        str(port),
    ]
    url = f"http://localhost:{port}"
    with _process(command, {"OMP_NUM_THREADS": str(threads)}, f"{url}/health"):
        yield url, "none"


def warm_up(url: str, key: str, model: str) -> None:
    """One request, so that no figures include loading and first-time work."""
    run_http("warm-up", "", url, key, model, ["a short one"], 4)


def measure_server(
    system: str, precision: str, url: str, key: str, model: str, prompts: Sequence[str], max_tokens: int
) -> list[Measurement]:
    warm_up(url, key, model)
    return [
        run_http(system, precision, url, key, model, prompts[:streams], max_tokens) for streams in STREAMS
    ]
