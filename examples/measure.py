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
from workers.contracts.job_kinds.evaluation import EvaluationSpec
from workers.contracts.job_kinds.freezing import FreezeSpec
from workers.contracts.job_kinds.importing import ImportSpec
from workers.contracts.job_kinds.preflight import PreflightSpec
from workers.contracts.job_kinds.run import RunSpec
from workers.contracts.recipes import Length, Recipe, StarterBase, StarterSize
from workers.contracts.tasks import TASKS
from workers.evaluation.run import evaluate
from workers.ingest.freeze import run as freeze
from workers.ingest.parse import run as parse
from workers.runtime.reporter import Reporter
from workers.training.preflight import preflight as plan
from workers.training.run import run as train

_SPLIT_KEY = "5a" * 16


def score(example: Example, outputs: list[str], targets: list[str]) -> float:
    """Macro-F1 (0 to 1) for classification, chrF (0 to 100) for everything else."""
    if example.task_type == "classification":
        return float(f1_score(targets, outputs, average="macro"))
    return float(sacrebleu.corpus_chrf(outputs, [targets]).score)


class Jobs:
    """The jobs of one measurement, in the order of the story: each leaves its files in <folder>/<job>/out."""

    def __init__(self, example: Example, folder: Path) -> None:
        """`folder` must be empty."""
        self.example, self.folder, self.reporter = example, folder, Reporter()
        self.base = StarterBase(family=TASKS[example.task_type].families[0], size=StarterSize.SMALL)
        self.labels: list[str] = []

    def freeze(self) -> None:
        parse(
            ImportSpec(
                inputs={"source": str(self.example.path)},
                filename=self.example.file,
                work=self._new_folder("import"),
            ),
            self.reporter,
        )
        spec = FreezeSpec(
            inputs={"rows": self._left_by("import")},
            task_type=self.example.task_type,
            roles=self.example.roles,
            split_key=_SPLIT_KEY,
            work=self._new_folder("freeze"),
        )
        self.labels = sorted(freeze(spec, self.reporter).labels)

    def plan(self, length: Length, recipe: Recipe) -> Recipe:
        """`recipe` with every automatic value filled in."""
        spec = PreflightSpec(
            inputs={"data": self._left_by("freeze")},
            task_type=self.example.task_type,
            base=self.base,
            length=length,
            recipe=recipe,
            labels=self.labels,
            work=self._new_folder("plan"),
        )
        return plan(spec, self.reporter).recipe

    def train(self, recipe: Recipe) -> None:
        spec = RunSpec(
            inputs={"data": self._left_by("freeze")},
            task_type=self.example.task_type,
            base=self.base,
            recipe=recipe,
            labels=self.labels,
            work=self._new_folder("train"),
        )
        train(spec, self.reporter)

    def answer(self) -> tuple[list[str], list[str]]:
        """What the model says to the rows of the test split, and what it should say."""
        spec = EvaluationSpec(
            inputs={"data": self._left_by("freeze"), "model": self._left_by("train")},
            task_type=self.example.task_type,
            family=self.base.family,
            labels=self.labels,
            work=self._new_folder("evaluate"),
        )
        evaluate(spec, self.reporter)
        outputs = pq.read_table(Path(spec.work) / "out/outputs.parquet", columns=["output", "target"])
        return outputs["output"].to_pylist(), outputs["target"].to_pylist()

    def _new_folder(self, job: str) -> str:
        (self.folder / job).mkdir()
        return str(self.folder / job)

    def _left_by(self, job: str) -> str:
        return str(self.folder / job / "out")


def measure(
    example: Example, length: Length, machine: str, folder: Path, recipe: Recipe | None = None
) -> Measured:
    """Train and evaluate in `folder`, which must be empty; `recipe` holds what is not left to the defaults.

    Raises JobError as the jobs do.
    """
    jobs = Jobs(example, folder)
    jobs.freeze()
    planned = jobs.plan(length, recipe or Recipe())
    begun = time.monotonic()
    jobs.train(planned)
    minutes = (time.monotonic() - begun) / 60
    return Measured(
        family=jobs.base.family,
        size=jobs.base.size,
        metric=example.nearest_row.metric,
        value=round(score(example, *jobs.answer()), 3),
        minutes=round(minutes, 1),
        machine=machine,
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
