"""Data, models, runs and evaluations as jobs leave them: rows in the database, files in storage."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pydantic import BaseModel
from pytest_django import DjangoCaptureOnCommitCallbacks

from apps.accounts.models import User
from apps.catalog.models import ModelVersion
from apps.core.storage import storage
from apps.datasets.models import Dataset, DatasetVersion, Import
from apps.evaluation import services as evaluation
from apps.evaluation.models import Evaluation
from apps.jobs import services as jobs
from apps.jobs.models import Job
from apps.jobs.runner.supervisor import supervise
from apps.training import services as training
from apps.training.bases import choices_for, find_choice
from apps.training.models import Preflight, Run
from apps.workspaces.models import Workspace
from apps.workspaces.numbering import next_number
from workers.contracts.families import Family
from workers.contracts.job_kinds.evaluation import EvaluationResult, MetricValue
from workers.contracts.job_kinds.preflight import Finding, PreflightResult, TokenStats
from workers.contracts.job_kinds.run import RunResult
from workers.contracts.metrics import SCORING_VERSION
from workers.contracts.model_folder import CARD_NAME, MANIFEST_NAME, ModelManifest
from workers.contracts.recipes import Length, Precision, Recipe
from workers.contracts.texts import Text
from workers.evaluation.per_label import label_figures

LABELS = ["account", "billing", "connection"]
_MESSAGE = pa.struct([("role", pa.string()), ("content", pa.string())])
_SPLITS = ["train"] * 7 + ["validation"] + ["test"] * 2


@pytest.fixture
def run_job(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Job], Job]:
    """Do a job as a worker would: a supervisor here, the work in a child process. Returns the fresh row."""
    # A worker's thread has a connection of its own to give up; here it holds the transaction of the test.
    monkeypatch.setattr("apps.jobs.runner.supervisor.close_old_connections", lambda: None)

    def run(job: Job) -> Job:
        with django_capture_on_commit_callbacks(execute=True):
            supervise(str(job.pk))
        return Job.objects.get(pk=job.pk)

    return run


@pytest.fixture
def succeed(tmp_path: Path) -> Callable[..., Job]:
    """End a job with a result and the files it left, as its supervisor would. Returns the fresh row."""

    def end(job: Job, result: BaseModel, files: dict[str, bytes] | None = None) -> Job:
        claimed = jobs.claim(job_id=str(job.pk), worker="test")
        assert claimed is not None
        if files:
            folder = tmp_path / str(job.pk)
            folder.mkdir()
            for name, content in files.items():
                (folder / name).write_bytes(content)
            storage().publish(folder, job.spec["output"])
        jobs.finish(claimed, result=result.model_dump(mode="json"))
        return Job.objects.get(pk=job.pk)

    return end


@pytest.fixture
def new_job(workspace: Workspace, owner: User) -> Callable[..., Job]:
    def create(kind: str, state: str = "succeeded", **fields: Any) -> Job:
        values: dict[str, Any] = {"title": kind, "queue": "default", "spec": {}, "created_by": owner} | fields
        return Job.objects.create(workspace=workspace, kind=kind, state=state, **values)

    return create


def parquet(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    return sink.getvalue().to_pybytes()


def tickets_table(rows: int) -> pa.Table:
    """Frozen tickets (workers.contracts.job_kinds.freezing.FreezeSpec), seven of ten to learn from."""
    prompts = [[{"role": "user", "content": f"My {LABELS[i % 3]} number {i} is broken"}] for i in range(rows)]
    return pa.table(
        {
            "row_id": [f"r{i:05d}" for i in range(rows)],
            "line": pa.array(range(2, rows + 2), pa.int64()),
            "split": [_SPLITS[i % 10] for i in range(rows)],
            "prompt": pa.array(prompts, pa.list_(_MESSAGE)),
            "target": [LABELS[i % 3] for i in range(rows)],
        }
    )


@pytest.fixture
def make_data(
    workspace: Workspace, owner: User, new_job: Callable[..., Job]
) -> Callable[..., DatasetVersion]:
    """Frozen versions of tickets, a dataset each."""

    def make(task_type: str = "classification", rows: int = 60, **fields: Any) -> DatasetVersion:
        number = next_number(workspace, "dataset")
        dataset = Dataset.objects.create(
            workspace=workspace, created_by=owner, number=number, name=f"Tickets {number}"
        )
        source = Import.objects.create(
            workspace=workspace, dataset=dataset, filename="t.csv", source_bytes=1, job=new_job("import")
        )
        splits = [_SPLITS[i % 10] for i in range(rows)]
        values: dict[str, Any] = {
            "storage_key": f"datasets/{dataset.pk}",
            "rows_train": splits.count("train"),
            "rows_validation": splits.count("validation"),
            "rows_test": splits.count("test"),
            "bytes": 1000,
            "result": {"labels": dict.fromkeys(LABELS, rows // 3)} if task_type == "classification" else {},
        }
        version = DatasetVersion.objects.create(
            workspace=workspace,
            created_by=owner,
            dataset=dataset,
            source=source,
            number=1,
            task_type=task_type,
            roles={"text": "input", "label": "label"},
            job=new_job("freeze"),
            **values | fields,
        )
        data = parquet(tickets_table(rows))
        storage().write(f"{version.storage_key}/data.parquet", iter([data]))
        storage().write(f"{version.storage_key}/.published", iter([b"{}"]))
        return version

    return make


@pytest.fixture
def tickets(make_data: Callable[..., DatasetVersion]) -> DatasetVersion:
    return make_data()


def model_files(version: DatasetVersion, *, trained: bool) -> dict[str, bytes]:
    """A model folder, weights aside."""
    info = version.task
    manifest = ModelManifest(
        family=info.families[0],
        task_type=version.task_type,
        architecture="Tiny",
        parameters=1234,
        context_length=512,
        labels=version.labels,
        precision=Precision.FP32,
        trained=trained,
    )
    return {MANIFEST_NAME: manifest.model_dump_json().encode(), CARD_NAME: b"# Card\n", "weights": b"w" * 500}


def preflight_result(recipe: Recipe, **fields: Any) -> PreflightResult:
    values: dict[str, Any] = {
        "recipe": recipe.model_copy(update={"epochs": 3.0, "learning_rate": 1e-3, "batch_rows": 16}),
        "rows": {"train": 42, "validation": 6, "test": 12},
        "tokens": 500,
        "learned_tokens": 60,
        "row_tokens": TokenStats(mean=8, p50=8, p95=11, max=14, histogram=[(8, 30), (16, 12)]),
        "cut_share": 0.0,
        "unlearnable_rows": 0,
        "steps": 9,
        "seconds": 4.0,
        "memory_bytes": 1 << 20,
        "disk_bytes": 1 << 20,
        "parameters": 1234,
        "trainable_parameters": 1234,
        "context_length": 512,
        "device": "cpu",
        "precision": "fp32",
        "findings": [],
        "first_row": [("<s>", False), ("<b>billing</b>", True)],
    }
    return PreflightResult(**values | fields)


@pytest.fixture
def ask(owner: User, tickets: DatasetVersion) -> Callable[..., Preflight]:
    """Ask for a pre-flight, as the owner, on the tickets unless told otherwise."""

    def request(
        version: DatasetVersion | None = None, base: str = "", length: str = "standard", **recipe: Any
    ) -> Preflight:
        data = version or tickets
        choice = find_choice(owner, data, base) if base else choices_for(owner, data)[0]
        return training.request_preflight(
            actor=owner,
            dataset_version=data,
            base=choice,
            length=Length(length),
            recipe=Recipe.model_validate(recipe),
        )

    return request


@pytest.fixture
def make_preflight(ask: Callable[..., Preflight], succeed: Callable[..., Job]) -> Callable[..., Preflight]:
    """A pre-flight that is done; `findings` say what stands in the way."""

    def make(
        version: DatasetVersion | None = None, findings: list[Finding] | None = None, **arguments: Any
    ) -> Preflight:
        preflight = ask(version, **arguments)
        result = preflight_result(Recipe.model_validate(preflight.recipe), findings=findings or [])
        base_is_new = not preflight.base_version.is_ready
        files = model_files(preflight.dataset_version, trained=False) if base_is_new else None
        assert succeed(preflight.job, result, files).state == "succeeded"
        return Preflight.objects.get(pk=preflight.pk)

    return make


def run_result(recipe: Recipe) -> RunResult:
    return RunResult(
        steps=9,
        epochs=3,
        best_step=6,
        stopped="early_stopping",
        train_loss=0.2,
        validation_loss=0.3,
        rows_seen=126,
        tokens_seen=1500,
        seconds=4,
        tokens_per_second=375,
        peak_memory_bytes=1 << 20,
        parameters=1234,
        bytes=500,
        recipe=recipe,
    )


@pytest.fixture
def make_run(
    owner: User, make_preflight: Callable[..., Preflight], succeed: Callable[..., Job]
) -> Callable[..., Run]:
    """A run; ended with a model unless `done` is False."""

    def make(*, done: bool = True, preflight: Preflight | None = None, name: str = "", **asked: Any) -> Run:
        preflight = preflight or make_preflight(**asked)
        run = training.start_run(actor=owner, preflight=preflight, name=name)
        if done:
            files = model_files(run.dataset_version, trained=True)
            job = succeed(run.job, run_result(Recipe.model_validate(run.recipe)), files)
            assert job.state == "succeeded", job.error_message
        return Run.objects.select_related("job", "model_version").get(pk=run.pk)

    return make


def primary_buttons(html: str) -> list[str]:
    """What the primary buttons of a page say, those in closed parts aside."""
    shown = re.sub(r"<details(?! open).*?</details>", "", html, flags=re.DOTALL)
    found = re.findall(r'<(a|button) class="btn btn-primary"[^>]*>(.*?)</\1>', shown, re.DOTALL)
    return [re.sub(r"<svg.*?</svg>", "", inside, flags=re.DOTALL).strip() for _, inside in found]


OUTPUT = "<script>alert(1)</script> billing"


def outputs_table(rows: int = 12) -> pa.Table:
    """What an evaluation of tickets leaves (workers.contracts.job_kinds.evaluation.EvaluationSpec)."""
    return pa.table(
        {
            "row_id": [f"r{i:05d}" for i in range(rows)],
            "line": pa.array(range(2, rows + 2), pa.int64()),
            "input": [f"My ticket {i}" for i in range(rows)],
            "prompt": ["[]"] * rows,
            "target": [LABELS[i % 3] for i in range(rows)],
            "output": [OUTPUT] + [LABELS[i % 2] for i in range(1, rows)],
            "seconds": [0.1] * rows,
            "finish_reason": ["stop"] * rows,
        }
    )


CONFUSION = [[4, 0, 0], [0, 4, 0], [2, 2, 0]]


def evaluation_result(value: float = 0.5, rows: int = 12) -> EvaluationResult:
    metric = MetricValue(value=value, low=max(0, value - 0.1), high=min(1, value + 0.1))
    return EvaluationResult(
        rows=rows,
        rows_available=rows,
        scoring=SCORING_VERSION,
        metrics={"macro_f1": metric, "accuracy": metric},
        labels=LABELS,
        confusion=CONFUSION,
        per_label=label_figures(LABELS, CONFUSION),
        baseline="",
        seconds=1,
        output_tokens=0,
        findings=[Text("evaluation.labels_never_predicted", labels=["connection"])],
    )


@pytest.fixture
def end_evaluation(succeed: Callable[..., Job]) -> Callable[..., Job]:
    def end(made: Evaluation, value: float = 0.5) -> Job:
        return succeed(made.job, evaluation_result(value), {"outputs.parquet": parquet(outputs_table())})

    return end


@pytest.fixture
def make_evaluation(
    owner: User, tickets: DatasetVersion, end_evaluation: Callable[..., Job]
) -> Callable[..., Evaluation]:
    """An evaluation of a model (None: the trivial baseline); ended unless `done` is False."""

    def make(
        model: ModelVersion | None = None,
        data: DatasetVersion | None = None,
        *,
        done: bool = True,
        **fields: Any,
    ) -> Evaluation:
        made = evaluation.evaluate(
            actor=owner, dataset_version=data or tickets, model_version=model, **fields
        )
        if done:
            end_evaluation(made)
        return Evaluation.objects.select_related("job", "model_version").get(pk=made.pk)

    return make


@pytest.fixture
def make_classifier(make_model: Callable[..., ModelVersion]) -> Callable[..., ModelVersion]:
    """Rows of models that sort tickets."""

    def make(kind: str = "tuned", **fields: Any) -> ModelVersion:
        family = Family.CLASSIFIER.value
        return make_model("classification", family, kind=kind, labels=LABELS, **fields)

    return make
