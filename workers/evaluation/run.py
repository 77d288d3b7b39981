"""Evaluates a model, or a simple baseline, on one split: `python -m workers.evaluation.run spec.json`."""

import time
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from workers.contracts.baselines import BASELINES, baselines_of
from workers.contracts.job_kinds.evaluation import EvaluationResult, EvaluationSpec
from workers.contracts.metrics import SCORING_VERSION
from workers.contracts.texts import Text
from workers.evaluation.baselines import answer_by_baseline
from workers.evaluation.metrics import metrics_for
from workers.evaluation.metrics.labels import confusion
from workers.evaluation.metrics.protocol import Rows
from workers.evaluation.per_label import label_figures
from workers.evaluation.rows import Answers, DataRows, OnProgress, parts, read_split, write_outputs
from workers.evaluation.scoring import row_statistics, score
from workers.runtime.reporter import Reporter, run_child

MOST_NAMED = 10
"""Labels, in a finding."""
FEW_ROWS = 30
"""Below this the percentile interval is known to be too narrow."""


def evaluate(spec: EvaluationSpec, reporter: Reporter) -> EvaluationResult:
    """Answer every row of the split, score the answers, and leave outputs.parquet.

    Raises JobError: empty_split, wrong_family, out_of_memory, and those of workers.models.loading.
    """
    begun = time.perf_counter()
    data = Path(spec.inputs["data"])
    pool = read_split(data, spec.split)
    rows = pool.sample(spec.max_rows, spec.seed, by_target=spec.task.has_labels)
    baseline, baseline_kind = Text.plain(""), None
    findings: list[Text] = []
    if spec.subject == "trivial":
        reporter.started(threads=1)
        tick = _progress(reporter, Text("evaluation.phase_answering"), (0.0, 0.97))
        train = read_split(spec.training_folder, "train")
        chosen = BASELINES[spec.baseline] if spec.baseline else baselines_of(spec.task)[0]
        outputs, baseline = answer_by_baseline(chosen, spec.task, train, rows, tick)
        baseline_kind = chosen.name
        answers = Answers(outputs, numbers=dict(outputs.numbers))
    else:
        # torch and transformers take seconds to import, and a baseline needs neither.
        from workers.evaluation.model_answers import answer_by_model

        answers, findings = answer_by_model(spec, rows, reporter, partial(_progress, reporter))
    result = _score(spec, rows, answers, reporter)
    result.rows_available = len(pool)
    result.baseline = baseline
    result.baseline_kind = baseline_kind
    result.findings = [*findings, *_findings(spec, rows, answers)]
    result.seconds = time.perf_counter() - begun
    return result


def _progress(reporter: Reporter, phase: Text, share: tuple[float, float]) -> OnProgress:
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
    reporter.progress(Text("evaluation.phase_metrics"), fraction=0.97)
    texts = answers.outputs.texts
    known: list[str] = []
    if spec.task.has_labels:
        known = list(dict.fromkeys([*spec.labels, *sorted({*rows.targets, *texts})]))
    counts = confusion(rows.targets, texts, known) if known else []
    metrics = metrics_for(spec.task_type, rows.targets)
    statistics = row_statistics(metrics, _scored(rows, answers, known), len(rows))
    write_outputs(Path(spec.work) / "out", rows, answers.outputs, statistics)
    return EvaluationResult(
        rows=len(rows),
        split=spec.split,
        scoring=SCORING_VERSION,
        metrics=score(metrics, statistics, rounds=spec.bootstrap_rounds, seed=spec.seed),
        labels=known,
        confusion=counts,
        per_label=label_figures(known, counts) if known else [],
        seconds=0,
        output_tokens=answers.output_tokens,
    )


def _scored(rows: DataRows, answers: Answers, labels: list[str]) -> Iterator[Rows]:
    """Yield what metrics read of the rows, some rows at a time."""
    for place, targets in parts(rows.targets):
        of_part = slice(place, place + len(targets))
        numbers = {name: values[of_part] for name, values in answers.numbers.items()}
        yield Rows(targets, answers.outputs.texts[of_part], numbers, labels)


def _findings(spec: EvaluationSpec, rows: DataRows, answers: Answers) -> list[Text]:
    """What the reader of the numbers should know, in plain words."""
    total, texts = len(rows), answers.outputs.texts
    found = []
    if total < FEW_ROWS:
        found.append(Text("evaluation.few_rows", total=total))
    if answers.cut_inputs:
        found.append(Text("evaluation.inputs_cut", cut=answers.cut_inputs, total=total))
    if answers.cut_outputs:
        found.append(
            Text("evaluation.outputs_cut", cut=answers.cut_outputs, total=total, limit=answers.max_new_tokens)
        )
    if empty := sum(not text.strip() for text in texts):
        found.append(Text("evaluation.empty_outputs", empty=empty, total=total))
    if spec.task.has_labels:
        missed = Counter(rows.targets)
        for label in texts:
            missed.pop(label, None)
        if missed:
            named = [label for label, _count in missed.most_common(MOST_NAMED)]
            if len(missed) > MOST_NAMED:
                found.append(
                    Text(
                        "evaluation.labels_never_predicted_and_more",
                        labels=named,
                        more=len(missed) - MOST_NAMED,
                    )
                )
            else:
                found.append(Text("evaluation.labels_never_predicted", labels=named))
    return found


if __name__ == "__main__":
    run_child(EvaluationSpec, evaluate)
