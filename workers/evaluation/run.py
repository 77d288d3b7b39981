"""Evaluates a model, or a simple baseline, on one split: `python -m workers.evaluation.run spec.json`."""

import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import torch

from workers.contracts.metrics import SCORING_VERSION
from workers.contracts.specs import EvaluationResult, EvaluationSpec, baseline_kind
from workers.contracts.task_types import Family, TaskType
from workers.evaluation.answers import (
    Answers,
    classify_rows,
    generate_answers,
    longest_answer,
    score_references,
)
from workers.evaluation.baselines import answer_by_baseline
from workers.evaluation.metrics import metrics_for
from workers.evaluation.metrics.labels import confusion
from workers.evaluation.metrics.protocol import Rows
from workers.evaluation.rows import DataRows, read_split, rows_of_split, shared_rows, write_outputs
from workers.evaluation.scoring import row_statistics, score
from workers.models.devices import choose_device, resolve_precision
from workers.models.loading import load_folder, read_manifest
from workers.models.memory import loading_explained
from workers.runtime.reporter import JobError, Reporter, run_child

MOST_NAMED = 10
"""Labels, in a finding."""
FEW_ROWS = 30
"""Below this the percentile interval is known to be too narrow."""

_ANSWERING, _SCORING = (0.0, 0.85), (0.85, 0.97)
"""Shares of the whole job, as (begin, end)."""


def evaluate(spec: EvaluationSpec, reporter: Reporter) -> EvaluationResult:
    """Answer every row of the split, score the answers, and leave outputs.parquet.

    Raises JobError: empty_split, wrong_family, out_of_memory, and those of workers.models.loading.
    """
    begun = time.perf_counter()
    if spec.threads:
        torch.set_num_threads(spec.threads)
    data = Path(spec.inputs["data"])
    pool = read_split(data, spec.split)
    rows = pool.sample(spec.max_rows, spec.seed, by_target=spec.task_type is TaskType.CLASSIFICATION)
    baseline = ""
    findings: list[str] = []
    if spec.subject == "trivial":
        reporter.started(threads=torch.get_num_threads())
        tick = _progress(reporter, "answering the rows", (0.0, 0.97))
        train = read_split(_training_folder(spec), "train")
        outputs, baseline = answer_by_baseline(spec.task_type, train, rows, tick)
        answers = Answers(outputs, numbers=dict(outputs.numbers))
    else:
        answers, findings = _answer(spec, rows, reporter)
    result = _score(spec, rows, answers, reporter)
    result.rows_available = len(pool)
    result.baseline = baseline
    result.baseline_kind = baseline_kind(spec.task_type) if spec.subject == "trivial" else None
    result.findings = [*findings, *_findings(spec, rows, answers)]
    result.seconds = time.perf_counter() - begun
    return result


def _training_folder(spec: EvaluationSpec) -> Path:
    return Path(spec.inputs.get("train", spec.inputs["data"]))


def _answer(spec: EvaluationSpec, rows: DataRows, reporter: Reporter) -> tuple[Answers, list[str]]:
    folder, device = Path(spec.inputs["model"]), choose_device()
    manifest = read_manifest(folder)
    _check_family(spec.task_type, manifest.family)
    precision = resolve_precision(manifest.precision, device)
    reporter.started(device=device.type, precision=precision, threads=torch.get_num_threads())
    reporter.progress("loading the model", fraction=0.0)
    with loading_explained():
        loaded = load_folder(folder, device=device)
    answering = _progress(reporter, "answering the rows", _ANSWERING)
    findings = _seen_in_training(spec, rows)
    if loaded.family is Family.CLASSIFIER:
        if unknown := sum(target not in loaded.manifest.labels for target in rows.targets):
            findings.append(
                f"{unknown} of {len(rows)} rows have a label that this model never learned; they count as wrong."
            )
        return classify_rows(loaded, rows, answering), findings
    limit = spec.max_new_tokens
    if not limit:
        learned = rows_of_split(_training_folder(spec), "train")
        limit = longest_answer(loaded, learned if len(learned) else rows, spec.seed)
    answers = generate_answers(loaded, rows, limit, answering)
    answers.numbers, cut = score_references(
        loaded, rows, _progress(reporter, "scoring the references", _SCORING)
    )
    if cut:
        findings.append(f"{cut} of {len(rows)} references were longer than the context and scored in part.")
    return answers, findings


def _seen_in_training(spec: EvaluationSpec, rows: DataRows) -> list[str]:
    seen = shared_rows(rows, _training_folder(spec)) if spec.learned_from_train else 0
    if not seen:
        return []
    return [
        f"{seen} of {len(rows)} rows were training rows of this model, so its figures are too good. Evaluate it on rows that it never saw."
    ]


def _check_family(task_type: TaskType, family: Family) -> None:
    if (task_type is TaskType.CLASSIFICATION) != (family is Family.CLASSIFIER):
        raise JobError(
            "wrong_family",
            f"A {family} model cannot be evaluated on {task_type} data. Choose data of the kind it was trained on.",
        )


def _progress(reporter: Reporter, phase: str, share: tuple[float, float]) -> Callable[[float, int], None]:
    """Return what reports rows done of all as a share of the job, and hears a wish to stop."""
    begin, end = share
    started = time.monotonic()

    def tick(done: float, total: int) -> None:
        reporter.raise_if_stopping()
        gone, fraction = time.monotonic() - started, begin + (end - begin) * done / total
        left = gone * (1 - fraction) / (fraction - begin) if done else None
        reporter.progress(phase, int(done), total, fraction=fraction, seconds_left=left)

    return tick


def _score(spec: EvaluationSpec, rows: DataRows, answers: Answers, reporter: Reporter) -> EvaluationResult:
    reporter.raise_if_stopping()
    reporter.progress("computing the metrics", fraction=0.97)
    texts = answers.outputs.texts
    labels = list(dict.fromkeys([*spec.labels, *sorted({*rows.targets, *texts})]))
    known = labels if spec.task_type is TaskType.CLASSIFICATION else []
    scored = Rows(targets=rows.targets, outputs=texts, numbers=answers.numbers, labels=known)
    metrics = metrics_for(spec.task_type, rows.targets)
    statistics = row_statistics(metrics, scored)
    write_outputs(Path(spec.work) / "out", rows, answers.outputs, statistics)
    return EvaluationResult(
        rows=len(rows),
        split=spec.split,
        scoring=SCORING_VERSION,
        metrics=score(metrics, statistics, rounds=spec.bootstrap_rounds, seed=spec.seed),
        labels=known,
        confusion=confusion(scored) if known else [],
        seconds=0,
        output_tokens=answers.output_tokens,
    )


def _findings(spec: EvaluationSpec, rows: DataRows, answers: Answers) -> list[str]:
    """What the reader of the numbers should know, in plain words."""
    total, texts = len(rows), answers.outputs.texts
    found = []
    if total < FEW_ROWS:
        found.append(f"Only {total} rows were scored: the intervals are rough, and likely too narrow.")
    if answers.cut_inputs:
        found.append(f"{answers.cut_inputs} of {total} inputs were longer than the model reads and were cut.")
    if answers.cut_outputs:
        found.append(
            f"{answers.cut_outputs} of {total} outputs were cut at the limit of {answers.max_new_tokens} tokens."
        )
    if empty := sum(not text.strip() for text in texts):
        found.append(f"{empty} of {total} outputs are empty.")
    if spec.task_type is TaskType.CLASSIFICATION:
        missed = Counter(rows.targets)
        for label in texts:
            missed.pop(label, None)
        if missed:
            named = "”, “".join(label for label, _count in missed.most_common(MOST_NAMED))
            if len(missed) > MOST_NAMED:
                found.append(f"Labels never given: “{named}” and {len(missed) - MOST_NAMED} more.")
            else:
                found.append(f"Labels never given: “{named}”.")
    return found


if __name__ == "__main__":
    run_child(EvaluationSpec, evaluate)
