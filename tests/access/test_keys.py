"""API keys: made with an end, shown once, kept as hashes; the same limits however they are sent."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from apps.core.errors import UserError
from apps.workspaces.access.api_keys import create_api_key
from apps.workspaces.models import ApiKey, AuditEntry, Membership, Role
from tests.fixtures.page_text import html_of

pytestmark = pytest.mark.django_db
WAYS = {
    "Authorization": lambda secret: {"Authorization": f"Bearer {secret}"},
    "X-API-Key": lambda secret: {"X-API-Key": secret},
    "both, the same": lambda secret: {"Authorization": f"bearer {secret}", "X-API-Key": secret},
}


@pytest.fixture
def make(workspace: Any) -> Any:
    def key(user: Any, **fields: Any) -> str:
        return create_api_key(actor=user, workspace=workspace, name="script", **fields)[1]

    return key


def ask(path: str, headers: dict[str, str], body: Any = None) -> Any:
    client = Client(headers=headers)
    return client.get(path) if body is None else client.post(path, body, content_type="application/json")


BASE = {"kind": "hub", "name": "n", "family": "causal", "location": "a/b"}


@pytest.mark.parametrize("way", WAYS)
def test_the_same_limits_however_it_is_sent(make: Any, editor: Any, app: Any, way: str) -> None:
    send = WAYS[way]
    writing, reading = send(make(editor)), send(make(editor, can_write=False))
    assert ask("/api/v1/apps/", writing).status_code == 200
    assert ask("/api/v1/base-models/", writing, BASE).status_code == 201
    assert ask("/api/v1/apps/", reading).status_code == 200
    assert ask("/api/v1/base-models/", reading, BASE).status_code == 403
    of_app = send(make(editor, app=app))
    assert ask("/api/v1/apps/", of_app).status_code == 401
    assert ask("/v1/models", of_app).json()["data"][0]["id"] == app.slug
    assert ask("/v1/models", writing).status_code == 401


@pytest.mark.parametrize("way", WAYS)
def test_the_same_rate_however_it_is_sent(make: Any, editor: Any, settings: Any, way: str) -> None:
    settings.API_PER_MINUTE = 2
    secret = make(editor)
    for sent in WAYS.values():
        ask("/api/v1/apps/", sent(secret))
    assert ask("/api/v1/apps/", WAYS[way](secret)).status_code == 429


@pytest.mark.parametrize("name", ["api_key", "key", "token", "access_token", "anything"])
@pytest.mark.parametrize("path", ["/api/v1/apps/", "/v1/models"])
def test_a_key_in_an_address_is_refused(make: Any, editor: Any, app: Any, path: str, name: str) -> None:
    """Also beside a good header: the address is in somebody's log by now."""
    secret = make(editor, app=app if path.startswith("/v1") else None)
    for headers in ({}, {"Authorization": f"Bearer {secret}"}):
        response = ask(f"{path}?{name}={secret}", headers)
        assert response.status_code == 401
        assert "API key in a URL" in response.json()["error"]["message"]


def test_two_different_keys_at_once_are_refused(make: Any, editor: Any) -> None:
    headers = {"Authorization": f"Bearer {make(editor)}", "X-API-Key": make(editor)}
    assert ask("/api/v1/apps/", headers).status_code == 401


def test_a_reading_key_of_an_app_sees_and_does_not_ask(make: Any, editor: Any, app: Any) -> None:
    headers = {"Authorization": f"Bearer {make(editor, app=app, can_write=False)}"}
    assert ask("/v1/models", headers).status_code == 200
    asked = {"model": app.slug, "messages": [{"role": "user", "content": "x"}], "prompt": "x"}
    for path in ("/v1/chat/completions", "/v1/completions"):
        response = ask(path, headers, asked)
        assert (response.status_code, response.json()["error"]["code"]) == (403, "read_only_key")


def test_nothing_is_said_about_a_request_before_the_key_is_known(db: None) -> None:
    for path in ("/v1/chat/completions", "/v1/completions"):
        assert ask(path, {}, {"wrong": 1}).status_code == 401


def test_a_key_is_worth_what_its_maker_is_now(make: Any, editor: Any, workspace: Any) -> None:
    headers = {"Authorization": f"Bearer {make(editor)}"}
    Membership.objects.filter(user=editor).update(role=Role.VIEWER)
    assert ask("/api/v1/apps/", headers).status_code == 200
    assert ask("/api/v1/base-models/", headers, BASE).status_code == 403
    Membership.objects.filter(user=editor).delete()
    assert ask("/api/v1/apps/", headers).status_code == 401


def test_a_key_ends_when_its_maker_said(make: Any, editor: Any) -> None:
    for days in (None, 1, 3650):
        make(editor, days=days)
    ends = [
        key.expires_at and (key.expires_at - timezone.now()).days
        for key in ApiKey.objects.order_by("created_at")
    ]
    assert ends == [None, 0, 3649]
    for days in (0, -1, 3651):
        with pytest.raises(UserError) as refused:
            make(editor, days=days)
        assert refused.value.field == "days"


def test_a_key_that_a_key_makes_lives_no_longer_than_that_one(make: Any, editor: Any, app: Any) -> None:
    headers = {"Authorization": f"Bearer {make(editor, days=7)}"}
    own = ApiKey.objects.get()
    for days, lives in ((None, 7), (3650, 7), (2, 2)):
        made = ask(f"/api/v1/apps/{app.pk}/keys/", headers, {"name": "child", "days": days})
        assert made.status_code == 201, made.content
        child = ApiKey.objects.get(pk=made.json()["id"])
        assert round((child.expires_at - child.created_at) / timedelta(days=1)) == lives, days
        assert child.expires_at <= own.expires_at
    assert make(editor, days=None)
    assert ApiKey.objects.filter(expires_at=None).count() == 1


def test_a_key_made_on_the_page_ends_after_three_months_unless_told_otherwise(
    client_for: Any, editor: Any
) -> None:
    client = client_for(editor)
    for sent, days in (({}, 90), ({"days": "7"}, 7), ({"days": "0"}, None)):
        response = client.post("/workspace/keys/", {"name": f"for {days}", **sent})
        assert response.status_code == 200
        key = ApiKey.objects.get(name=f"for {days}")
        assert (key.expires_at and round((key.expires_at - key.created_at) / timedelta(days=1))) == days
    assert client.post("/workspace/keys/", {"name": "odd", "days": "12"}).status_code == 422


def test_the_secret_is_shown_once_and_is_nowhere_in_the_database(
    client_for: Any, editor: Any, app: Any
) -> None:
    client = client_for(editor)
    for address in ("/workspace/keys/", f"/apps/{app.pk}/keys/"):
        secret = client.post(address, {"name": "script"}).context["secret"]
        assert len(secret) > 40
        for page in ("/workspace/keys/", f"/apps/{app.pk}/", "/workspace/"):
            assert secret not in client.get(page).content.decode()
        with connection.cursor() as cursor:
            for table in connection.introspection.table_names(cursor):
                cursor.execute(f'SELECT * FROM "{table}"')
                assert secret not in str(cursor.fetchall()), table


def test_a_key_whose_maker_left_is_shown_as_worth_nothing(
    client_for: Any, make: Any, editor: Any, owner: Any
) -> None:
    make(editor)
    client, said = client_for(owner), "Inactive: its creator has left the workspace."
    assert said not in client.get("/workspace/keys/").content.decode()
    Membership.objects.filter(user=editor).delete()
    assert said in client.get("/workspace/keys/").content.decode()
    client.post(f"/workspace/keys/{ApiKey.objects.get().pk}/revoke/")
    assert said not in client.get("/workspace/keys/").content.decode()


def test_last_use_and_end_are_on_the_page(client_for: Any, make: Any, editor: Any) -> None:
    secret = make(editor, days=30)
    client = client_for(editor)
    assert ApiKey.objects.get().last_used_at is None
    ask("/api/v1/apps/", {"Authorization": f"Bearer {secret}"})
    html = client.get("/workspace/keys/").content.decode()
    assert "script" in html
    assert ApiKey.objects.get().last_used_at is not None


def test_making_and_revoking_are_in_the_trail_without_the_secret(
    client_for: Any, make: Any, editor: Any
) -> None:
    secret = make(editor)
    client_for(editor).post(f"/workspace/keys/{ApiKey.objects.get().pk}/revoke/")
    actions = AuditEntry.objects.filter(object_type="apikey").values_list("action", "changes")
    assert {action for action, _changes in actions} == {"api_key.created", "api_key.revoked"}
    assert secret not in str(list(AuditEntry.objects.values()))
    assert ask("/api/v1/apps/", {"Authorization": f"Bearer {secret}"}).status_code == 401


def test_somebody_who_may_no_longer_write_can_still_revoke_their_key(
    client_for: Any, make: Any, editor: Any
) -> None:
    make(editor)
    Membership.objects.filter(user=editor).update(role=Role.VIEWER)
    assert client_for(editor).post(f"/workspace/keys/{ApiKey.objects.get().pk}/revoke/").status_code == 302
    assert not ApiKey.objects.get().is_live


@pytest.fixture
def made_by_script(make: Any, editor: Any, app: Any) -> tuple[ApiKey, str, str]:
    """A token of the workspace, and the secret of an app key that a script made with it. Both secrets."""
    token = make(editor, days=30)
    headers = {"Authorization": f"Bearer {token}"}
    answer = ask(f"/api/v1/apps/{app.pk}/keys/", headers, {"name": "production", "days": None})
    assert answer.status_code == 201
    key = ApiKey.objects.get(app_id=app.pk)
    assert key.made_with == ApiKey.objects.get(app_id=None)
    assert answer.json()["expires_at"] == key.made_with.expires_at.isoformat().replace("+00:00", "Z")
    assert answer.json()["made_by"] == f"Editor · {key.made_with}"
    return key, token, answer.json()["secret"]


def test_an_app_key_ends_with_the_token_that_made_it(
    made_by_script: tuple[ApiKey, str, str], client_for: Any, editor: Any
) -> None:
    key, _token, secret = made_by_script
    of_app = {"Authorization": f"Bearer {secret}"}
    assert ask("/v1/models", of_app).status_code == 200
    page = client_for(editor).get("/workspace/keys/").content.decode()
    assert "1 app key that was created with it" in page
    response = client_for(editor).post(f"/workspace/keys/{key.made_with_id}/revoke/", follow=True)
    assert "Revoked the key and 1 key that was created with it." in response.content.decode()
    assert ask("/v1/models", of_app).status_code == 401
    key.refresh_from_db()
    assert key.revoked_at is not None
    revoked = AuditEntry.objects.filter(action="api_key.revoked").values_list("object_id", flat=True)
    assert set(map(str, revoked)) == {str(key.pk), str(key.made_with_id)}


def test_however_the_token_was_revoked(made_by_script: tuple[ApiKey, str, str]) -> None:
    key, _token, secret = made_by_script
    ApiKey.objects.filter(pk=key.made_with_id).update(revoked_at=timezone.now())
    assert ask("/v1/models", {"Authorization": f"Bearer {secret}"}).status_code == 401


def test_revoking_an_app_key_leaves_the_token(
    made_by_script: tuple[ApiKey, str, str], client_for: Any, editor: Any
) -> None:
    key, token, _secret = made_by_script
    client_for(editor).post(f"/apps/{key.app_id}/keys/{key.pk}/revoke/")
    assert ask("/api/v1/apps/", {"Authorization": f"Bearer {token}"}).status_code == 200


def test_the_page_of_the_app_says_who_made_a_key_and_where_it_belongs(
    made_by_script: tuple[ApiKey, str, str], client_for: Any, owner: Any
) -> None:
    key, *_ = made_by_script
    page = client_for(owner).get(f"/apps/{key.app_id}/").content.decode()
    assert key.made_by in page
    assert "Keys are for servers and scripts." in page


@pytest.mark.parametrize(("can_write", "may"), [(True, "send requests"), (False, "list only")])
def test_the_page_of_the_workspace_says_what_an_app_key_may_do(
    client_for: Any, make: Any, editor: Any, app: Any, can_write: bool, may: str
) -> None:
    """An app key neither reads nor writes the workspace's data."""
    make(editor, app=app, can_write=can_write)
    page = html_of(client_for(editor).get("/workspace/keys/"))
    assert f'data-label="Permission">{may}</td>' in page
    assert "read and write" not in page
