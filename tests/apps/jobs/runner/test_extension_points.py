"""A kind of job in one file outside the package is queued, supervised and shown like those of the package."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from apps.core.storage import storage
from apps.jobs import services
from apps.jobs.models import Job
from apps.jobs.states import State
from tests.apps.jobs.runner.supervising import supervised
from workers.contracts.job_kinds import JOB_KINDS

pytestmark = pytest.mark.django_db(transaction=True)

MODULE = "tests.extension_points.count_words"


@pytest.fixture
def count_words(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The module is named in the environment, as a child sees it too, and forgotten after the test."""
    monkeypatch.setenv("EXTENSIONS", f"job_kinds:{MODULE}")
    monkeypatch.setattr(JOB_KINDS, "_is_loaded", False)
    yield
    JOB_KINDS._kinds.pop("count_words")
    sys.modules.pop(MODULE)


def test_extension_points_job_kind(
    count_words, workspace, owner, sent_tasks, client_for, tmp_path: Path
) -> None:
    (tmp_path / "text.txt").write_text("three short words")
    storage().publish(tmp_path, "texts/one")
    kind = JOB_KINDS["count_words"]
    spec = sys.modules[MODULE].CountSpec(inputs={"text": "texts/one"})
    job = services.enqueue(actor=owner, workspace=workspace, kind=kind, title="Count the words", spec=spec)
    assert sent_tasks == [("jobs.run", str(job.pk), "default")]

    done = supervised(job)

    assert (done.state, done.result) == (State.SUCCEEDED, {"words": 3}), done.error_message
    assert done.get_kind_display() == "Word count"
    assert Job.objects.filter(kind="count_words").count() == 1
    notices = client_for(owner).get("/jobs/notices/").json()["notices"]
    assert any("Count the words" in str(notice) for notice in notices)
