"""A run that has ended is continued by a follow-up from its last checkpoint."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone

from apps.catalog.services import delete_version_files
from apps.core.errors import NotVisible, UserError
from apps.core.storage import storage
from apps.jobs import services as jobs
from apps.jobs.models import Job
from apps.jobs.reaper import drop_old_checkpoints
from apps.training.continuation import More, continue_run
from apps.training.models import Run
from apps.workspaces.models import AuditEntry
from workers.contracts.recipes import Recipe

pytestmark = pytest.mark.django_db


@pytest.fixture
def ended(make_run) -> Run:
    """Nine steps in three epochs and four seconds, of twelve planned ones; its checkpoint is there."""
    run = make_run(max_minutes=1.0)
    key = f"jobs/{run.job_id}/checkpoint-1-9"
    storage().write(f"{key}/state.json", iter([b"{}"]))
    Job.objects.filter(pk=run.job_id).update(checkpoint_key=key, checkpoint_step=9)
    run.result |= {"planned_steps": 12, "stopped": "time"}
    run.save()
    return Run.objects.select_related("job").get(pk=run.pk)


def test_the_follow_up_begins_with_the_checkpoint_and_plans_from_there(ended, owner) -> None:
    more = continue_run(actor=owner, run=ended, more=More(epochs=2))
    spec = more.job.spec
    assert spec["inputs"]["checkpoint"] == ended.job.checkpoint_key
    assert (spec["continues"], more.continues) == (str(ended.job_id), ended)
    recipe = Recipe.model_validate(more.recipe)
    assert (recipe.epochs, recipe.max_minutes, recipe.max_steps) == (5, None, None)
    assert more.planned_steps == 15
    assert more.model_version != ended.model_version
    assert more.model_version.parent == ended.base_version
    assert AuditEntry.objects.get(action="run.continued").object_id == str(more.pk)
    assert continue_run(actor=owner, run=ended, more=More(epochs=2)) == more, "pressed twice"


def test_more_minutes_are_its_own_limit_with_steps_to_spare(ended, owner) -> None:
    recipe = Recipe.model_validate(continue_run(actor=owner, run=ended, more=More(minutes=10)).recipe)
    assert recipe.max_minutes == 10
    assert recipe.epochs > 3 + 10 * 60 / (4 / 3)


@pytest.mark.parametrize("more", [More(), More(epochs=1, minutes=1), More(epochs=-1), More(epochs=5000)])
def test_nonsense_is_refused_at_its_field(ended, owner, more) -> None:
    with pytest.raises(UserError) as refused:
        continue_run(actor=owner, run=ended, more=more)
    assert refused.value.field == "amount"


def test_without_its_checkpoint_a_run_cannot_be_continued(ended, owner, make_run) -> None:
    with pytest.raises(UserError, match="checkpoint"):
        continue_run(actor=owner, run=make_run(length="quick"), more=More(epochs=1))
    more = continue_run(actor=owner, run=ended, more=More(epochs=1))
    Job.objects.filter(pk=more.job_id).update(state="cancelled")
    Job.objects.filter(pk=ended.job_id).update(checkpoint_key="")
    more.job.refresh_from_db()
    with pytest.raises(UserError, match="no longer exists"):
        jobs.retry(actor=owner, job=more.job)


def test_who_may_not(ended, viewer, outsider) -> None:
    for user, error in ((viewer, PermissionDenied), (outsider, NotVisible)):
        with pytest.raises(error):
            continue_run(actor=user, run=ended, more=More(epochs=1))


def test_upkeep_leaves_a_checkpoint_that_a_waiting_run_begins_with(ended, owner, settings) -> None:
    settings.CHECKPOINT_DAYS = 7
    Job.objects.filter(pk=ended.job_id).update(ended_at=timezone.now() - timedelta(days=8))
    more = continue_run(actor=owner, run=ended, more=More(epochs=1))
    assert drop_old_checkpoints() == 0
    Job.objects.filter(pk=more.job_id).update(state="cancelled")
    assert drop_old_checkpoints() == 1


def test_deleting_the_model_frees_its_checkpoint(ended, owner) -> None:
    delete_version_files(actor=owner, version=ended.model_version)
    assert Job.objects.get(pk=ended.job_id).checkpoint_key == ""


def test_the_page_offers_the_rest_of_the_plan(ended, owner, client_for) -> None:
    client = client_for(owner)
    html = client.get(reverse("training:detail", args=[ended.pk])).content.decode()
    assert "Planned steps left: 3." in html
    assert "The time limit ended the run after step 9 of 12 (75.0 %)." in html
    response = client.post(
        reverse("training:continue", args=[ended.pk]), {"amount": "1.5", "unit": "minutes"}
    )
    more = Run.objects.get(continues=ended)
    assert response["Location"] == reverse("training:detail", args=[more.pk])
    assert more.recipe["max_minutes"] == 1.5
    page = client.get(response["Location"]).content.decode()
    assert ended.name in page
    assert "Continues" in page
    assert client.post(reverse("training:continue", args=[ended.pk]), {"amount": ""}).status_code == 400


def test_a_run_keeps_its_checkpoint_after_success(make_run, owner) -> None:
    run = make_run(done=False)
    claimed = jobs.claim(job_id=str(run.job_id), worker="w")
    key = f"jobs/{run.job_id}/checkpoint-1-9"
    storage().write(f"{key}/state.json", iter([b"{}"]))
    jobs.record_checkpoint(claimed, key=key, step=9)
    jobs.fail(claimed, _failure())
    other = make_run(length="quick")
    Job.objects.filter(pk=other.job_id).update(checkpoint_key=key)
    jobs._after_end(Job.objects.get(pk=other.job_id))
    assert Job.objects.get(pk=other.job_id).checkpoint_key == key


def _failure():
    from workers.contracts.events import Failed

    return Failed(code="x", message="no")
