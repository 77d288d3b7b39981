"""Secrets at rest: sealed, never shown, given to the one child that needs them, and sealed anew when keys change."""

import io
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from apps.core.encryption import Unreadable, seal, unseal
from apps.jobs import services as jobs
from apps.jobs.models import Job, JobEvent
from apps.jobs.runner import child, supervisor
from apps.publishing.services.links import address_of, create_share_link
from apps.workspaces.models import AuditEntry, WorkspaceSecret
from apps.workspaces.team import secrets
from workers.contracts.job_kinds import JOB_KINDS
from workers.contracts.job_kinds.parity import PARITY
from workers.contracts.job_kinds.run import RUN
from workers.shared.cache import Cache

pytestmark = pytest.mark.django_db
TOKEN = "hf_abcdefghijklmnopqrstuvwxyz0123"
KIND = WorkspaceSecret.Kind.HUB_TOKEN


@pytest.fixture
def token(workspace: Any, admin: Any) -> WorkspaceSecret:
    return secrets.set_secret(actor=admin, workspace=workspace, kind=KIND, value=TOKEN)


def everything_in_the_database() -> str:
    with connection.cursor() as cursor:
        found = []
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            found.append(str(cursor.fetchall()))
    return "".join(found)


def test_what_is_sealed_opens_with_its_key_and_for_its_purpose_alone(settings: Any) -> None:
    sealed = seal("secret", "one")
    assert "secret" not in sealed
    assert unseal(sealed, "one") == "secret"
    with pytest.raises(Unreadable):
        unseal(sealed, "another")
    settings.SECRET_KEY = "another key, which is long enough for the checks that are made of it"
    with pytest.raises(Unreadable):
        unseal(sealed, "one")


def test_the_first_key_seals_and_all_of_them_open(settings: Any) -> None:
    before = seal("secret", "p")
    settings.SECRETS_KEYS = ["old"]
    assert unseal(before, "p") == "secret", "what was sealed before there was a setting"
    old = seal("secret", "p")
    settings.SECRETS_KEYS = ["new", "old"]
    assert unseal(old, "p") == "secret"
    new = seal("secret", "p")
    settings.SECRETS_KEYS = ["old"]
    with pytest.raises(Unreadable):
        unseal(new, "p")


def test_rotation_lets_the_old_key_go(
    token: WorkspaceSecret, workspace: Any, app: Any, owner: Any, settings: Any
) -> None:
    link, _token = create_share_link(actor=owner, app=app)
    address = address_of(link)
    settings.SECRETS_KEYS = ["the-new-key"]
    out = io.StringIO()
    call_command("rotate_secrets", stdout=out)
    assert "2 secrets" in out.getvalue()
    settings.SECRET_KEY = "the old key is gone and this one was never used for sealing anything"
    link.refresh_from_db()
    assert secrets.hub_token(workspace) == TOKEN
    assert address_of(link) == address


def test_rotation_changes_nothing_when_a_secret_cannot_be_read(token: WorkspaceSecret, settings: Any) -> None:
    settings.SECRET_KEY = "a key under which the token was never sealed, long enough for checks"
    settings.SECRETS_KEYS = ["the-new-key"]
    before = WorkspaceSecret.objects.values().get()
    with pytest.raises(CommandError, match="hub_token"):
        call_command("rotate_secrets")
    assert WorkspaceSecret.objects.values().get() == before


def test_neither_the_database_nor_a_page_holds_it(
    token: WorkspaceSecret, client_for: Any, admin: Any, owner: Any
) -> None:
    assert TOKEN not in everything_in_the_database()
    page = client_for(admin).get("/workspace/hub-token/").content.decode()
    assert TOKEN not in page
    assert TOKEN[-4:] in page
    change = f"/admin/workspaces/workspacesecret/{token.pk}/change/"
    shown = client_for(owner).get(change).content.decode()
    assert TOKEN not in shown
    assert token.value not in shown


def test_admins_set_replace_and_remove_it(client_for: Any, admin: Any, editor: Any, workspace: Any) -> None:
    client = client_for(admin)
    assert client.post("/workspace/hub-token/", {"value": f" {TOKEN}\n"}).status_code == 302
    assert secrets.hub_token(workspace) == TOKEN
    client.post("/workspace/hub-token/", {"value": "hf_another-token-0123456789"})
    assert secrets.hub_token(workspace) == "hf_another-token-0123456789"
    for wrong in (
        "",
        "two words" * 3,
        "ümlaut" * 3,
        "x" * 501,
        "type",
        "a" * 15,
        'a"quoted\\token-0123456789',
    ):
        assert client.post("/workspace/hub-token/", {"value": wrong}).status_code == 422, wrong
    assert client_for(editor).get("/workspace/hub-token/").status_code == 403
    kept = WorkspaceSecret.objects.get()
    assert client_for(editor).post(f"/workspace/secrets/{kept.pk}/remove/").status_code == 403
    client.post(f"/workspace/secrets/{kept.pk}/remove/")
    assert secrets.hub_token(workspace) == ""
    actions = AuditEntry.objects.filter(object_type="workspacesecret").order_by("pk")
    assert list(actions.values_list("action", flat=True)) == [
        "secret.set",
        "secret.replaced",
        "secret.removed",
    ]


def preflight_job(workspace: Any, owner: Any, kind: str) -> Job:
    base = {"kind": kind, "family": "causal", "repo_id": "a/b"}
    return Job.objects.create(
        workspace=workspace, created_by=owner, kind="preflight", title="t", queue="default", spec={"base": base}
    )  # fmt: skip


def test_only_a_child_that_fetches_from_the_hub_gets_it(
    token: WorkspaceSecret,
    workspace: Any,
    owner: Any,
    outsider: Any,
    settings: Any,
    tmp_path: Any,
    monkeypatch: Any,
) -> None:
    monkeypatch.setenv("HF_TOKEN", "the-installations-own")
    settings.HF_TOKEN = "the-installations-own"
    elsewhere = outsider.memberships.get().workspace
    given = {
        "hub": child.base_access(preflight_job(workspace, owner, "hub")),
        "starter": child.base_access(preflight_job(workspace, owner, "starter")),
        "elsewhere": child.base_access(preflight_job(elsewhere, outsider, "hub")),
    }
    assert given["hub"]["HF_TOKEN"] == TOKEN
    assert str(workspace.pk) in given["hub"]["HF_HUB_CACHE"], "what it opened is no other workspace's"
    assert given["starter"] == {}
    assert given["elsewhere"] == {"HF_TOKEN": "the-installations-own"}
    assert child.environment_of(tmp_path, 9, given["hub"])["HF_TOKEN"] == TOKEN
    assert "HF_TOKEN" not in child.environment_of(tmp_path, 9, given["starter"])


def test_only_a_child_that_asks_the_package_index_gets_its_address(
    workspace: Any, owner: Any, tmp_path: Any, monkeypatch: Any
) -> None:
    """The address of a company's index often holds a password."""
    monkeypatch.setenv("PIP_INDEX_URL", "https://name:password@index.example/simple")
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", "")
    package, starter = (
        child.environment_of(tmp_path, 9, child.base_access(preflight_job(workspace, owner, kind)))
        for kind in ("package", "starter")
    )
    assert "password" in package["PIP_INDEX_URL"]
    assert "PIP_EXTRA_INDEX_URL" not in package
    assert not [name for name in starter if name.startswith("PIP_")]


def test_only_a_child_that_asks_the_engine_gets_its_key(
    workspace: Any, owner: Any, tmp_path: Any, monkeypatch: Any
) -> None:
    """Whatever a file or a model makes of a child, it does not speak to the engine in the site's name."""
    monkeypatch.setenv("ENGINE_KEY", "of-the-environment")
    told = {}
    for kind in JOB_KINDS:
        job = Job(workspace=workspace, created_by=owner, kind=kind, spec={})
        told[kind] = child.environment_of(tmp_path, 9, child.engine_access(job))
    assert [kind for kind, environment in told.items() if "ENGINE_KEY" in environment] == [PARITY.name]
    assert told[PARITY.name]["ENGINE_KEY"] == "engine-key"


def test_only_a_run_gets_the_keys_of_experiment_trackers(
    workspace: Any, owner: Any, tmp_path: Any, monkeypatch: Any, settings: Any
) -> None:
    monkeypatch.setenv("WANDB_API_KEY", "of-the-environment")
    settings.RUN_TRACKERS = ["wandb"]
    told = {}
    for kind in JOB_KINDS:
        job = Job(workspace=workspace, created_by=owner, kind=kind, spec={})
        told[kind] = child.environment_of(tmp_path, 9, child.tracker_access(job))
    assert [kind for kind, environment in told.items() if "WANDB_API_KEY" in environment] == [RUN.name]
    settings.RUN_TRACKERS = []
    assert child.tracker_access(Job(kind=RUN.name)) == {}


def test_what_it_opened_is_bounded_with_other_copies_and_stays_while_a_child_works(
    token: WorkspaceSecret, workspace: Any, owner: Any, tmp_path: Any, settings: Any
) -> None:
    settings.CACHE_DIR = tmp_path / "cache"
    attempt = supervisor._Attempt(preflight_job(workspace, owner, "hub"), tmp_path)
    folder = Path(attempt.base["HF_HUB_CACHE"])
    copies = Cache(settings.CACHE_DIR, limit_bytes=1)
    with attempt._held:
        attempt._hold_hub_copies()
        (folder / "weights").write_bytes(b"0" * 100)
        os.utime(folder, (0, 0))
        copies.make_room()
        assert folder.exists()
    os.utime(folder, (0, 0))
    copies.make_room()
    assert not folder.exists()


def test_a_child_that_prints_it_gets_it_into_no_log(
    token: WorkspaceSecret, workspace: Any, owner: Any, run_job: Any, monkeypatch: Any
) -> None:
    """A real child, with a base on the Hub, that says its token wherever it can say anything."""
    job = preflight_job(workspace, owner, "hub")
    monkeypatch.setattr(type(job), "job_kind", replace(job.job_kind, module="tests.access.telling_child"))
    ended = run_job(job)
    assert ended.state == "errored", ended.error_message
    said = [str(event.data) for event in JobEvent.objects.filter(job=job)]
    assert any("[hub token]" in text for text in said), said
    assert "[hub token]" in ended.error_trace
    assert TOKEN not in everything_in_the_database()
    assert jobs.is_current(ended) is False
