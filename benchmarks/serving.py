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
import json
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

import httpx
from websockets.asyncio.client import connect

from benchmarks.serving_engine import arguments, measure
from benchmarks.serving_subjects import STREAMS, Measurement, summarize
from launcher.throwaway import Studio, throwaway_studio

MODEL_KEY = "models/benchmark"

SET_UP = """
from apps.accounts.models import User
from apps.catalog.models import ModelVersion
from apps.publishing.defaults import settings_for
from apps.publishing.models import App
from apps.publishing.services.apps import create_app
from apps.publishing.services.links import create_share_link
from apps.workspaces.team.lifecycle import create_workspace
owner = User.objects.create_superuser("bench@example.com")
workspace = create_workspace(actor=owner, name="Benchmark")
model = ModelVersion.objects.create(workspace=workspace, number=1, name="Benchmark", kind="tuned", family="causal",
    task_type="chat", origin={{"kind": "starter"}}, origin_label="", storage_key="{key}", bytes=1, context_length=1024)
app = create_app(actor=owner, workspace=workspace, model_version=model, name="Benchmark",
    app_settings=settings_for(model).model_copy(update=dict(max_tokens={tokens})))
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


def main() -> None:
    measure("serving", arguments(__doc__).parse_args(), more=measure_app)


if __name__ == "__main__":
    main()
