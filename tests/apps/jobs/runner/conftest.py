"""Jobs whose child does fake work."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from apps.jobs import services
from apps.jobs.models import Job
from apps.jobs.signals import job_succeeded
from tests.fixtures.registries import replace_kind
from workers.contracts.job_kinds import JOB_KINDS, JobKind
from workers.contracts.job_kinds.importing import IMPORT
from workers.contracts.job_kinds.run import RUN


@pytest.fixture
def fake_child(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Jobs of kind run and import do the fake work, and the apps that would look for their rows do not hear of them."""
    from apps.datasets.receivers import take_import
    from apps.training.receivers import take_run

    for kind in (RUN, IMPORT):
        fake = replace(kind, module="tests.apps.jobs.runner.fake_child")
        replace_kind(monkeypatch, JOB_KINDS, fake)
    for taker in (take_run, take_import):
        job_succeeded.disconnect(taker)
    yield
    for taker in (take_run, take_import):
        job_succeeded.connect(taker)


@pytest.fixture
def make_job(workspace, owner):
    from tests.apps.jobs.runner.fake_child import FakeSpec

    def make(behaviour: str, steps: int = 3, kind: JobKind = RUN) -> Job:
        job = services.enqueue(
            actor=owner,
            workspace=workspace,
            kind=kind,
            title="Fake",
            spec=FakeSpec(behaviour=behaviour, steps=steps),
        )
        Job.objects.filter(pk=job.pk).update(spec={**job.spec, "output": f"outputs/{job.pk}"})
        return job

    return make
