"""Measures what a starter reaches on an example, by the same code that the site's jobs run, and notes it down.

    python -m examples.measure english_french "two cores of ..." [--length standard]

Imports, freezes, plans, trains and evaluates with the wizard's defaults; the result goes into example.json.
Timings mean something only on a machine that does nothing else.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path

import pyarrow.parquet as pq
import sacrebleu
from sklearn.metrics import f1_score

from examples import ROOT, Example, Measured, get_example
from workers.contracts.recipes import Length, StarterBase, StarterSize
from workers.contracts.specs import (
    EvaluationSpec,
    FreezeSpec,
    ImportSpec,
    PreflightSpec,
    RunSpec,
)
from workers.contracts.task_types import TASKS, Family, TaskType
from workers.evaluation.run import evaluate
from workers.ingest.freeze import run as freeze
from workers.ingest.parse import run as parse
from workers.runtime.reporter import Reporter
from workers.training.preflight import preflight as plan
from workers.training.run import run as train

_SPLIT_KEY = "5a" * 16


def score(example: Example, outputs: list[str], targets: list[str]) -> float:
    """Macro-F1 (0 to 1) for classification, chrF (0 to 100) for everything else."""
    if example.task_type is TaskType.CLASSIFICATION:
        return float(f1_score(targets, outputs, average="macro"))
    return float(sacrebleu.corpus_chrf(outputs, [targets]).score)


def measure(example: Example, length: Length, machine: str, folder: Path) -> Measured:
    """Train and evaluate in `folder`, which must be empty. Raises JobError as the jobs do."""
    reporter, family = Reporter(), TASKS[example.task_type].families[0]

    def work(name: str) -> str:
        (folder / name).mkdir()
        return str(folder / name)

    parse(
        ImportSpec(inputs={"source": str(example.path)}, filename=example.file, work=work("import")), reporter
    )
    frozen = freeze(
        FreezeSpec(
            inputs={"rows": str(folder / "import/out")},
            task_type=example.task_type,
            roles=example.roles,
            split_key=_SPLIT_KEY,
            work=work("data"),
        ),
        reporter,
    )
    data, labels = str(folder / "data/out"), sorted(frozen.labels)
    base = StarterBase(family=family, size=StarterSize.SMALL)
    planned = plan(
        PreflightSpec(
            inputs={"data": data},
            task_type=example.task_type,
            base=base,
            length=length,
            labels=labels,
            work=work("plan"),
        ),
        reporter,
    )
    begun = time.monotonic()
    train(
        RunSpec(
            inputs={"data": data},
            task_type=example.task_type,
            base=base,
            recipe=planned.recipe,
            labels=labels,
            work=work("run"),
        ),
        reporter,
    )
    minutes = (time.monotonic() - begun) / 60
    evaluate(_evaluation(example, family, labels, folder, work("evaluation")), reporter)
    outputs = pq.read_table(
        folder / "evaluation/out/outputs.parquet", columns=["output", "target"]
    ).to_pydict()
    return Measured(
        family=family,
        size=StarterSize.SMALL,
        metric=example.nearest_row.metric,
        value=round(score(example, outputs["output"], outputs["target"]), 3),
        minutes=round(minutes, 1),
        machine=machine,
    )


def _evaluation(
    example: Example, family: Family, labels: list[str], folder: Path, work: str
) -> EvaluationSpec:
    return EvaluationSpec(
        inputs={"data": str(folder / "data/out"), "model": str(folder / "run/out")},
        task_type=example.task_type,
        family=family,
        labels=labels,
        work=work,
    )


def note(example: Example, measured: Measured) -> None:
    """Write the figures into the example's manifest."""
    path = ROOT / example.name / "example.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    content["measured"] = measured.model_dump(mode="json")
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("example")
    parser.add_argument("machine", help="what it runs on, for the record")
    parser.add_argument("--length", type=Length, default=Length.STANDARD)
    options = parser.parse_args()
    example = get_example(options.example)
    with tempfile.TemporaryDirectory() as folder:
        measured = measure(example, options.length, options.machine, Path(folder))
    note(example, measured)
    print(f"{example.name}: {measured.metric} {measured.value} after {measured.minutes} minutes")


if __name__ == "__main__":
    main()
