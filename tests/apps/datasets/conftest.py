"""Files as people have them, and what the jobs that read them leave."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import BaseModel

from apps.core.storage import storage
from apps.datasets import services
from apps.datasets.models import Dataset, DatasetVersion, Import
from apps.jobs import services as jobs
from apps.jobs.models import Job
from workers.contracts.job_kinds.freezing import FreezeResult, FreezeSpec
from workers.contracts.job_kinds.importing import ImportResult, ImportSpec
from workers.contracts.roles import Role
from workers.ingest import freeze, parse
from workers.runtime.reporter import Reporter

_TOPICS = {"billing": "invoice", "account": "password", "connection": "router"}


def tickets(rows: int = 60) -> bytes:
    """A CSV with text and label; each text is different."""
    labels = list(_TOPICS)
    lines = [
        f'"My {_TOPICS[labels[i % 3]]} number {i} does not work, please help",{labels[i % 3]}'
        for i in range(rows)
    ]
    return "\n".join(["text,label", *lines]).encode()


@pytest.fixture
def upload(owner, workspace) -> Callable[..., Import]:
    """Upload bytes under a name, as the owner."""

    def start(content: bytes, filename: str = "tickets.csv", dataset: Dataset | None = None) -> Import:
        return services.start_import(
            actor=owner, workspace=workspace, filename=filename, chunks=iter([content]), dataset=dataset
        )

    return start


@dataclass
class Read:
    """What the two ingest jobs leave for the tickets, worked out once for all tests that only look at it."""

    rows: Path
    data: Path
    imported: ImportResult
    frozen: FreezeResult


@pytest.fixture(scope="session")
def tickets_read(tmp_path_factory) -> Read:
    work = tmp_path_factory.mktemp("tickets")
    (work / "source").write_bytes(tickets())
    reporter = Reporter(os.open(os.devnull, os.O_WRONLY))
    imported = parse.run(
        ImportSpec(
            inputs={"source": str(work / "source")}, work=str(work / "import"), filename="tickets.csv"
        ),
        reporter,
    )
    roles = {"text": Role.INPUT, "label": Role.LABEL}
    result = freeze.run(
        FreezeSpec(
            inputs={"rows": str(work / "import" / "out")},
            work=str(work / "freeze"),
            task_type="classification",
            roles=roles,
            split_key="00" * 32,
        ),
        reporter,
    )
    return Read(work / "import" / "out", work / "freeze" / "out", imported, result)


@pytest.fixture
def end_job() -> Callable[..., None]:
    """End a job with a result and the folder it left, as its supervisor would."""

    def end(job: Job, folder: Path, result: BaseModel) -> None:
        claimed = jobs.claim(job_id=str(job.pk), worker="test")
        storage().publish(folder, job.spec["output"])
        jobs.finish(claimed, result=result.model_dump(mode="json"))

    return end


@pytest.fixture
def parsed(upload, tickets_read, end_job) -> Import:
    """Tickets, read and waiting for their columns."""
    import_ = upload(tickets())
    end_job(import_.job, tickets_read.rows, tickets_read.imported)
    return Import.objects.get(pk=import_.pk)


@pytest.fixture
def frozen(parsed, owner, tickets_read, end_job) -> DatasetVersion:
    """Tickets, frozen as version 1."""
    version = services.confirm_import(
        actor=owner, import_=parsed, task_type="classification", roles={"text": "input", "label": "label"}
    )
    end_job(version.job, tickets_read.data, tickets_read.frozen)
    return DatasetVersion.objects.get(pk=version.pk)
