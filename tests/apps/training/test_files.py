"""The figures of a run as files: every step once, for members alone, from the page and by API."""

import csv
import io
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.urls import reverse

from apps.jobs import services as jobs
from apps.training import metric_history
from apps.training.models import Run
from apps.workspaces.access.api_keys import create_api_key
from tests.apps.api.conftest import Caller
from tests.fixtures.tensorboard import read_scalars
from workers.contracts.events import Metric

pytestmark = [pytest.mark.django_db, pytest.mark.once]


def body(response: Any) -> bytes:
    async def collected() -> bytes:
        return b"".join([chunk async for chunk in response])

    return async_to_sync(collected)()


def record(run: Run, metrics: list[Metric]) -> Any:
    """Let the next attempt of the run's job report these."""
    claimed = jobs.claim(job_id=str(run.job.pk), worker="w")
    jobs.record_events(claimed, metrics)
    return claimed


def rows_of(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


@pytest.fixture
def resumed(make_run, monkeypatch) -> Run:
    """Killed after step 8 and resumed at step 5; validated every third step. Read in pages of three."""
    monkeypatch.setattr(metric_history, "_PAGE", 3)
    run = make_run(done=False, name="Été <1>")

    def learn(steps: range, loss: float) -> Any:
        found = []
        for step in steps:
            found.append(
                Metric(step=step, epoch=step / 4, values={"train_loss": loss, "learning_rate": 1e-4})
            )
            if step % 3 == 0:
                found.append(Metric(step=step, epoch=step / 4, values={"validation_loss": loss + step}))
        return record(run, found)

    assert jobs.resume(learn(range(1, 9), 1.0))
    learn(range(5, 8), 2.5)
    return run


def test_the_file_has_every_step_once_with_the_figures_that_count(resumed, client_for, viewer) -> None:
    response = client_for(viewer).get(reverse("training:file", args=[resumed.pk, "metrics.csv"]))
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert f"-1-{resumed.number}-metrics.csv" in response["Content-Disposition"]
    rows = rows_of(body(response))
    assert list(rows[0]) == ["step", "epoch", "time", "train_loss", "validation_loss", "learning_rate"]
    assert [int(row["step"]) for row in rows] == list(range(1, 8))
    assert [float(row["train_loss"]) for row in rows] == [1.0] * 4 + [2.5] * 3
    assert [row["validation_loss"] for row in rows] == ["", "", "4.0", "", "", "8.5", ""]


def test_the_page_and_the_api_send_the_same_file(resumed, client_for, owner) -> None:
    page = reverse("training:file", args=[resumed.pk, "metrics.csv"])
    assert page in client_for(owner).get(reverse("training:detail", args=[resumed.pk])).content.decode()
    caller = Caller(create_api_key(actor=owner, workspace=resumed.workspace, name="script")[1])
    sent = body(caller.get(f"runs/{resumed.pk}/files/metrics.csv/"))
    assert sent == body(client_for(owner).get(page))


def test_an_outsider_finds_no_file_and_no_other_name_is_one(resumed, client_for, owner, outsider) -> None:
    address = reverse("training:file", args=[resumed.pk, "metrics.csv"])
    assert client_for(outsider).get(address).status_code == 404
    for name in ("metrics.exe", "state.json", "metrics.csv.bak"):
        other = reverse("training:file", args=[resumed.pk, name])
        assert client_for(owner).get(other).status_code == 404, name


def test_a_run_without_figures_sends_the_header_alone(make_run, client_for, owner) -> None:
    response = client_for(owner).get(reverse("training:file", args=[make_run(done=False).pk, "metrics.csv"]))
    assert body(response).decode("utf-8-sig") == "step,epoch,time\r\n"


def test_tensorboard_reads_the_figures_of_the_csv_file(resumed, client_for, viewer, tmp_path) -> None:
    client, address = client_for(viewer), "training:file"
    response = client.get(reverse(address, args=[resumed.pk, "events.out.tfevents"]))
    assert "filename*=utf-8''events.out.tfevents." in response["Content-Disposition"]
    (tmp_path / "events.out.tfevents.1").write_bytes(body(response))
    read = read_scalars(tmp_path)
    rows = rows_of(body(client.get(reverse(address, args=[resumed.pk, "metrics.csv"]))))
    names = list(rows[0])[3:]
    assert read.keys() == set(names)
    for name in names:
        told = [(int(row["step"]), float(row[name])) for row in rows if row[name]]
        assert read[name] == [(step, pytest.approx(value)) for step, value in told]
