"""What a script made it can see and take away again: links, keys, apps, results, models."""

import re
from typing import Any

import pytest

from apps.evaluation.models import Comparison, Evaluation
from apps.evaluation.services import compare
from apps.publishing.models import App, ShareLink
from apps.publishing.tokens import encrypt_token
from apps.workspaces.models import ApiKey
from tests.apps.api.conftest import Caller
from tests.apps.api.test_rest import NOWHERE

pytestmark = pytest.mark.django_db


@pytest.fixture
def made(caller: Caller, make_model: Any) -> dict[str, Any]:
    found: dict[str, Any] = caller.post("apps/", {"model": str(make_model().pk), "name": "Desk"}).json()
    return found


def test_links_are_listed_and_closed(caller: Caller, made: dict[str, Any], client: Any) -> None:
    links = [caller.post(f"apps/{made['id']}/links/", {"name": name}).json() for name in ("One", "Two")]
    assert {link["id"] for link in caller.get(f"apps/{made['id']}/links/").json()} == {
        link["id"] for link in links
    }
    path = "/a/" + links[0]["url"].split("/a/")[1]
    assert client.get(path).status_code == 200
    assert caller.delete(f"apps/{made['id']}/links/{links[0]['id']}/").status_code == 204
    assert client.get(path).status_code == 404
    (left,) = caller.get(f"apps/{made['id']}/links/").json()
    assert left == links[1]
    assert caller.delete(f"apps/{made['id']}/links/{NOWHERE}/").status_code == 404
    assert caller.delete(f"apps/{NOWHERE}/links/{left['id']}/").status_code == 404


def test_keys_are_listed_without_their_secrets_and_revoked(caller: Caller, made: dict[str, Any]) -> None:
    key = caller.post(f"apps/{made['id']}/keys/", {"name": "Site"}).json()
    (listed,) = caller.get(f"apps/{made['id']}/keys/").json()
    assert listed == {name: value for name, value in key.items() if name != "secret"}
    assert key["secret"].startswith(listed["prefix"])
    asked = Caller(key["secret"]).client.get("/v1/models")
    assert asked.status_code == 200
    (used,) = caller.get(f"apps/{made['id']}/keys/").json()
    assert used["last_used_at"]
    assert caller.delete(f"apps/{made['id']}/keys/{key['id']}/").status_code == 204
    assert Caller(key["secret"]).client.get("/v1/models").status_code == 401
    assert caller.get(f"apps/{made['id']}/keys/").json() == []


def test_the_limits_of_a_link_are_set_and_changed(caller: Caller, made: dict[str, Any], client: Any) -> None:
    path = f"apps/{made['id']}/links/"
    link = caller.post(path, {"max_uses": 5, "expires_at": "2099-01-01T00:00:00Z"}).json()
    assert (link["max_uses"], link["uses"], link["uses_today"], link["paused_at"]) == (5, 0, 0, None)
    assert link["expires_at"] == "2099-01-01T00:00:00Z"
    changed = caller.patch(
        f"{path}{link['id']}/", {"name": "Pilot", "max_uses": None, "is_paused": True}
    ).json()
    assert (changed["name"], changed["max_uses"], bool(changed["paused_at"])) == ("Pilot", None, True)
    assert changed["expires_at"] == link["expires_at"]
    page = "/a/" + link["url"].split("/a/")[1]
    assert client.get(page).status_code == 403
    assert caller.patch(f"{path}{link['id']}/", {"is_paused": False}).json()["paused_at"] is None
    assert client.get(page).status_code == 200
    caller.patch(f"{path}{link['id']}/", {"password": "a long password"})
    assert b"requires a password" in client.get(page).content
    for body, field in (
        ({"max_uses": 0}, "max_uses"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
        ({"token_budget": 1}, "token_budget"),
    ):
        refused = caller.patch(f"{path}{link['id']}/", {"name": "No", **body})
        assert refused.status_code == 400
        assert field in refused.text
    assert caller.get(path).json()[0]["name"] == "Pilot"
    assert caller.patch(f"{path}{NOWHERE}/", {"name": "No"}).status_code == 404


@pytest.mark.parametrize("kind", ["links", "keys"])
def test_long_lists_are_read_page_by_page(caller: Caller, made: dict[str, Any], kind: str) -> None:
    """The body stays an array; the header Link leads on until all were read once."""
    app = App.objects.get()
    for n in range(205):
        common = {"workspace": app.workspace, "name": f"{kind} {n}", "created_by": app.created_by}
        if kind == "links":
            ShareLink.objects.create(
                app=app, token_hash=str(n), token_encrypted=encrypt_token(str(n)), **common
            )
        else:
            ApiKey.objects.create(app_id=app.pk, hash=str(n), prefix=str(n), **common)
    for path, sizes in (
        (f"apps/{app.pk}/{kind}/", [200, 5]),
        (f"apps/{app.pk}/{kind}/?limit=80", [80, 80, 45]),
    ):
        names: list[str] = []
        found: list[int] = []
        while path:
            response = caller.get(path)
            assert response["X-Total-Count"] == "205"
            found.append(len(response.json()))
            names += [each["name"] for each in response.json()]
            following = re.search(r'<[^>]*/api/v1/([^>]*)>; rel="next"', response.get("Link", ""))
            path = following[1] if following else ""
        assert found == sizes
        assert sorted(names) == sorted(f"{kind} {n}" for n in range(205))


def test_a_key_of_another_app_or_of_the_workspace_is_none_of_this_app(
    caller: Caller, made: dict[str, Any], make_model: Any
) -> None:
    other = caller.post("apps/", {"model": str(make_model().pk), "name": "Other"}).json()
    key = caller.post(f"apps/{other['id']}/keys/", {"name": "Site"}).json()
    own = ApiKey.objects.get(app_id=None)
    for pk in (key["id"], own.pk):
        assert caller.delete(f"apps/{made['id']}/keys/{pk}/").status_code == 404
    assert not ApiKey.objects.exclude(revoked_at=None).exists()


def test_an_app_goes_with_its_links_and_keys(caller: Caller, made: dict[str, Any]) -> None:
    caller.post(f"apps/{made['id']}/links/")
    secret = caller.post(f"apps/{made['id']}/keys/", {"name": "Site"}).json()["secret"]
    assert caller.delete(f"apps/{made['id']}/").status_code == 204
    assert not App.objects.exists()
    assert not ShareLink.objects.exists()
    assert Caller(secret).client.get("/v1/models").status_code == 401


def test_results_and_models_are_deleted_once_nothing_rests_on_them(
    editor: Any, owner: Any, key_of: Any, make_run: Any, make_evaluation: Any
) -> None:
    caller = Caller(key_of(owner))
    run = make_run()
    evaluations = [make_evaluation(run.model_version), make_evaluation(None)]
    comparison = compare(actor=owner, evaluations=evaluations)
    first = evaluations[0].pk
    assert caller.delete(f"evaluations/{first}/").status_code == 400, "a comparison rests on it"
    assert Caller(key_of(editor)).delete(f"models/{run.model_version_id}/").status_code == 403
    assert caller.delete(f"comparisons/{comparison.pk}/").status_code == 400, "it waits for a worker"
    caller.post(f"jobs/{comparison.job_id}/stop/")
    assert caller.delete(f"comparisons/{comparison.pk}/").status_code == 204
    for one in evaluations:
        assert caller.delete(f"evaluations/{one.pk}/").status_code == 204
    assert not Evaluation.objects.exists() and not Comparison.objects.exists()
    assert caller.delete(f"models/{run.model_version_id}/").status_code == 204
    gone = caller.get(f"models/{run.model_version_id}/").json()
    assert (gone["is_ready"], gone["bytes"]) == (False, 0)
    assert caller.delete(f"models/{run.model_version_id}/").status_code == 400
