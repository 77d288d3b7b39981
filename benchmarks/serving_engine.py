"""How fast the serving engine answers, beside what one would use instead.

`python -m benchmarks.serving_engine` streams the same prompts, greedily, at 1, 8 and 16 parallel requests from

    generate       model.generate with a TextIteratorStreamer, one request at a time
    transformers   `transformers serve --continuous-batching` (needs the packages of transformers[serving]; --serve-python)
    engine         workers.serving.engine

in fp32 and bf16, taking turns, on one random-weight Llama made here, and prints tokens per second and time to the first
text. fp32 rows must say, token for token, what generate says; bf16 rows show the mean difference of their
log-probabilities from fp32's. benchmarks.serving_subjects holds what is measured.
"""

import argparse
import importlib.util
import json
import os
import platform
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

import httpx
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from benchmarks.serving_subjects import (
    DTYPES,
    SIZES,
    STREAMS,
    Measurement,
    build_model,
    make_prompts,
    measure_server,
    run_generate_baseline,
    running_engine,
    running_transformers_serve,
)

RESULTS = Path(__file__).parent / "results"
Measure = Callable[[Path, str, Sequence[str], argparse.Namespace], Sequence[Measurement]]
"""Measures one more system: (model folder, precision, prompts, options)."""


def mark_same_tokens(rows: Sequence[Measurement], reference: Sequence[str]) -> None:
    """fp32 rows: whether they said exactly what generate said."""
    for row in rows:
        if row.precision == "fp32":
            row.same_tokens = row.texts == list(reference[: row.streams])


def engine_log_probabilities(
    url: str, key: str, model: str, prompts: Sequence[str], outputs: Sequence[Sequence[int]]
) -> list[float]:
    """What the engine's /score gives each output token, all rows in a line."""
    values: list[float] = []
    with httpx.Client(headers={"Authorization": f"Bearer {key}"}, timeout=600) as client:
        for prompt, output in zip(prompts, outputs, strict=True):
            messages = [{"role": "user", "content": prompt}]
            body = {"model": model, "prompt": messages, "output_ids": list(output)}
            values += client.post(f"{url}/score", json=body).raise_for_status().json()["log_probabilities"]
    return values


@torch.inference_mode()
def plain_log_probabilities(
    folder: Path, precision: str, prompts: Sequence[str], outputs: Sequence[Sequence[int]]
) -> list[float]:
    """The same from one plain forward pass a row."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=DTYPES[precision]).eval()
    values: list[float] = []
    for prompt, output in zip(prompts, outputs, strict=True):
        text = tokenizer.apply_chat_template(
            [{"role": "user", "content": prompt}], add_generation_prompt=True, tokenize=False
        )
        ids = tokenizer(text, add_special_tokens=False)["input_ids"]
        logits = model(torch.tensor([[*ids, *output]])).logits[0, len(ids) - 1 : -1].float()
        values += logits.log_softmax(-1).gather(1, torch.tensor(output)[:, None])[:, 0].tolist()
    return values


def mean_difference(one: Sequence[float], other: Sequence[float]) -> float:
    return statistics.fmean(abs(a - b) for a, b in zip(one, other, strict=True))


def median_rows(rounds: Sequence[Sequence[Measurement]]) -> list[Measurement]:
    """Per system, precision and streams, the medians over rounds."""
    merged = []
    for same in zip(*rounds, strict=True):
        row = same[0]
        row.tokens_per_second = statistics.median(r.tokens_per_second for r in same)
        row.ttft_p50 = statistics.median(r.ttft_p50 for r in same)
        row.ttft_p95 = statistics.median(r.ttft_p95 for r in same)
        row.same_tokens = None if row.same_tokens is None else all(bool(r.same_tokens) for r in same)
        merged.append(row)
    return merged


def print_table(rows: Sequence[Measurement]) -> None:
    print(
        f"{'system':<14}{'precision':<10}{'streams':>8}{'tokens/s':>10}{'first p50 s':>12}{'p95 s':>8}  tokens"
    )
    for row in rows:
        check = {True: "as generate", False: "DIFFER", None: ""}[row.same_tokens]
        if row.nat_from_fp32 is not None:
            check = f"{row.nat_from_fp32:.4f} nat from fp32"
        print(
            f"{row.system:<14}{row.precision:<10}{row.streams:>8}{row.tokens_per_second:>10.0f}"
            f"{row.ttft_p50:>12.3f}{row.ttft_p95:>8.3f}  {check}"
        )


def write_results(name: str, rows: Sequence[Measurement], **facts: object) -> Path:
    """Write benchmarks/results/<name>.json; the texts stay out of it."""
    RESULTS.mkdir(exist_ok=True)
    listed = [{key: value for key, value in asdict(row).items() if key != "texts"} for row in rows]
    machine = {
        "cpu": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "torch": torch.__version__,
    }
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps({"machine": machine, **facts, "rows": listed}, indent=2) + "\n")
    return path


def announced(rows: Sequence[Measurement]) -> Sequence[Measurement]:
    """`rows`, each printed as it comes: a round takes minutes."""
    for row in rows:
        print(
            f"  {row.system} {row.precision} x{row.streams}: {row.tokens_per_second:.0f} tokens/s", flush=True
        )
    return rows


def _one_round(
    storage: Path, prompts: Sequence[str], options: argparse.Namespace, more: Measure | None
) -> list[Measurement]:
    """Every system once; returns their rows in a fixed order."""
    folder, tokens, threads = storage / "model", options.tokens, options.threads
    rows: list[Measurement] = []

    def note(new: Sequence[Measurement]) -> None:
        rows.extend(announced(new))

    for precision in options.precisions:
        note(run_generate_baseline(folder, prompts, tokens, precision, threads=threads))
        if more:
            note(more(folder, precision, prompts, options))
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


def add_errors(rows: Sequence[Measurement], storage: Path, prompts: Sequence[str], threads: int) -> None:
    """bf16 rows: how far their log-probabilities of the same tokens are from fp32's."""
    folder = storage / "model"
    tokenizer = AutoTokenizer.from_pretrained(folder)
    texts = next(row.texts for row in rows if row.system == "generate" and row.streams == STREAMS[-1])
    outputs = [tokenizer(text, add_special_tokens=False)["input_ids"][:48] for text in texts]
    exact = plain_log_probabilities(folder, "fp32", prompts, outputs)
    plain = mean_difference(plain_log_probabilities(folder, "bf16", prompts, outputs), exact)
    with running_engine(storage, "bf16", threads=threads) as (url, key):
        ours = mean_difference(engine_log_probabilities(url, key, "model", prompts, outputs), exact)
    for row in rows:
        if row.precision == "bf16":
            row.nat_from_fp32 = ours if row.system in ("engine", "app") else plain


def arguments(description: str | None) -> argparse.ArgumentParser:
    """What both serving benchmarks are asked."""
    has_serving = importlib.util.find_spec("fastapi") is not None
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
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
    return parser


def measure(name: str, options: argparse.Namespace, more: Measure | None = None) -> None:
    """Measure every system, and what `more` measures, round by round; print the table, write results/<name>.json."""
    if not options.serve_python:
        print("Without the packages of transformers[serving] there is no row of `transformers serve`.")
    prompts = make_prompts(max(STREAMS))
    with tempfile.TemporaryDirectory() as folder:
        storage = Path(folder)
        build_model(storage / "model", options.size)
        rows = median_rows([_one_round(storage, prompts, options, more) for _ in range(options.rounds)])
        add_errors(rows, storage, prompts, options.threads)
    print_table(rows)
    print(write_results(name, rows, size=options.size, tokens=options.tokens))


def main() -> None:
    options = arguments(__doc__).parse_args()
    measure(f"serving_engine_{options.size}", options)


if __name__ == "__main__":
    main()
