"""Training speed on rows of very different lengths: ours, the Hugging Face Trainer as documented, and that one tuned.

    python -m benchmarks.training

Every side trains the same model from the same weights on the same token ids, with the same number of rows per
optimizer step, learning rate and number of steps, each in a process of its own, sides alternating. A row of the table
counts only if its held-out loss is within 2 % of the plain Trainer's. Tokens are real ones: padding is not counted.
"""

import argparse
import copy
import json
import math
import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from transformers import LlamaConfig, LlamaForCausalLM

from workers.shared import kernels

if TYPE_CHECKING:
    from workers.models.loading import LoadedModel

SIDES = {
    "plain": "Trainer as documented (fp32, padded to the longest row)",
    "tuned": "Trainer tuned (bf16 where the processor has it, grouped by length)",
    "ours": "Maquette with its defaults",
}
RESULTS = Path(__file__).parent / "results" / "training.json"
BATCH_ROWS = 8
LEARNING_RATE = 5e-4
LOSS_TOLERANCE = 0.02
_STATES = 2000
_SIZES = {"vocab_size": 16000, "hidden_size": 256, "intermediate_size": 1024, "num_hidden_layers": 8}
_WARM_ROWS = 2 * BATCH_ROWS


def make_rows(count: int, seed: int) -> list[list[int]]:
    """Rows of 8 to 512 tokens, log-normal, out of a fixed random chain that a model can learn."""
    chain = random.Random(0)
    followers = [[chain.randrange(_STATES) for _ in range(4)] for _ in range(_STATES)]
    chosen = random.Random(seed)
    rows = []
    for _ in range(count):
        row = [chosen.randrange(_STATES)]
        for _ in range(min(512, max(8, int(chosen.lognormvariate(4.5, 0.8)))) - 1):
            row.append(chosen.choice(followers[row[-1]]))
        rows.append(row)
    return rows


def make_model() -> LlamaForCausalLM:
    """A Llama of 13 million weights, the same ones every time."""
    torch.manual_seed(0)
    config = LlamaConfig(num_attention_heads=4, num_key_value_heads=4, tie_word_embeddings=True, **_SIZES)
    return LlamaForCausalLM(config)


def held_out_loss(model: LlamaForCausalLM, rows: list[list[int]]) -> float:
    """Nats per token in fp32, one row at a time: the same measure for every side."""
    model.eval().float()
    model.set_attn_implementation("sdpa")
    total = 0.0
    with torch.no_grad():
        for row in rows:
            ids = torch.tensor([row])
            total += float(model(input_ids=ids, labels=ids).loss) * (len(row) - 1)
    return total / sum(len(row) - 1 for row in rows)


def matmul_peak(dtype: torch.dtype) -> float:
    """FLOP/s of a square matrix product, the best of five."""
    one, other = torch.randn(2048, 2048, dtype=dtype), torch.randn(2048, 2048, dtype=dtype)
    best = math.inf
    for _ in range(5):
        begun = time.perf_counter()
        one @ other
        best = min(best, time.perf_counter() - begun)
    return 2 * 2048**3 / best


def model_flops(model: LlamaForCausalLM, rows: list[list[int]]) -> float:
    """Forward and backward FLOPs of one pass: 6 per weight and token, and causal attention's two products."""
    layers, width = model.config.num_hidden_layers, model.config.hidden_size
    tokens = sum(map(len, rows))
    pairs = sum(len(row) ** 2 / 2 for row in rows)
    return 6.0 * model.num_parameters() * tokens + 12.0 * layers * width * pairs


def train_with_trainer(model: LlamaForCausalLM, rows: list[list[int]], *, tuned: bool) -> Callable[[], None]:
    """The documentation's script; tuned, its two switches that matter here."""
    from tokenizers import Tokenizer, models
    from transformers import (
        DataCollatorForLanguageModeling,
        PreTrainedTokenizerFast,
        Trainer,
        TrainingArguments,
    )

    from workers.models.devices import has_fast_bf16

    tokenizer = PreTrainedTokenizerFast(tokenizer_object=Tokenizer(models.BPE()), pad_token="<pad>")  # noqa: S106
    options: dict[str, Any] = {}
    if tuned:
        options = {"bf16": has_fast_bf16(torch.device("cpu")), "train_sampling_strategy": "group_by_length"}
    arguments = TrainingArguments(
        output_dir=tempfile.mkdtemp(),
        per_device_train_batch_size=BATCH_ROWS,
        num_train_epochs=1,
        learning_rate=LEARNING_RATE,
        report_to=[],
        save_strategy="no",
        logging_steps=10,
        disable_tqdm=True,
        use_cpu=True,
        **options,
    )
    trainer = Trainer(
        model=model,
        args=arguments,
        train_dataset=[{"input_ids": row} for row in rows],
        data_collator=DataCollatorForLanguageModeling(tokenizer, mlm=False),
    )
    return lambda: trainer.train() and None


def as_loaded(model: LlamaForCausalLM) -> "LoadedModel":
    """The model as a run has it: with its description, a tokenizer that nothing is read by here, and its precision."""
    from workers.contracts.families import Family
    from workers.contracts.model_folder import ModelManifest
    from workers.contracts.recipes import Precision
    from workers.models.devices import resolve_precision
    from workers.models.loading import LoadedModel
    from workers.models.starters import train_tokenizer

    device = torch.device("cpu")
    manifest = ModelManifest(
        family=Family.CAUSAL,
        task_type="generation",
        architecture="LlamaForCausalLM",
        parameters=model.num_parameters(),
        context_length=2048,
    )
    tokenizer = train_tokenizer(["a"], family=Family.CAUSAL, vocabulary=300)
    precision = resolve_precision(Precision.AUTO, device, model.num_parameters())
    return LoadedModel(model, tokenizer, manifest, device, precision)


def train_with_ours(model: LlamaForCausalLM, rows: list[list[int]]) -> Callable[[], None]:
    """The loop that every run goes through, checkpoint at the end included."""
    from workers.contracts.events import TRAINING
    from workers.contracts.recipes import Recipe
    from workers.models.devices import DTYPES, cast_parameters
    from workers.models.prompts import Example
    from workers.runtime.reporter import Reporter
    from workers.training.checkpoints import Checkpoints
    from workers.training.loop import Loop, TrainingData
    from workers.training.objectives import create_objective
    from workers.training.progress import Phases

    recipe = Recipe(
        epochs=1,
        batch_rows=BATCH_ROWS,
        learning_rate=LEARNING_RATE,
        schedule="linear",
        warmup_share=0,
        weight_decay=0,
        validation_rounds=1,
        sample_rows=0,
        tokens_per_microbatch=2048,
    )
    loaded = as_loaded(model)
    method = create_objective(loaded, recipe)
    cast_parameters(model, DTYPES[loaded.precision])
    data = TrainingData([Example(row, row) for row in rows], [], [])
    reporter = Reporter(os.open(os.devnull, os.O_WRONLY))
    checkpoints = Checkpoints(Path(tempfile.mkdtemp()))

    def train() -> None:
        with Phases(reporter, {TRAINING: 1.0}) as phases:
            loop = Loop(loaded, method, data, recipe, reporter, phases, checkpoints)
            loop.run()
            cast_parameters(model, torch.float32)
            loop.optimizer.publish()

    return train


def measure(side: str, count: int, threads: int) -> dict[str, float]:
    """One side, in this process: a short warm-up on a copy, then the timed run."""
    from workers.models.devices import choose_device, has_fast_bf16
    from workers.training.hardware import peak_memory

    torch.set_num_threads(threads)
    rows, model = make_rows(count, seed=1), make_model()

    def prepared(subject: LlamaForCausalLM, part: list[list[int]]) -> Callable[[], None]:
        if side == "ours":
            return train_with_ours(subject, part)
        return train_with_trainer(subject, part, tuned=side == "tuned")

    prepared(copy.deepcopy(model), rows[:_WARM_ROWS])()
    train = prepared(model, rows)
    begun, begun_cpu = time.perf_counter(), time.process_time()
    train()
    seconds, cpu_seconds = time.perf_counter() - begun, time.process_time() - begun_cpu
    fast = side != "plain" and has_fast_bf16(choose_device())
    tokens = sum(map(len, rows))
    return {
        "tokens": tokens,
        "seconds": seconds,
        "tokens_per_second": tokens / seconds,
        "tokens_per_cpu_second": tokens / cpu_seconds,
        "held_out_loss": held_out_loss(model, make_rows(24, seed=2)),
        "flops_per_second": model_flops(model, rows) / seconds,
        "matmul_peak": matmul_peak(torch.bfloat16 if fast else torch.float32),
        "peak_memory_bytes": peak_memory(torch.device("cpu")),
    }


def _in_a_process(side: str, count: int, threads: int) -> dict[str, float]:
    """Ours with the environment that a job's process gets; the Trainer with none, as a user would start it."""
    command = [sys.executable, "-m", "benchmarks.training", "--side", side, "--rows", str(count)]
    environment = {**os.environ, **(kernels.KEPT if side == "ours" else {})}
    done = subprocess.run(
        [*command, "--threads", str(threads)],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )
    return json.loads(done.stdout.splitlines()[-1])


def summarize(measured: dict[str, list[dict[str, float]]]) -> list[dict[str, Any]]:
    """Medians per side, beside the plain Trainer."""
    plain = measured["plain"]
    reference = statistics.median(run["held_out_loss"] for run in plain)
    rows = []
    for side, runs in measured.items():
        middle = {name: statistics.median(run[name] for run in runs) for name in runs[0]}
        against = [
            run["tokens_per_second"] / base["tokens_per_second"]
            for run, base in zip(runs, plain, strict=True)
        ]
        rows.append(
            {
                "side": side,
                "what": SIDES[side],
                **middle,
                "times_plain": statistics.median(against),
                "share_of_peak": middle["flops_per_second"] / middle["matmul_peak"],
                "counts": abs(middle["held_out_loss"] / reference - 1) <= LOSS_TOLERANCE,
                "runs": runs,
            }
        )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--side", choices=SIDES, help="measure this side alone, and print it as JSON")
    parser.add_argument("--rows", type=int, default=240)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    options = parser.parse_args()
    if options.side:
        print(json.dumps(measure(options.side, options.rows, options.threads)))
        return
    measured: dict[str, list[dict[str, float]]] = {side: [] for side in SIDES}
    for _ in range(options.rounds):
        for side in SIDES:
            measured[side].append(_in_a_process(side, options.rows, options.threads))
    rows = summarize(measured)
    machine = {"processor": platform.processor() or platform.machine(), "threads": options.threads}
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(
        json.dumps({"machine": machine, "torch": torch.__version__, "rows": rows}, indent=1) + "\n"
    )
    print(
        f"{'':8}{'tokens/s':>10}{'x plain':>9}{'per CPU-s':>11}{'loss':>8}{'of peak':>9}{'memory':>9}  counts"
    )
    for row in rows:
        print(
            f"{row['side']:8}{row['tokens_per_second']:10.0f}{row['times_plain']:9.2f}"
            f"{row['tokens_per_cpu_second']:11.0f}{row['held_out_loss']:8.3f}{row['share_of_peak']:9.1%}"
            f"{row['peak_memory_bytes'] / 1e9:7.1f}GB  {'yes' if row['counts'] else 'no'}"
        )


if __name__ == "__main__":
    main()
