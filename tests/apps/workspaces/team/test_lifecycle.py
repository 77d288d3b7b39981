"""A workspace's end: closed at once, brought back in time, emptied afterwards."""

from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import PermissionDenied
from django.db import models
from django.test import Client
from django.utils import timezone

from apps.catalog.models import ModelVersion
from apps.core.errors import NotVisible, UserError
from apps.core.storage import storage
from apps.datasets import services as datasets
from apps.datasets.models import DatasetVersion, Import
from apps.evaluation import services as evaluation
from apps.evaluation.models import Evaluation
from apps.jobs import services as jobs
from apps.jobs.models import Job
from apps.jobs.states import State
from apps.publishing.entrance import by_link
from apps.publishing.models import Message, ShareLink
from apps.publishing.services import replies
from apps.workspaces import access
from apps.workspaces.access import Action, api_keys
from apps.workspaces.models import (
    ApiKey,
    AuditEntry,
    Membership,
    UsageEntry,
    UsageKind,
    UsageTotal,
    Workspace,
)
from apps.workspaces.team import lifecycle
from tests.apps.workspaces.team.test_purging import KEPT

pytestmark = pytest.mark.django_db


def delete(owner: Any, workspace: Workspace) -> None:
    lifecycle.delete_workspace(actor=owner, workspace=workspace, typed_name=workspace.name)


def grace_is_over(workspace: Workspace) -> None:
    Workspace.objects.filter(pk=workspace.pk).update(
        deleted_at=timezone.now() - timedelta(days=14, minutes=1)
    )


def test_only_an_owner_who_types_the_name_deletes(workspace, owner, admin) -> None:
    with pytest.raises(PermissionDenied):
        delete(admin, workspace)
    with pytest.raises(UserError):
        lifecycle.delete_workspace(actor=owner, workspace=workspace, typed_name="library")
    assert access.can(owner, workspace, Action.VIEW)


def test_it_is_hidden_and_closed_at_once(client_for, workspace, owner, viewer, app, link) -> None:
    _key, secret = api_keys.create_api_key(actor=owner, workspace=workspace, name="script")
    turn = replies.ask(entrance=by_link(link[1], "a-visitor"), text="Hello")
    client, visitor = client_for(viewer), Client()
    assert client.get(f"/apps/{app.pk}/").status_code == 200
    assert visitor.get(f"/a/{link[1]}/").status_code == 200
    delete(owner, workspace)
    assert client.get(f"/apps/{app.pk}/").status_code == 404
    assert visitor.get(f"/a/{link[1]}/").status_code == 404
    assert ApiKey.objects.by_secret(secret) is None
    assert ShareLink.objects.live().count() == 0
    assert not by_link(link[1], "a-visitor")
    assert Message.objects.get(pk=turn.answer.pk).stop_requested
    assert [action for action in Action if access.can(owner, workspace, action)] == []
    assert not Message.objects.visible_to(owner).exists()
    assert client_for(owner).get("/")["Location"] == "/welcome/"


def test_what_waits_and_runs_ends(workspace, owner, new_job) -> None:
    waiting, running = new_job("import", State.QUEUED), new_job("import", State.QUEUED)
    claimed = jobs.claim(job_id=str(running.pk), worker="w")
    delete(owner, workspace)
    assert Job.objects.get(pk=waiting.pk).state == State.CANCELLED
    assert jobs.wishes_for(claimed).stop
    late = new_job("import", State.QUEUED)
    assert jobs.claim(job_id=str(late.pk), worker="w") is None
    assert Job.objects.get(pk=late.pk).state == State.CANCELLED


def test_an_owner_brings_it_back_in_time(client_for, workspace, owner, admin, link, app) -> None:
    delete(owner, workspace)
    page = client_for(owner).get("/workspace/all/").content.decode()
    assert workspace.name in page
    address = f"/workspace/{workspace.pk}/restore/"
    assert client_for(admin).post(address).status_code == 404
    assert client_for(owner).post(address).status_code == 302
    assert access.can(admin, workspace, Action.MANAGE)
    assert by_link(link[1], "a-visitor")
    trail = AuditEntry.objects.filter(workspace=workspace, action__startswith="workspace.")
    assert list(trail.order_by("at").values_list("action", flat=True)) == [
        "workspace.created",
        "workspace.deleted",
        "workspace.restored",
    ]


def test_nothing_is_purged_before_its_time(workspace, owner) -> None:
    assert lifecycle.due_for_purge() == []
    delete(owner, workspace)
    assert lifecycle.due_for_purge() == []
    assert not lifecycle.purge_workspace(workspace)
    grace_is_over(workspace)
    assert lifecycle.due_for_purge() == [workspace]
    # Brought back between the look and the purge.
    Workspace.objects.filter(pk=workspace.pk).update(deleted_at=None)
    assert not lifecycle.purge_workspace(workspace)
    assert Membership.objects.filter(workspace=workspace).exists()


def rows_of(workspace: Workspace) -> dict[str, int]:
    """Rows of every model that names a workspace, but for what is recorded about it."""
    counts = {}
    for model in apps.get_models():
        names = {f.name for f in model._meta.get_fields() if isinstance(f, models.ForeignKey)}
        if "workspace" in names and model not in KEPT:
            counts[model._meta.label] = model._default_manager.filter(workspace=workspace).count()
    return counts


def folders_with_files(workspace: Workspace) -> list[str]:
    """Where its rows say that their files are, and where some are."""
    keys = [f"imports/{source.pk}" for source in Import.objects.filter(workspace=workspace)]
    for model in (DatasetVersion, ModelVersion, Evaluation):
        keys += [row.storage_key for row in model.objects.filter(workspace=workspace)]
    return [key for key in keys if storage().list(key)]


def test_after_its_days_everything_is_gone_files_too(
    workspace,
    owner,
    outsider,
    make_run,
    make_evaluation,
    make_app,
    link,
    django_capture_on_commit_callbacks,
) -> None:
    run = make_run()
    made = [make_evaluation(run.model_version), make_evaluation(None)]
    comparison = evaluation.compare(actor=owner, evaluations=made)
    datasets.start_import(actor=owner, workspace=workspace, filename="a.csv", chunks=[b"a,b\n1,2\n"])
    elsewhere = outsider.memberships.get().workspace
    kept = datasets.start_import(actor=outsider, workspace=elsewhere, filename="b.csv", chunks=[b"a,b\n"])
    replies.ask(entrance=by_link(link[1], "a-visitor"), text="Hello")
    api_keys.create_api_key(actor=owner, workspace=workspace, name="k")
    assert comparison
    folders = folders_with_files(workspace)
    assert {key.split("/")[0] for key in folders} >= {"models", "datasets", "evaluations", "imports"}
    before = rows_of(workspace)
    assert sum(count > 0 for count in before.values()) >= 14
    entries = AuditEntry.objects.filter(workspace=workspace).count()
    split_key = workspace.split_key
    delete(owner, workspace)
    grace_is_over(workspace)
    with django_capture_on_commit_callbacks(execute=True):
        assert lifecycle.purge_workspace(workspace)
    assert {label: count for label, count in rows_of(workspace).items() if count} == {}
    assert [key for key in folders if storage().list(key)] == []
    assert storage().exists(kept.source_key)
    workspace.refresh_from_db()
    assert workspace.purged_at
    assert workspace.split_key != split_key
    assert AuditEntry.objects.filter(workspace=workspace).count() > entries
    assert UsageTotal.objects.get(workspace=workspace, kind=UsageKind.STORAGE).used == 0
    assert UsageEntry.objects.filter(workspace=workspace).exists()
    with pytest.raises(NotVisible):
        lifecycle.restore_workspace(actor=owner, workspace=workspace)
    assert not lifecycle.purge_workspace(workspace)


def test_upkeep_does_it_by_the_clock(workspace, owner) -> None:
    from apps.workspaces.tasks import purge_workspaces

    delete(owner, workspace)
    grace_is_over(workspace)
    assert (purge_workspaces(), purge_workspaces()) == (1, 0)


def test_who_makes_workspaces(client_for, editor, owner, settings) -> None:
    client = client_for(editor)
    client.post("/workspace/new/", {"name": "Second"})
    assert client.get("/workspace/").context["membership"].workspace.name == "Second"
    settings.WORKSPACES_BY_ADMINISTRATORS = True
    assert client.post("/workspace/new/", {"name": "Third"}).status_code == 403
    assert client_for(owner).post("/workspace/new/", {"name": "Third"}).status_code == 302
    assert not access.may_create_workspace(editor)


def test_settings_rename_hand_over_and_delete(client_for, workspace, owner, admin, editor) -> None:
    assert client_for(editor).post("/workspace/settings/", {"name": "Mine"}).status_code == 403
    client_for(admin).post("/workspace/settings/", {"name": "Reading room"})
    workspace.refresh_from_db()
    assert workspace.name == "Reading room"
    client = client_for(owner)
    row = Membership.objects.get(user=admin, workspace=workspace)
    assert client.post("/workspace/hand-over/", {"member": ""}).status_code == 422
    assert client.post("/workspace/hand-over/", {"member": str(row.pk)}).status_code == 302
    assert client.post("/workspace/delete/", {"typed_name": "Reading room"}).status_code == 403
    new_owner = client_for(admin)
    assert new_owner.post("/workspace/delete/", {"typed_name": "Reading"}).status_code == 422
    assert new_owner.post("/workspace/delete/", {"typed_name": "Reading room"}).status_code == 302
    workspace.refresh_from_db()
    assert not workspace.is_open
