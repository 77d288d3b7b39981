"""Pretrains a starter on the texts of an example, and measures it on documents that it has not seen.

    python -m examples.pretraining causal [--example meeting_minutes] [--length quick]

Packs the texts into a zip archive of documents, which is imported, frozen, planned, trained and evaluated by the same code that
the site's jobs run, with the wizard's defaults. Prints each metric before and after the training.
"""

import argparse
import tempfile
import zipfile
from pathlib import Path

from examples import get_example
from workers.contracts.families import Family
from workers.contracts.job_kinds.evaluation import EvaluationSpec
from workers.contracts.job_kinds.freezing import FreezeSpec
from workers.contracts.job_kinds.importing import ImportSpec
from workers.contracts.job_kinds.preflight import PreflightSpec
from workers.contracts.job_kinds.run import RunSpec
from workers.contracts.recipes import Length, Recipe, StarterBase, StarterSize, VersionBase
from workers.evaluation.run import evaluate
from workers.ingest.freeze import run as freeze
from workers.ingest.parse import run as parse
from workers.ingest.tables import read_rows
from workers.runtime.reporter import Reporter
from workers.training.preflight import preflight as plan
from workers.training.run import run as train

_SPLIT_KEY = "5a" * 16
_ROWS_A_DOCUMENT = 10
_TASK = "pretraining"


def write_corpus(example_name: str, folder: Path) -> Path:
    """Import an example, and write its texts into an archive of documents, each of several rows."""
    example, reporter = get_example(example_name), Reporter()
    work = folder / "texts"
    work.mkdir()
    inputs = {"source": str(example.path)}
    parse(ImportSpec(inputs=inputs, filename=example.file, work=str(work)), reporter)
    texts = [
        "\n".join(cell for cell in cells.values() if cell)
        for _, cells in read_rows(work / "out" / "rows.parquet")
    ]
    path = folder / "corpus.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, begin in enumerate(range(0, len(texts), _ROWS_A_DOCUMENT)):
            archive.writestr(f"{number:05d}.txt", "\n\n".join(texts[begin : begin + _ROWS_A_DOCUMENT]))
    return path


class Study:
    """The jobs of one measurement; each leaves its files in <folder>/<job>/out."""

    def __init__(self, folder: Path, family: Family, recipe: Recipe) -> None:
        self.folder, self.family, self.recipe = folder, family, recipe
        self.reporter = Reporter()

    def freeze(self, corpus: Path) -> None:
        spec = ImportSpec(
            inputs={"source": str(corpus)}, filename=corpus.name, work=self._new_folder("import")
        )
        proposal = parse(spec, self.reporter).proposal
        spec_of_data = FreezeSpec(
            inputs={"rows": self._left_by("import")},
            task_type=_TASK,
            roles=proposal.by_task[_TASK],
            split_key=_SPLIT_KEY,
            work=self._new_folder("freeze"),
        )
        freeze(spec_of_data, self.reporter)

    def train(self, length: Length) -> float:
        """Plan and train; return the minutes of the training."""
        base = StarterBase(family=self.family, size=StarterSize.SMALL)
        planned = plan(
            PreflightSpec(
                inputs={"data": self._left_by("freeze")},
                task_type=_TASK,
                base=base,
                length=length,
                recipe=self.recipe,
                work=self._new_folder("plan"),
            ),
            self.reporter,
        )
        spec = RunSpec(
            inputs={"data": self._left_by("freeze"), "base": self._left_by("plan")},
            task_type=_TASK,
            base=VersionBase(family=self.family),
            recipe=planned.recipe,
            work=self._new_folder("train"),
        )
        return train(spec, self.reporter).seconds / 60

    def metrics(self, job: str) -> dict[str, float]:
        """The metrics on the test documents of the model that a job left."""
        spec = EvaluationSpec(
            inputs={"data": self._left_by("freeze"), "model": self._left_by(job)},
            task_type=_TASK,
            family=self.family,
            work=self._new_folder(f"evaluate-{job}"),
        )
        return {name: found.value for name, found in evaluate(spec, self.reporter).metrics.items()}

    def _new_folder(self, job: str) -> str:
        (self.folder / job).mkdir()
        return str(self.folder / job)

    def _left_by(self, job: str) -> str:
        return str(self.folder / job / "out")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    families = [Family.CAUSAL, Family.ENCODER, Family.SEQ2SEQ]
    parser.add_argument("family", type=Family, choices=families)
    parser.add_argument("--example", default="meeting_minutes")
    parser.add_argument("--length", type=Length, default=Length.QUICK)
    parser.add_argument("--objective", help="the usual one of the family if not given")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        study = Study(folder, options.family, Recipe(objective=options.objective))
        study.freeze(write_corpus(options.example, folder))
        minutes = study.train(options.length)
        before, after = study.metrics("plan"), study.metrics("train")
    print(f"{options.family}, {options.example}, {minutes:.1f} minutes")
    for metric, value in after.items():
        print(f"  {metric}: {before[metric]:.3f} before, {value:.3f} after")


if __name__ == "__main__":
    main()
