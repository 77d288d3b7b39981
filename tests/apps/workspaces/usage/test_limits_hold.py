"""Limits where they are felt: uploading, starting a run, an answer in an app."""

import threading
import time
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.db import connection, transaction
from django.utils import timezone

from apps.core.storage import storage
from apps.datasets import services as datasets
from apps.datasets.models import Import
from apps.evaluation import services as evaluation
from apps.jobs import reaper
from apps.jobs import services as jobs
from apps.jobs.models import Job
from apps.publishing.entrance import by_link
from apps.publishing.services import replies
from apps.publishing.streamer import store
from apps.publishing.streamer.outcome import Outcome
from apps.training import services as training
from apps.training.models import Run
from apps.workspaces import usage
from apps.workspaces.models import AuditEntry, UsageEntry, UsageKind, UsageTotal
from apps.workspaces.usage import OverQuota
from tests.apps.conftest import model_files, run_result
from tests.apps.workspaces.usage.test_ledger import at_once, limit, parallel, somebody_waits_for_a_lock, used
from tests.fixtures.patience import PATIENCE_SECONDS
from workers.contracts.recipes import Recipe
from workers.contracts.verdicts import PlanProgress, Verdict, VerdictCode

pytestmark = pytest.mark.django_db

FILE = b"question,answer\n" + b"a,b\n" * 21


def upload(owner: Any, workspace: Any) -> Import:
    return datasets.start_import(actor=owner, workspace=workspace, filename="a.csv", chunks=[FILE])


def test_an_upload_counts_until_it_is_thrown_away(owner, workspace) -> None:
    limit(workspace, storage_gb=len(FILE) / 10**9)
    before = set(storage().list("imports"))
    first = upload(owner, workspace)
    assert used(workspace, UsageKind.STORAGE) == len(FILE)
    with pytest.raises(OverQuota) as refused:
        upload(owner, workspace)
    assert refused.value.field == "file"
    assert Import.objects.get() == first
    assert set(storage().list("imports")) - before == {first.source_key}
    datasets.discard_import(actor=owner, import_=first)
    assert used(workspace, UsageKind.STORAGE) == 0
    upload(owner, workspace)


def test_a_refused_upload_is_said_at_the_file(client_for, owner, workspace) -> None:
    limit(workspace, storage_gb=0.0)
    response = client_for(owner).post("/data/new/", {"text": "a,b\n1,2\n"})
    assert response.status_code == 422
    assert "storage of this workspace is full" in response.content.decode()
    part = client_for(owner).post(
        f"/data/uploads/{datasets.new_upload_id()}/0/", b"x", content_type="application/octet-stream"
    )
    assert (part.status_code, part.json()["code"]) == (400, "quota_exceeded")


@pytest.mark.django_db(transaction=True)
@parallel
def test_of_many_uploads_at_once_those_that_fit_stay(owner, workspace) -> None:
    limit(workspace, storage_gb=3 * len(FILE) / 10**9)
    before = set(storage().list("imports"))
    assert at_once(lambda _: upload(owner, workspace)) == 3
    assert Import.objects.count() == 3
    assert set(storage().list("imports")) - before == set(Import.objects.values_list("source_key", flat=True))
    assert used(workspace, UsageKind.STORAGE) == 3 * len(FILE)


def test_a_model_counts_until_its_files_go(owner, workspace, make_run) -> None:
    from apps.catalog.services import delete_version_files

    before = used(workspace, UsageKind.STORAGE)
    run = make_run()
    model = run.model_version
    assert used(workspace, UsageKind.STORAGE) >= before + model.bytes > before
    with_model = used(workspace, UsageKind.STORAGE)
    delete_version_files(actor=owner, version=model)
    assert used(workspace, UsageKind.STORAGE) == with_model - model.bytes


def test_a_run_takes_a_place_and_hours_and_gives_back_what_it_did_not_need(
    owner, workspace, make_preflight, succeed
) -> None:
    limit(workspace, runs=1, accelerator_hours=1.0)
    first, second = make_preflight(), make_preflight(epochs=2)
    run = training.start_run(actor=owner, preflight=first)
    total = UsageTotal.objects.get(kind=UsageKind.ACCELERATOR)
    assert (total.used, total.reserved) == (0, 4)
    with pytest.raises(OverQuota) as refused:
        training.start_run(actor=owner, preflight=second)
    assert refused.value.kind == UsageKind.RUNS
    claimed = jobs.claim(job_id=str(run.job_id), worker="w")
    Job.objects.filter(pk=run.job_id).update(attempt_started_at=timezone.now() - timedelta(seconds=100))
    jobs.end_cancelled(claimed)
    total.refresh_from_db()
    assert total.reserved == 0
    assert 100 <= total.used <= 102
    assert UsageEntry.objects.get(kind=UsageKind.ACCELERATOR).object_id == str(run.pk)
    limit(workspace, runs=1, accelerator_hours=103 / 3600)
    with pytest.raises(OverQuota) as refused:
        training.start_run(actor=owner, preflight=second)
    assert refused.value.kind == UsageKind.ACCELERATOR
    with pytest.raises(OverQuota):
        jobs.retry(actor=owner, job=Job.objects.get(pk=run.job_id))
    limit(workspace, runs=1, accelerator_hours=1.0)
    jobs.retry(actor=owner, job=Job.objects.get(pk=run.job_id))
    total.refresh_from_db()
    assert total.reserved == 4


def at_work_for(run: Run, claimed: Job, seconds: int) -> Job:
    """The row after a heartbeat that the attempt sends after so many seconds."""
    claimed.attempt_started_at = timezone.now() - timedelta(seconds=seconds)
    Job.objects.filter(pk=claimed.pk).update(attempt_started_at=claimed.attempt_started_at)
    assert jobs.heartbeat(claimed)
    return Job.objects.get(pk=run.job_id)


def test_a_run_that_takes_longer_than_promised_goes_on_while_there_are_hours(
    client_for, owner, workspace, make_preflight
) -> None:
    limit(workspace, accelerator_hours=100 / 3600)
    run = training.start_run(actor=owner, preflight=make_preflight())
    claimed = jobs.claim(job_id=str(run.job_id), worker="w")
    total = UsageTotal.objects.get(kind=UsageKind.ACCELERATOR)
    for seconds, reserved in ((3, 4), (9, 70), (65, 70), (75, 100), (99, 100)):
        assert at_work_for(run, claimed, seconds).stop_requested_at is None, seconds
        total.refresh_from_db()
        assert total.reserved == reserved, "what it took beyond its promise is no longer free for others"
    with pytest.raises(OverQuota):
        training.start_run(actor=owner, preflight=make_preflight(epochs=2))
    stopped = at_work_for(run, claimed, 102)
    assert (stopped.state, stopped.stopped_for) == ("stopping", "hours")
    page = client_for(owner).get(f"/runs/{run.pk}/").content.decode()
    assert "has used up its training hours for this month" in page
    entry = AuditEntry.objects.get(action="job.stopped")
    assert (entry.actor, entry.changes) == (None, {"kind": "run", "reason": "hours"})
    jobs.end_cancelled(claimed)
    total.refresh_from_db()
    assert total.reserved == 0
    assert total.used >= 100


def test_a_run_without_a_limit_is_never_stopped(owner, workspace, make_preflight) -> None:
    run = training.start_run(actor=owner, preflight=make_preflight())
    claimed = jobs.claim(job_id=str(run.job_id), worker="w")
    assert at_work_for(run, claimed, 10**6).stop_requested_at is None


def test_what_a_run_stopped_for_hours_left_is_kept_and_its_page_says_why(
    client_for, owner, workspace, make_run, tmp_path
) -> None:
    run = make_run(done=False)
    limit(workspace, accelerator_hours=0.0)
    claimed = jobs.claim(job_id=str(run.job_id), worker="w")
    assert at_work_for(run, claimed, 60).stopped_for == "hours"
    for name, content in model_files(run.dataset_version, trained=True).items():
        (tmp_path / name).write_bytes(content)
    storage().publish(tmp_path, run.job.spec["output"])
    result = run_result(Recipe()).model_copy(
        update={
            "stopped": "user",
            "verdict": Verdict(
                code=VerdictCode.LEARNED,
                parameters={"loss": 2.0, "base_loss": 6.0},
                plan=PlanProgress(steps=9, planned_steps=12, ending="user"),
            ),
        }
    )
    jobs.finish(claimed, result=result.model_dump(mode="json"))
    run.refresh_from_db()
    assert run.result["stopped"] == "hours"
    page = client_for(owner).get(f"/runs/{run.pk}/").content.decode()
    said = "after step 9 of 12 (75.0 %), because the training hours of the workspace were used up."
    assert page.count(said) == 1
    Job.objects.filter(pk=run.job_id).update(state="failed")
    limit(workspace, is_unlimited=True)
    jobs.retry(actor=owner, job=Job.objects.get(pk=run.job_id))
    assert Job.objects.get(pk=run.job_id).stopped_for == ""


def test_what_is_nearly_used_up_is_said_where_it_is_taken(
    client_for, editor, viewer, workspace, make_preflight, app
) -> None:
    """To those who do not manage: who manages reads it on every page."""
    found = make_preflight()
    pages = {
        "hours": (f"/runs/preflights/{found.pk}/", f"/runs/new/?data={found.dataset_version_id}"),
        "storage": ("/data/new/",),
        "tokens": (f"/apps/{app.pk}/",),
    }
    limit(workspace, accelerator_hours=1.0, storage_gb=1.0, tokens_per_day=1000)
    client = client_for(editor)

    def warned() -> set[str]:
        return {
            kind
            for kind, found in pages.items()
            if all("View usage" in client.get(page).content.decode() for page in found)
        }

    assert warned() == set()
    assert "1.00 h left this month" in client.get(pages["hours"][0]).content.decode()
    usage.reserve(workspace=workspace, kind=UsageKind.ACCELERATOR, amount=2900, key="r", source=("run", "1"))
    assert warned() == {"hours"}
    assert "0.19 h left this month" in client.get(pages["hours"][0]).content.decode()
    usage.set_stored(workspace=workspace, source=("import", "1"), amount=8 * 10**8)
    usage.reserve(workspace=workspace, kind=UsageKind.TOKENS, amount=800, key="t", source=("app", "1"))
    assert warned() == set(pages)
    assert "View usage" not in client.get("/").content.decode()


@pytest.mark.django_db(transaction=True)
@parallel
def test_of_many_runs_started_at_once_those_that_may_wait(owner, workspace, tickets, make_preflight) -> None:
    limit(workspace, runs=2)
    ready = [make_preflight(epochs=n) for n in range(1, 6)]
    assert at_once(lambda n: training.start_run(actor=owner, preflight=ready[n]), len(ready)) == 2
    assert Run.objects.count() == 2


@pytest.mark.django_db(transaction=True)
@parallel
def test_who_tries_a_job_again_waits_for_the_workspace_before_taking_the_job(
    owner, workspace, new_job
) -> None:
    """Whoever deletes the workspace holds it and stops its jobs: the other way round would be a deadlock."""
    job = new_job("import", "failed")

    def again() -> None:
        try:
            jobs.retry(actor=owner, job=job)
        finally:
            connection.close()

    with transaction.atomic():
        usage.lock_workspace(workspace.pk)
        other = threading.Thread(target=again)
        other.start()
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not somebody_waits_for_a_lock():
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert Job.objects.select_for_update(nowait=True).get(pk=job.pk).state == "failed"
    other.join(timeout=PATIENCE_SECONDS)
    assert Job.objects.get(pk=job.pk).state == "queued"


def test_a_checkpoint_counts_while_it_is_kept(owner, workspace, make_run) -> None:
    run = make_run(done=False)
    claimed = jobs.claim(job_id=str(run.job_id), worker="w")
    before = used(workspace, UsageKind.STORAGE)
    storage().write("jobs/1/checkpoint", iter([b"x" * 70]))
    jobs.record_checkpoint(claimed, key="jobs/1/checkpoint", step=3)
    assert used(workspace, UsageKind.STORAGE) == before + 70
    jobs.end_cancelled(claimed)
    assert used(workspace, UsageKind.STORAGE) == before + 70
    Job.objects.filter(pk=run.job_id).update(ended_at=timezone.now() - timedelta(days=60))
    assert reaper.drop_old_checkpoints() == 1
    assert used(workspace, UsageKind.STORAGE) == before


def test_what_evaluations_keep_counts_until_it_is_deleted(owner, workspace, make_evaluation) -> None:
    before = used(workspace, UsageKind.STORAGE)
    first, second = make_evaluation(None), make_evaluation(None, max_rows=5)
    size = sum(storage().size(made.storage_key) for made in (first, second))
    assert size > 0
    assert used(workspace, UsageKind.STORAGE) == before + size
    for made in (first, second):
        evaluation.delete_evaluation(actor=owner, evaluation=made)
    assert used(workspace, UsageKind.STORAGE) == before


@pytest.mark.django_db(transaction=True)
def test_an_answer_counts_what_was_read_and_written(entrance) -> None:
    turn = replies.ask(entrance=entrance, text="Hello there")
    reserved = UsageTotal.objects.get(kind=UsageKind.TOKENS)
    assert (reserved.used, reserved.reserved) == (0, 4 + 256)
    outcome = Outcome(state="done", text="Hi", prompt_tokens=7, output_tokens=5)
    for _ in range(2):
        async_to_sync(store.finish)(str(turn.answer.pk), outcome)
    total = UsageTotal.objects.get(kind=UsageKind.TOKENS)
    assert (total.used, total.reserved) == (12, 0)


def test_a_day_without_tokens_left_is_said_to_the_visitor(client_for, link, workspace, app) -> None:
    limit(workspace, tokens_per_day=300)
    address = f"/a/{link[1]}/act/"
    client = client_for(None)
    client.get(f"/a/{link[1]}/")
    headers = {"accept": "application/json"}

    def ask() -> Any:
        return client.post(
            address, {"type": "ask", "text": "Hello"}, content_type="application/json", headers=headers
        )

    assert ask().status_code == 200
    refused = ask()
    assert refused.status_code == 429
    assert refused.json()["code"] == "quota_exceeded"
    assert "used up" in refused.json()["text"]


@pytest.mark.django_db(transaction=True)
@parallel
def test_of_many_questions_at_once_those_that_fit_are_asked(link, workspace, app) -> None:
    limit(workspace, tokens_per_day=3 * 258)

    def ask(n: int) -> None:
        replies.ask(entrance=by_link(link[1], f"visitor-{n}"), text="Hello")

    assert at_once(ask) == 3
    assert UsageTotal.objects.get(kind=UsageKind.TOKENS).reserved == 3 * 258


def test_the_openai_api_refuses_with_429(app, owner, workspace) -> None:
    from apps.api.openai.access import Caller
    from apps.api.openai.errors import ApiError
    from apps.api.openai.metering import Meter
    from apps.serving.client import Done
    from apps.workspaces.access.api_keys import create_api_key

    key, _ = create_api_key(actor=owner, workspace=workspace, name="k", app=app)
    limit(workspace, tokens_per_day=10)

    @async_to_sync
    async def enter(most_tokens: int) -> None:
        async with Meter(Caller(key, app), "Hello", most_tokens) as meter:
            meter.hear(Done("stop", 3, 2))

    with pytest.raises(ApiError) as refused:
        enter(100)
    assert refused.value.status == 429
    assert refused.value.code == "quota_exceeded"
    assert refused.value.response()["Retry-After"]
    enter(8)
    total = UsageTotal.objects.get(kind=UsageKind.TOKENS)
    assert (total.used, total.reserved) == (5, 0)
