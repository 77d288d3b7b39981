"""Who may call: live keys of the workspace, within their maker's role, and people who are signed in."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from apps.datasets.models import Import
from apps.jobs.models import Job
from apps.workspaces.models import ApiKey, Membership
from tests.apps.api.conftest import ROOT, Caller, error_of

pytestmark = pytest.mark.django_db
TEXT = {"text": "text,label\na,b\n", "filename": "t.csv"}


def test_a_key_opens_its_workspace_and_its_use_is_noted(caller, tickets) -> None:
    answer = caller.get("datasets/").json()
    assert [row["name"] for row in answer["results"]] == [tickets.dataset.name]
    used = ApiKey.objects.get().last_used_at
    assert timezone.now() - used < timedelta(minutes=1)
    caller.get("datasets/")
    assert ApiKey.objects.get().last_used_at == used, "not written at every call"


def test_no_key_is_401_and_says_which_scheme(db) -> None:
    response = Caller(None).get("datasets/")
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == "Bearer"
    assert error_of(response)[0] == "not_authenticated"


@pytest.mark.parametrize("secret", ["", "mq-nonsense", "ü", "a b"])
def test_a_key_that_is_none_is_refused(db, secret) -> None:
    response = Caller(secret).get("datasets/")
    assert response.status_code == 401
    assert error_of(response)[0] == "authentication_failed"


def test_keys_that_are_no_longer_live_are_refused(key_of, editor, make_app) -> None:
    revoked, expired, of_gone = key_of(editor), key_of(editor), key_of(editor)
    for_app = key_of(editor, app=make_app())
    keys = list(ApiKey.objects.order_by("created_at"))
    ApiKey.objects.filter(pk=keys[0].pk).update(revoked_at=timezone.now())
    ApiKey.objects.filter(pk=keys[1].pk).update(expires_at=timezone.now())
    ApiKey.objects.filter(pk=keys[2].pk).update(created_by=None)
    for secret in (revoked, expired, of_gone, for_app):
        assert Caller(secret).get("datasets/").status_code == 401
    kept = key_of(editor)
    assert Caller(kept).get("datasets/").status_code == 200
    editor.is_active = False
    editor.save()
    assert Caller(kept).get("datasets/").status_code == 401


def test_a_key_dies_with_its_makers_membership(caller, editor, tickets) -> None:
    Membership.objects.filter(user=editor).delete()
    assert caller.get("datasets/").status_code == 401
    assert caller.get(f"dataset-versions/{tickets.pk}/").status_code == 401


def test_a_reading_key_reads_and_writes_nothing(key_of, editor, tickets, new_job) -> None:
    job = new_job("run", "queued")
    reader = Caller(key_of(editor, can_write=False))
    assert reader.get("datasets/").status_code == 200
    for path, body in (
        ("datasets/", TEXT),
        ("preflights/", {"data": str(tickets.pk)}),
        ("evaluations/", {"data": str(tickets.pk)}),
        ("base-models/", {"kind": "hub", "name": "n", "family": "causal", "location": "a/b"}),
        (f"jobs/{job.pk}/stop/", {}),
    ):
        response = reader.post(path, body)
        assert (response.status_code, error_of(response)[0]) == (403, "forbidden"), path
    assert reader.delete(f"datasets/{tickets.dataset_id}/").status_code == 403
    assert not Import.objects.exclude(pk=tickets.source_id).exists()
    assert Job.objects.get(pk=job.pk).state == "queued"


def test_a_key_goes_no_further_than_its_workspace(key_of, editor, outsider, tickets) -> None:
    """Its maker belongs to a second workspace, which the key does not open."""
    elsewhere = outsider.memberships.get().workspace
    Membership.objects.create(user=editor, workspace=elsewhere, role="editor")
    type(tickets).objects.filter(pk=tickets.pk).update(workspace=elsewhere)
    caller = Caller(key_of(editor))
    assert caller.get(f"dataset-versions/{tickets.pk}/").status_code == 404
    response = caller.post("preflights/", {"data": str(tickets.pk)})
    assert (response.status_code, error_of(response)) == (400, ("not_found", "data"))


def test_an_administrators_key_repairs_only_at_home(key_of, owner, outsider, new_job) -> None:
    job = new_job("run", "queued")
    Job.objects.filter(pk=job.pk).update(workspace=outsider.memberships.get().workspace)
    assert Caller(key_of(owner)).post(f"jobs/{job.pk}/stop/").status_code == 404


def test_somebody_signed_in_reads_and_writes_with_the_sites_own_token(editor, tickets) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(editor)
    assert client.get(f"{ROOT}datasets/").json()["count"] == 1
    refused = client.post(f"{ROOT}datasets/", TEXT, content_type="application/json")
    assert refused.status_code == 403
    client.get("/")
    token = {"X-CSRFToken": client.cookies["csrftoken"].value}
    made = client.post(f"{ROOT}datasets/", TEXT, content_type="application/json", headers=token)
    assert made.status_code == 201


def test_an_outsider_sees_only_their_own(outsider, tickets, make_run) -> None:
    run, client = make_run(), Client()
    client.force_login(outsider)
    assert client.get(f"{ROOT}datasets/").json()["count"] == 0
    for kind, pk in (("runs", run.pk), ("preflights", run.preflight_id), ("jobs", run.job_id)):
        assert client.get(f"{ROOT}{kind}/{pk}/").status_code == 404
