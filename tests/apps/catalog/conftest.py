"""A tuned model with its base, data and files."""

from collections.abc import Callable

import pytest

from apps.catalog import services
from apps.catalog.models import ModelVersion
from apps.core.storage import storage
from apps.datasets.models import Dataset, DatasetVersion, Import
from apps.jobs.models import Job
from workers.contracts.families import Family
from workers.contracts.model_folder import CARD_NAME, MANIFEST_NAME, ModelManifest
from workers.contracts.recipes import Precision, StarterBase

CARD = "---\nlicense: other\n---\n# Ticket sorter\n\n<script>alert(1)</script>\n"


@pytest.fixture
def new_job(workspace, owner) -> Callable[..., Job]:
    def create(kind: str, state: str = "succeeded") -> Job:
        return Job.objects.create(
            workspace=workspace,
            created_by=owner,
            kind=kind,
            title=kind,
            queue="default",
            spec={},
            state=state,
        )

    return create


@pytest.fixture
def data(workspace, new_job) -> DatasetVersion:
    dataset = Dataset.objects.create(workspace=workspace, number=1, name="Tickets")
    source = Import.objects.create(
        workspace=workspace, dataset=dataset, filename="t.csv", source_bytes=1, job=new_job("import")
    )
    return DatasetVersion.objects.create(
        workspace=workspace,
        dataset=dataset,
        source=source,
        number=1,
        task_type="classification",
        roles={},
        storage_key="datasets/d",
        job=new_job("freeze"),
        rows_train=80,
    )


@pytest.fixture
def write_files() -> Callable[[ModelVersion], None]:
    """Leave in storage what a run leaves (weights aside, which nothing here reads), and take note of it."""

    def write(version: ModelVersion) -> None:
        manifest = ModelManifest(
            family=Family.CLASSIFIER,
            task_type="classification",
            architecture="ModernBert",
            parameters=3_210_000,
            context_length=2048,
            labels=["account", "billing"],
            precision=Precision.FP32,
            trained=version.kind == "tuned",
        )
        folder = version.storage_key
        storage().write(f"{folder}/{MANIFEST_NAME}", iter([manifest.model_dump_json().encode()]))
        storage().write(f"{folder}/{CARD_NAME}", iter([CARD.encode()]))
        storage().write(f"{folder}/model.safetensors", iter([b"w" * 5000]))
        services.record_files(version=version)

    return write


@pytest.fixture
def base(owner, workspace, data, write_files) -> ModelVersion:
    version = services.create_base_version(
        actor=owner,
        workspace=workspace,
        family="classifier",
        task_type="classification",
        origin=StarterBase(family=Family.CLASSIFIER),
        origin_label="Small starter",
        dataset_version=data,
    )
    write_files(version)
    return version


@pytest.fixture
def tuned(owner, workspace, data, base, write_files) -> ModelVersion:
    version = services.create_tuned_version(
        actor=owner,
        workspace=workspace,
        name="Ticket sorter",
        family="classifier",
        task_type="classification",
        origin=base.origin,
        origin_label=base.origin_label,
        parent=base,
        dataset_version=data,
    )
    write_files(version)
    return version
