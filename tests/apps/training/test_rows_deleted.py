"""Rows can be deleted whatever was made from them; where a model comes from is still said."""

import pytest
from django.urls import reverse

from apps.core.errors import UserError
from apps.core.storage import storage
from apps.datasets.models import Dataset
from apps.datasets.services import delete_dataset
from apps.evaluation.services import evaluate
from apps.jobs import services as jobs
from apps.training.bases import find_choice
from apps.training.models import Run
from apps.training.services import request_preflight
from apps.workspaces.models import AuditEntry, UsageKind, UsageTotal
from workers.contracts.recipes import Length, Recipe

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(make_run) -> Run:
    return make_run()


@pytest.fixture
def deleted(owner, run, django_capture_on_commit_callbacks):
    """The version that a run was trained on, its rows deleted."""
    version = run.dataset_version
    source = version.source
    source.source_key, source.result = f"imports/{source.pk}/source", {"columns": []}
    source.save()
    storage().write(source.source_key, iter([b"text,label\n"]))
    with django_capture_on_commit_callbacks(execute=True):
        assert delete_dataset(actor=owner, dataset=version.dataset) is False
    return type(version).objects.select_related("dataset", "source", "workspace").get(pk=version.pk)


def test_files_and_samples_go_and_what_was_made_stays(run, deleted):
    assert not storage().exists(deleted.storage_key)
    assert not storage().exists(deleted.source.source_key)
    assert (deleted.is_ready, deleted.bytes, deleted.source.source_bytes) == (False, 0, 0)
    assert deleted.source.result is None
    assert deleted.source.job.result is None
    assert deleted.dataset.archived_at is not None
    run.refresh_from_db()
    assert run.model_version.is_ready
    assert run.dataset_version == deleted
    assert AuditEntry.objects.filter(action="dataset.files_deleted").count() == 1


def test_storage_counts_no_deleted_rows(deleted):
    total = UsageTotal.objects.get(workspace=deleted.workspace, kind=UsageKind.STORAGE)
    assert total.used == sum(model.bytes for model in deleted.model_versions.all())


def test_nothing_starts_on_rows_that_were_deleted(owner, run, deleted):
    with pytest.raises(UserError, match="were deleted"):
        evaluate(actor=owner, dataset_version=deleted, model_version=run.model_version)
    base = find_choice(owner, deleted, f"version:{run.model_version_id}")
    with pytest.raises(UserError, match="were deleted"):
        request_preflight(
            actor=owner, dataset_version=deleted, base=base, length=Length.QUICK, recipe=Recipe(epochs=3)
        )


def test_a_run_whose_rows_were_deleted_is_not_tried_again(owner, make_run, run, deleted):
    run.job.state = "errored"
    run.job.save()
    with pytest.raises(UserError, match="were deleted"):
        jobs.retry(actor=owner, job=run.job)


def test_rows_that_a_run_is_waiting_for_are_kept(owner, make_run):
    waiting = make_run(done=False)
    with pytest.raises(UserError, match="using this data"):
        delete_dataset(actor=owner, dataset=waiting.dataset_version.dataset)
    assert waiting.dataset_version.is_ready


def test_what_nothing_rests_on_is_gone(owner, make_data):
    dataset = make_data().dataset
    assert delete_dataset(actor=owner, dataset=dataset) is True
    assert not Dataset.objects.filter(pk=dataset.pk).exists()


def test_deleting_once_more_changes_nothing(owner, deleted):
    assert delete_dataset(actor=owner, dataset=deleted.dataset) is False
    deleted.refresh_from_db()
    assert not deleted.is_ready


def test_pages_say_what_was_deleted_and_lead_to_what_stays(client_for, owner, run, deleted):
    client = client_for(owner)
    page = client.get(deleted.get_absolute_url()).content.decode()
    assert "The rows of this data were deleted" in page
    assert run.model_version.name in page
    assert reverse("datasets:delete", args=[deleted.dataset_id]) not in page, (
        "there is nothing left to delete"
    )
    assert client.get(deleted.get_absolute_url(), headers={"HX-Request": "true"}).status_code == 200
    assert "were deleted" in client.get(reverse("datasets:import", args=[deleted.source_id])).content.decode()
    assert client.get(reverse("datasets:source", args=[deleted.source_id])).status_code == 404
    assert client.get(reverse("datasets:version_file", args=[deleted.pk, "kept.csv"])).status_code == 404
    assert deleted.dataset.name in client.get(reverse("training:detail", args=[run.pk])).content.decode()
    listed = client.get(reverse("datasets:list"), {"archived": 1}).content.decode()
    assert "Rows deleted" in listed
    assert "Ready" not in listed
    wizard = client.get(reverse("training:new"), {"data": deleted.pk}).content.decode()
    assert "Choose other data" in wizard


def test_the_page_deletes_and_says_what_stays(client_for, owner, run):
    dataset = run.dataset_version.dataset
    answer = client_for(owner).post(reverse("datasets:delete", args=[dataset.pk]), follow=True)
    assert answer.status_code == 200
    assert "Everything made from them is kept" in answer.content.decode()
