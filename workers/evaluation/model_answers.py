"""A model of the studio answers the rows of an evaluation."""

from collections.abc import Callable
from pathlib import Path

import torch

from workers.contracts.families import Family
from workers.contracts.job_kinds.evaluation import EvaluationSpec
from workers.contracts.tasks import TASKS, TaskName
from workers.contracts.texts import Text
from workers.evaluation.answers import (
    classify_rows,
    continue_documents,
    generate_answers,
    longest_answer,
    score_references,
)
from workers.evaluation.masked import fill_documents, restore_documents
from workers.evaluation.rows import Answers, DataRows, OnProgress, rows_of_split, shared_rows
from workers.models.devices import choose_device, resolve_precision
from workers.models.loading import FAMILY_TEXTS, LoadedModel, load_folder
from workers.models.manifest import read_manifest
from workers.models.memory import loading_explained
from workers.runtime.reporter import JobError, Reporter

Progress = Callable[[Text, tuple[float, float]], OnProgress]
"""Makes what reports one phase, which is a share of the whole job as (begin, end)."""

_ANSWERING, _SCORING = (0.0, 0.85), (0.85, 0.97)


def answer_by_model(
    spec: EvaluationSpec, rows: DataRows, reporter: Reporter, progress: Progress
) -> tuple[Answers, list[Text]]:
    """Load the model of `spec` and answer `rows`; return the answers and what a reader of their score should know.

    Raises JobError: wrong_family, out_of_memory, and those of workers.models.loading.
    """
    if spec.threads:
        torch.set_num_threads(spec.threads)
    folder, device = Path(spec.inputs["model"]), choose_device()
    manifest = read_manifest(folder)
    _check_family(spec.task_type, manifest.family)
    precision = resolve_precision(manifest.precision, device)
    reporter.started(device=device.type, precision=precision, threads=torch.get_num_threads())
    reporter.progress(Text("evaluation.phase_loading_model"), fraction=0.0)
    with loading_explained():
        loaded = load_folder(folder, device=device)
    answering = progress(Text("evaluation.phase_answering"), _ANSWERING)
    findings = _seen_in_training(spec, rows)
    if loaded.family.has_labels:
        if unknown := sum(target not in loaded.manifest.labels for target in rows.targets):
            findings.append(Text("evaluation.unknown_labels", unknown=unknown, rows=len(rows)))
        return classify_rows(loaded, rows, Path(spec.work), answering), findings
    if loaded.family is Family.ENCODER:
        return fill_documents(loaded, rows, answering), findings
    if not spec.task.answers(loaded.family):
        return restore_documents(loaded, rows, answering), findings
    answers = _written(spec, loaded, rows, answering)
    answers.numbers, cut = score_references(
        loaded, rows, Path(spec.work), progress(Text("evaluation.phase_scoring"), _SCORING)
    )
    if cut:
        findings.append(Text("evaluation.references_cut", cut=cut, rows=len(rows)))
    return answers, findings


def _written(spec: EvaluationSpec, loaded: LoadedModel, rows: DataRows, on_progress: OnProgress) -> Answers:
    if spec.task.is_corpus:
        return continue_documents(loaded, rows, Path(spec.work), on_progress)
    limit = spec.max_new_tokens
    if not limit:
        learned = rows_of_split(spec.training_folder, "train")
        limit = longest_answer(loaded, learned if len(learned) else rows, spec.seed)
    return generate_answers(loaded, rows, limit, Path(spec.work), on_progress)


def _seen_in_training(spec: EvaluationSpec, rows: DataRows) -> list[Text]:
    seen = shared_rows(rows, spec.training_folder) if spec.learned_from_train else 0
    if not seen:
        return []
    return [Text("evaluation.rows_were_trained_on", seen=seen, rows=len(rows))]


def _check_family(task_type: TaskName, family: Family) -> None:
    task = TASKS[task_type]
    fits = task.is_corpus if family is Family.ENCODER else task.has_labels == family.has_labels
    if not fits:
        raise JobError(
            "wrong_family",
            Text(
                "evaluation.task_does_not_fit",
                family=FAMILY_TEXTS[family],
                task=Text.marked(TASKS[task_type].label),
            ),
        )
