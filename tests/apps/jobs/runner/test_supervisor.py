"""Jobs end as they should, whatever their child does: real child processes, a real database, faults injected."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection, connections
from django.utils import timezone

from apps.core.storage import storage
from apps.jobs import accelerator_quota, pausing, reaper, services, stopping
from apps.jobs.models import Job, JobEvent
from apps.jobs.runner import supervisor
from apps.jobs.runner.supervisor import supervise
from apps.jobs.states import State
from apps.workspaces.models import Quota, UsageKind, UsageTotal
from tests.apps.jobs.runner.supervising import SECONDS_TO_WAIT, fresh, in_background, supervised, wait_until
from tests.fixtures.locked_database import locked_database
from tests.fixtures.registries import replace_kind
from workers.contracts.events import Log, parse_event
from workers.contracts.job_kinds import JOB_KINDS
from workers.contracts.job_kinds.run import RUN
from workers.contracts.recipes import Recipe
from workers.contracts.specs import JobSpec
from workers.shared import memory

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("fake_child")]


def test_a_finished_job_keeps_result_events_and_output(make_job, sent_tasks) -> None:
    job = make_job("finish")
    assert sent_tasks == [("jobs.run", str(job.pk), "gpu")]
    done = supervised(job)
    assert (done.state, done.result) == (State.SUCCEEDED, {"resumed_from": None, "steps": 3})
    assert [e.data["values"]["train_loss"] for e in done.events.filter(kind="metric")] == [1, 1 / 2, 1 / 3]
    assert [e.seq for e in done.events.all()] == list(range(1, done.events.count() + 1))
    assert storage().is_published(f"outputs/{job.pk}")
    assert storage().is_published(done.checkpoint_key), "a finished run can be continued"
    assert not list(Path(settings.WORK_DIR).glob(f"{job.pk}*"))


def test_a_second_delivery_does_nothing(make_job) -> None:
    job = make_job("finish")
    supervised(job)
    events = job.events.count()
    done = supervised(job)
    assert (done.attempt, job.events.count()) == (1, events)


def test_a_crash_is_ours_to_mend_and_shows_its_trace(make_job) -> None:
    done = supervised(make_job("crash"))
    assert done.state == State.ERRORED
    assert "the child fell over" in done.error_message
    assert "Traceback" in done.error_trace


def test_what_the_user_can_mend_is_failed_and_names_the_field(make_job) -> None:
    done = supervised(make_job("refuse"))
    assert (done.state, done.error_code, done.error_field) == (State.FAILED, "bad_column", "roles")
    assert done.error_message == "Choose another column."


def test_a_full_disk_says_what_to_do(make_job) -> None:
    done = supervised(make_job("disk_full"))
    assert (done.state, done.error_code) == (State.FAILED, "disk_full")
    assert "Delete" in done.error_message


def test_a_silent_death_keeps_the_last_words(make_job) -> None:
    done = supervised(make_job("exit"))
    assert (done.state, done.error_code) == (State.ERRORED, "died")
    assert "a last word" in done.error_trace


def test_garbage_is_logged_and_the_job_goes_on(make_job) -> None:
    done = supervised(make_job("garbage"))
    assert done.state == State.SUCCEEDED
    assert sum("Not an event" in e.data["text"]["text"] for e in done.events.filter(kind="log")) == 3


def test_a_killed_child_is_resumed_from_its_checkpoint(make_job, sent_tasks) -> None:
    job = make_job("die_once", steps=4)
    after = supervised(job)
    assert (after.state, after.resumes, after.checkpoint_step) == (State.QUEUED, 1, 2)
    assert sent_tasks == [("jobs.run", str(job.pk), "gpu")] * 2
    done = supervised(job)
    assert (done.state, done.attempt) == (State.SUCCEEDED, 2)
    assert done.result == {"resumed_from": 2, "steps": 4}


def test_the_figures_before_a_checkpoint_are_stored_before_it(make_job, monkeypatch) -> None:
    """A worker that is killed after it goes on from the checkpoint, and the child reports them no more."""
    stored: dict[int, list[int]] = {}
    record = services.record_checkpoint

    def look_and_record(job: Job, *, key: str, step: int) -> str | None:
        stored[step] = list(job.events.filter(kind="metric").values_list("step", flat=True))
        return record(job, key=key, step=step)

    monkeypatch.setattr(services, "record_checkpoint", look_and_record)
    supervised(make_job("finish"))
    assert stored == {step: list(range(1, step + 1)) for step in (1, 2, 3)}


def test_a_child_that_is_always_killed_ends_as_out_of_memory(make_job) -> None:
    job = make_job("die_always", steps=99)
    for _ in range(settings.JOB_MOST_RESUMES):
        assert supervised(job).state == State.QUEUED
    done = supervised(job)
    assert (done.state, done.error_code) == (State.FAILED, "out_of_memory")


def test_what_the_kernel_kills_for_want_of_memory_is_offered_a_smaller_batch(
    make_job, monkeypatch, tmp_path
) -> None:
    counter = tmp_path / "memory.events"
    counter.write_text("oom 2\noom_kill 0\n")
    monkeypatch.setattr(memory, "counters", lambda: [counter])
    job = make_job("out_of_memory")
    recipe = Recipe(tokens_per_microbatch=1024, max_length=256, batch_rows=32)
    Job.objects.filter(pk=job.pk).update(
        spec={**job.spec, "counter": str(counter), "recipe": recipe.model_dump(mode="json")}
    )
    done = supervised(job)
    assert (done.state, done.error_code, done.attempt) == (State.FAILED, "out_of_memory", 1)
    assert done.error_fix["recipe"] == {"tokens_per_microbatch": 512}
    assert "Train with 512 tokens per micro-batch. The result stays the same." in done.error_message


def test_the_kernel_counts_its_kills_here() -> None:
    assert memory.counters(), "neither control groups nor /proc/vmstat"
    assert memory.kills(memory.counters()) >= 0


@pytest.mark.parametrize("behaviour", ["wait_at_first", "hang"])
def test_pause_frees_the_worker_and_keeps_the_checkpoint(behaviour, make_job, owner, sent_tasks) -> None:
    job = make_job(behaviour)
    thread = in_background(job)
    wait_until(lambda: fresh(job).checkpoint_step == 3)
    pausing.pause(actor=owner, job=job)
    thread.join(SECONDS_TO_WAIT)
    after = fresh(job)
    assert (after.state, after.checkpoint_step, after.resumes, len(sent_tasks)) == (State.PAUSED, 3, 0, 1)
    assert storage().is_published(after.checkpoint_key)
    pausing.unpause(actor=owner, job=job)
    assert len(sent_tasks) == 2
    if behaviour == "wait_at_first":
        done = supervised(job)
        assert (done.state, done.result["resumed_from"]) == (State.SUCCEEDED, 3)


def test_a_crash_while_it_pauses_is_one(make_job, owner, monkeypatch) -> None:
    job = make_job("crash_on_pause")
    thread = in_background(job)
    wait_until(lambda: fresh(job).checkpoint_step == 3)
    pausing.pause(actor=owner, job=job)
    thread.join(SECONDS_TO_WAIT)
    after = fresh(job)
    assert (after.state, after.error_code) == (State.ERRORED, "died")
    assert "a last word" in after.error_trace


@pytest.mark.parametrize("behaviour", ["wait_for_stop", "hang"])
def test_stop_ends_a_child_that_listens_and_one_that_does_not(behaviour, make_job, owner) -> None:
    job = make_job(behaviour)
    thread = in_background(job)
    wait_until(lambda: fresh(job).checkpoint_step == 3)
    stopping.request_stop(actor=owner, job=job)
    assert fresh(job).state == State.STOPPING
    thread.join(SECONDS_TO_WAIT)
    assert fresh(job).state == State.CANCELLED


def test_a_stopped_child_may_finish_saving_what_the_stop_keeps(make_job, owner, settings) -> None:
    settings.JOB_STOP_GRACE_SECONDS = 0.3
    job = make_job("save_slowly")
    thread = in_background(job)
    wait_until(lambda: fresh(job).checkpoint_step == 3)
    stopping.request_stop(actor=owner, job=job)
    thread.join(SECONDS_TO_WAIT)
    assert fresh(job).state == State.SUCCEEDED


@pytest.mark.parametrize("has_checkpoint", [True, False])
def test_a_stopped_job_whose_worker_died_still_leaves_what_its_checkpoint_holds(
    make_job, owner, tmp_path, has_checkpoint
) -> None:
    job = services.claim(job_id=str(make_job("save_slowly").pk), worker="gone")
    if has_checkpoint:
        (tmp_path / "step").write_text("3")
        storage().publish(tmp_path, f"jobs/{job.pk}/checkpoint-1-3")
        services.record_checkpoint(job, key=f"jobs/{job.pk}/checkpoint-1-3", step=3)
    stopping.request_stop(actor=owner, job=job)
    silent_since = timezone.now() - timedelta(seconds=settings.JOB_LOST_AFTER_SECONDS + 60)
    Job.objects.filter(pk=job.pk).update(heartbeat_at=silent_since)
    reaper.reap()
    if has_checkpoint:
        done = supervised(job)
        assert (done.state, done.result) == (State.SUCCEEDED, {"resumed_from": 3, "steps": 3})
    else:
        assert fresh(job).state == State.CANCELLED


def test_a_run_that_used_up_the_hours_of_its_workspace_is_stopped_and_says_why(
    make_job, workspace, settings
) -> None:
    settings.JOB_HEARTBEAT_SECONDS = 0.2
    Quota.objects.create(workspace=workspace, accelerator_hours=3 / 3600)
    job = make_job("wait_for_stop")
    accelerator_quota.promise(job, source=("run", str(job.pk)), seconds=1)
    done = supervised(job)
    assert (done.state, done.stopped_for, done.checkpoint_step) == (State.CANCELLED, "hours", 3)
    total = UsageTotal.objects.get(kind=UsageKind.ACCELERATOR)
    assert total.reserved == 0
    assert total.used >= 3


def test_what_a_job_leaves_after_it_was_deleted_is_removed(make_job, monkeypatch) -> None:
    job, publish = make_job("finish"), storage().publish

    def publish_late(folder: Path, key: str) -> int:
        if key.startswith("outputs/"):
            Job.objects.filter(pk=job.pk).delete()
        return publish(folder, key)

    monkeypatch.setattr(storage(), "publish", publish_late)
    # In this thread, where the test's database is.
    monkeypatch.setattr(supervisor._Attempt, "_beating", lambda _self, work: work())
    supervise(str(job.pk))
    assert not storage().list(f"outputs/{job.pk}")


def test_a_queued_job_is_cancelled_at_once(make_job, owner) -> None:
    job = make_job("finish")
    stopping.request_stop(actor=owner, job=job)
    assert supervised(job).state == State.CANCELLED


def test_a_worker_that_is_told_to_end_gives_its_job_back(make_job) -> None:
    job = make_job("hang")
    thread = in_background(job)
    wait_until(lambda: fresh(job).checkpoint_step == 3)
    supervisor.worker_is_ending.set()
    try:
        thread.join(SECONDS_TO_WAIT)
    finally:
        supervisor.worker_is_ending.clear()
    after = fresh(job)
    assert (after.state, after.resumes, after.checkpoint_step) == (State.QUEUED, 0, 3)


def test_a_stopped_job_ends_when_its_worker_does(make_job, owner) -> None:
    job = make_job("finish")
    claimed = services.claim(job_id=str(job.pk), worker="w")
    assert claimed is not None
    stopping.request_stop(actor=owner, job=job)
    services.release(claimed)
    assert fresh(job).state == State.CANCELLED


def test_slow_storage_does_not_silence_a_job(make_job, monkeypatch, settings) -> None:
    settings.JOB_HEARTBEAT_SECONDS = 0.05
    beats: list[bool] = []
    beat, publish = services.heartbeat, storage().publish

    def publish_slowly(folder: Path, key: str) -> int:
        if key.startswith("outputs/"):
            before = len(beats)
            wait_until(lambda: len(beats) > before + 1)
        return publish(folder, key)

    monkeypatch.setattr(services, "heartbeat", lambda job: beats.append(True) or beat(job))
    monkeypatch.setattr(storage(), "publish", publish_slowly)
    assert supervised(make_job("finish")).state == State.SUCCEEDED


@pytest.mark.parametrize(("shares_output", "left"), [(True, b"first"), (False, b"done")])
def test_an_output_that_several_jobs_share_is_the_first_ones(
    shares_output, left, make_job, monkeypatch, tmp_path
) -> None:
    fake = replace(JOB_KINDS[RUN.name], shares_output=shares_output)
    replace_kind(monkeypatch, JOB_KINDS, fake)
    job = make_job("finish")
    (tmp_path / "result.txt").write_text("first")
    storage().publish(tmp_path, f"outputs/{job.pk}")
    assert supervised(job).state == State.SUCCEEDED
    assert storage().open(f"outputs/{job.pk}/result.txt").read() == left


def test_a_checkpoint_written_again_is_kept(make_job) -> None:
    claimed = services.claim(job_id=str(make_job("finish").pk), worker="w")
    assert claimed is not None
    assert services.record_checkpoint(claimed, key="jobs/a", step=1) is None
    assert services.record_checkpoint(claimed, key="jobs/a", step=1) is None
    assert services.record_checkpoint(claimed, key="jobs/b", step=2) == "jobs/a"


def test_a_nul_is_stored_as_something_that_every_database_takes(make_job) -> None:
    claimed = services.claim(job_id=str(make_job("finish").pk), worker="w")
    assert claimed is not None
    said = Log(text="a\0b \\u0000 \\\0c")
    assert services.record_events(claimed, [parse_event(said.model_dump_json())])
    assert JobEvent.objects.get(job=claimed).data["text"]["text"] == "a\ufffdb \\u0000 \\\ufffdc"


def test_a_silent_job_is_reaped_resumed_and_its_old_attempt_refused(make_job, sent_tasks) -> None:
    job = make_job("hang")
    thread = in_background(job)
    wait_until(lambda: fresh(job).checkpoint_step == 3)
    old = fresh(job)
    long_ago = timezone.now() - timedelta(seconds=settings.JOB_LOST_AFTER_SECONDS + 60)
    Job.objects.filter(pk=job.pk).update(heartbeat_at=long_ago)
    # The supervisor is alive here and would beat again; this is what it finds when it was only slow.
    if reaper.reap()["resumed"] == 0:
        Job.objects.filter(pk=job.pk).update(heartbeat_at=long_ago)
        reaper.reap()
    thread.join(SECONDS_TO_WAIT)
    assert not thread.is_alive(), "an attempt that is no longer current ends by itself"
    assert fresh(job).state == State.QUEUED
    assert services.record_events(old, []) is False
    services.finish(old, result={"resumed_from": None, "steps": 3})
    assert fresh(job).state == State.QUEUED


def test_a_job_that_goes_silent_too_often_is_lost_and_can_be_resumed(make_job, owner) -> None:
    job = make_job("finish")
    for expected in [State.QUEUED] * settings.JOB_MOST_RESUMES + [State.LOST]:
        assert services.claim(job_id=str(job.pk), worker="w") is not None
        Job.objects.filter(pk=job.pk).update(heartbeat_at=timezone.now() - timedelta(hours=1))
        reaper.reap()
        assert fresh(job).state == expected
    services.retry(actor=owner, job=job)
    assert supervised(job).state == State.SUCCEEDED


def test_a_lost_message_is_sent_again(make_job, sent_tasks) -> None:
    job = make_job("finish")
    assert reaper.reap()["sent"] == 0
    Job.objects.filter(pk=job.pk).update(sent_at=timezone.now() - timedelta(hours=1))
    assert reaper.reap()["sent"] == 1
    assert sent_tasks[-1] == ("jobs.run", str(job.pk), "gpu")


def test_a_broker_that_is_down_loses_no_job(make_job, monkeypatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise ConnectionError("no broker")

    monkeypatch.setattr(services.celery_app, "send_task", refuse)
    job = make_job("finish")
    assert (fresh(job).state, fresh(job).sent_at) == (State.QUEUED, None)
    Job.objects.filter(pk=job.pk).update(created_at=timezone.now() - timedelta(hours=1))
    assert reaper.reap()["sent"] == 1


def test_a_child_ends_when_its_supervisor_is_killed(make_job, tmp_path) -> None:
    """The child's standard input closes with the supervisor, even after kill -9."""
    (tmp_path / "out").mkdir()
    spec = {"work": str(tmp_path), "behaviour": "hang", "steps": 1}
    (tmp_path / "spec.json").write_text(json.dumps(spec))
    read, write = os.pipe()
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.apps.jobs.runner.fake_child", str(tmp_path / "spec.json")],
        stdin=subprocess.PIPE,
        pass_fds=(write,),
        env={**os.environ, "MAQUETTE_EVENTS_FD": str(write)},
    )
    os.close(write)
    assert os.read(read, 100)
    assert child.stdin is not None
    child.stdin.close()
    assert child.wait(timeout=SECONDS_TO_WAIT) < 0
    os.close(read)


def test_an_input_that_is_gone_is_an_error_and_not_a_hang(make_job) -> None:
    job = make_job("finish")
    Job.objects.filter(pk=job.pk).update(spec={**job.spec, "inputs": {"data": "datasets/none"}})
    done = supervised(job)
    assert (done.state, done.error_code) == (State.ERRORED, "storage")


def test_specs_carry_no_unknown_fields() -> None:
    with pytest.raises(ValueError, match="extra"):
        JobSpec.model_validate({"surprise": 1})


@pytest.fixture
def impatient() -> Iterator[None]:
    """Every new connection waits half a second for SQLite's lock instead of twenty."""
    options = connection.settings_dict["OPTIONS"]
    before = options.get("init_command")
    if connection.vendor == "sqlite":
        options["init_command"] = "PRAGMA busy_timeout=500;"
        connections.close_all()
    yield
    if connection.vendor == "sqlite":
        options["init_command"] = before
        connections.close_all()


def test_a_locked_database_costs_a_job_neither_its_attempt_nor_its_events(make_job, impatient) -> None:
    job = make_job("slow", steps=12)
    thread = in_background(job)
    wait_until(lambda: fresh(job).state == State.RUNNING)
    with locked_database():
        time.sleep(4)
    thread.join(SECONDS_TO_WAIT)
    ended = fresh(job)
    assert (ended.state, ended.attempt, ended.resumes) == (State.SUCCEEDED, 1, 0)
    steps = JobEvent.objects.filter(job=job, kind="metric").order_by("seq").values_list("step", flat=True)
    assert list(steps) == list(range(1, 13))


def test_a_result_waits_for_a_locked_database(make_job, impatient) -> None:
    job = make_job("slow", steps=3)
    thread = in_background(job)
    wait_until(lambda: fresh(job).state == State.RUNNING)
    with locked_database():
        time.sleep(4)
        assert thread.is_alive()
    thread.join(SECONDS_TO_WAIT)
    assert fresh(job).state == State.SUCCEEDED
    assert fresh(job).result == {"resumed_from": None, "steps": 3}


def test_the_reaper_takes_no_job_right_after_an_outage(make_job, monkeypatch) -> None:
    claimed = services.claim(job_id=str(make_job("hang").pk), worker="w")
    long_ago = timezone.now() - timedelta(seconds=settings.JOB_LOST_AFTER_SECONDS + 60)
    Job.objects.filter(pk=claimed.pk).update(heartbeat_at=long_ago)
    outage = reaper.Outage()
    outage.note()
    monkeypatch.setattr(reaper, "_outage", outage)
    assert reaper.reap()["resumed"] == 0
    monkeypatch.setattr(outage, "noticed_at", time.monotonic() - settings.JOB_LOST_AFTER_SECONDS)
    assert reaper.reap()["resumed"] == 1
