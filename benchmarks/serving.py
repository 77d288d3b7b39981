"""How fast an app answers where it counts: at the browser's end of the WebSocket, with the whole studio running.

`python -m benchmarks.serving` streams the same prompts, greedily, at 1, 8 and 16 parallel visitors from

    generate       model.generate with a TextIteratorStreamer, one request at a time
    transformers   `transformers serve --continuous-batching`, its own HTTP (needs the packages of transformers[serving])
    engine         workers.serving.engine, its own HTTP
    app            a published app: browser's WebSocket, web process, streamer, Redis, engine

in fp32 and bf16, taking turns, on one random-weight Llama made here, and prints tokens per second and time to the first
text. fp32 rows must say what generate says; bf16 rows show the mean difference of their log-probabilities from fp32's.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import httpx
from websockets.asyncio.client import connect

from benchmarks.serving_engine import (
    add_errors,
    announced,
    mark_same_tokens,
    median_rows,
    print_table,
    write_results,
)
from benchmarks.serving_subjects import (
    SIZES,
    STREAMS,
    Measurement,
    build_model,
    make_prompts,
    measure_server,
    run_generate_baseline,
    running_engine,
    running_transformers_serve,
    summarize,
)
from launcher.throwaway import Studio, throwaway_studio

MODEL_KEY = "models/benchmark"

SET_UP = """
from apps.accounts.models import User
from apps.catalog.models import ModelVersion
from apps.publishing.defaults import AppSettings
from apps.publishing.models import App
from apps.publishing.services.apps import create_app
from apps.publishing.services.links import create_share_link
from apps.workspaces.services import create_workspace
owner = User.objects.create_superuser("bench@example.com")
workspace = create_workspace(actor=owner, name="Benchmark")
model = ModelVersion.objects.create(workspace=workspace, number=1, name="Benchmark", kind="tuned", family="causal",
    task_type="chat", origin={{"kind": "starter"}}, origin_label="", storage_key="{key}", bytes=1, context_length=1024)
app = create_app(actor=owner, workspace=workspace, model_version=model, name="Benchmark",
    app_settings=AppSettings(max_tokens={tokens}))
# Not through publish: its parity check would compute beside what is measured.
App.objects.update(live_version=app.versions.get())
app.refresh_from_db()
print("TOKEN", create_share_link(actor=owner, app=app)[1])
"""


def publish_app(studio: Studio, folder: Path, tokens: int) -> str:
    """Put the model into the studio's storage and an app on it; return the share link's token."""
    shutil.copytree(folder, studio.data_dir / "storage" / MODEL_KEY)
    printed = studio.manage("shell", "-v", "0", "-c", SET_UP.format(key=MODEL_KEY, tokens=tokens))
    return next(line.split()[1] for line in printed.splitlines() if line.startswith("TOKEN "))


async def visit(url: str, token: str, prompt: str, start: asyncio.Barrier) -> tuple[float, str, int, float]:
    """One visitor: (seconds to the first text, the text, its tokens, seconds to the end)."""
    async with httpx.AsyncClient() as client:
        cookies = (await client.get(f"{url}/a/{token}/")).raise_for_status().cookies
    headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}
    address = f"{url.replace('http', 'ws', 1)}/ws/a/{token}/"
    async with connect(address, origin=url, additional_headers=headers) as line:  # type: ignore[arg-type]
        await start.wait()
        begun = time.perf_counter()
        await line.send(json.dumps({"type": "ask", "text": prompt}))
        first, text = 0.0, ""
        async for message in line:
            data = json.loads(message)
            if data["type"] == "text":
                first = first or time.perf_counter() - begun
                text += data["text"]
            elif data["type"] == "end":
                return first, text, data["output_tokens"], time.perf_counter() - begun
            elif data["type"] == "refused":
                raise RuntimeError(data["text"])
    raise RuntimeError("The socket closed before the answer ended")


async def run_visitors(url: str, token: str, precision: str, prompts: Sequence[str]) -> Measurement:
    """All visitors ask at once, a browser each."""
    start = asyncio.Barrier(len(prompts))
    heard = await asyncio.gather(*(visit(url, token, prompt, start) for prompt in prompts))
    seconds = max(row[3] for row in heard)
    tokens = sum(row[2] for row in heard)
    return summarize("app", precision, tokens, seconds, [row[0] for row in heard], [row[1] for row in heard])


def measure_app(
    folder: Path, precision: str, prompts: Sequence[str], options: argparse.Namespace
) -> list[Measurement]:
    variables = {"ENGINE_PRECISION": precision, "ENGINE_THREADS": str(options.threads)}
    with throwaway_studio(variables) as studio:
        token = publish_app(studio, folder, options.tokens)

        def run(asked: Sequence[str]) -> Measurement:
            return asyncio.run(run_visitors(studio.url, token, precision, asked))

        run(["a short one"])
        return [run(prompts[:streams]) for streams in STREAMS]


def _one_round(storage: Path, prompts: Sequence[str], options: argparse.Namespace) -> list[Measurement]:
    """Every system once; returns their rows in a fixed order."""
    folder, tokens, threads = storage / "model", options.tokens, options.threads
    rows: list[Measurement] = []

    def note(new: Sequence[Measurement]) -> None:
        rows.extend(announced(new))

    for precision in options.precisions:
        note(run_generate_baseline(folder, prompts, tokens, precision, threads=threads))
        note(measure_app(folder, precision, prompts, options))
        with running_engine(storage, precision, threads=threads) as (url, key):
            note(measure_server("engine", precision, url, key, "model", prompts, tokens))
        if options.serve_python:
            server = running_transformers_serve(
                folder, precision, python=options.serve_python, threads=threads
            )
            with server as (url, key):
                note(measure_server("transformers", precision, url, key, str(folder), prompts, tokens))
    reference = next(row for row in rows if row.system == "generate" and row.streams == STREAMS[-1])
    mark_same_tokens(rows, reference.texts)
    return rows


def main() -> None:
    has_serving = importlib.util.find_spec("fastapi") is not None
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", choices=SIZES, default="13M")
    parser.add_argument("--tokens", type=int, default=64, help="tokens of each answer")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--precisions", nargs="+", choices=("fp32", "bf16"), default=["fp32", "bf16"])
    parser.add_argument(
        "--serve-python",
        default=sys.executable if has_serving else None,
        help="a Python that has transformers[serving]; without one that row is left out",
    )
    options = parser.parse_args()
    if not options.serve_python:
        print("Without the packages of transformers[serving] there is no row of `transformers serve`.")
    prompts = make_prompts(max(STREAMS))
    with tempfile.TemporaryDirectory() as name:
        storage = Path(name)
        build_model(storage / "model", options.size)
        rows = median_rows([_one_round(storage, prompts, options) for _ in range(options.rounds)])
        add_errors(rows, storage, prompts, options.threads)
    print_table(rows)
    print(write_results("serving", rows, size=options.size, tokens=options.tokens))


if __name__ == "__main__":
    main()
