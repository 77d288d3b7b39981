"""Links that ask for a password: who gets in, how guessing slows down, and what a change of the password closes."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import redis
from django.core import signing
from django.test import Client
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from apps.core.errors import UserError
from apps.core.rate_limits import Guessing
from apps.publishing import link_passwords
from apps.publishing.models import ShareLink
from apps.publishing.services.links import create_share_link, set_link_password
from apps.workspaces.models import AuditEntry

pytestmark = pytest.mark.django_db

PASSWORD = "open sesame"


@pytest.fixture
def locked(app: Any, owner: Any) -> tuple[ShareLink, str]:
    """A link with a password, and its token."""
    return create_share_link(actor=owner, app=app, password=PASSWORD)


def unlock(client: Client, token: str, password: str = PASSWORD, **extra: Any) -> Any:
    return client.post(f"/a/{token}/unlock/", {"password": password}, **extra)


def is_asked(client: Client, token: str) -> bool:
    page = client.get(f"/a/{token}/").content.decode()
    return 'type="password"' in page and "Front desk" not in page


def test_the_password_opens_the_link_and_nothing_else_does(locked: Any) -> None:
    client, token = Client(), locked[1]
    assert is_asked(client, token)
    assert client.get(f"/a/{token}/act/").status_code == 405
    ask = {"type": "ask", "text": "Hello"}
    refused = client.post(
        f"/a/{token}/act/", ask, content_type="application/json", headers={"Accept": "application/json"}
    )
    assert refused.status_code == 404
    assert unlock(client, token).status_code == 302
    assert not is_asked(client, token)
    assert is_asked(Client(), token)


def test_the_password_is_hashed_and_shown_nowhere(locked: Any, client_for: Any, owner: Any, app: Any) -> None:
    link = ShareLink.objects.get(pk=locked[0].pk)
    assert PASSWORD not in link.password
    assert "$" in link.password
    page = client_for(owner).get(f"/apps/{app.pk}/").content.decode()
    assert link.password not in page
    assert "requires a password" in page
    assert PASSWORD not in json.dumps(list(AuditEntry.objects.values_list("changes", flat=True)))


def test_the_cookie_is_for_this_link_signed_and_hidden_from_scripts(
    locked: Any, app: Any, owner: Any
) -> None:
    link, token = locked
    client = Client()
    unlock(client, token)
    cookie = client.cookies[f"link-{link.pk.hex}"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["max-age"] == link_passwords.GRANTED_SECONDS
    other, other_token = create_share_link(actor=owner, app=app, password=PASSWORD)
    client.cookies[f"link-{other.pk.hex}"] = cookie.value
    assert is_asked(client, other_token)
    forger = Client()
    forger.cookies[f"link-{link.pk.hex}"] = signing.TimestampSigner(
        key="mine", salt="apps.publishing.link_passwords"
    ).sign(link_passwords._fingerprint(link))
    assert is_asked(forger, token)


def test_under_https_its_cookies_are_of_this_host_alone(locked: Any, settings: Any) -> None:
    settings.COOKIE_PREFIX, settings.SESSION_COOKIE_SECURE = "__Host-", True
    link, token = locked
    client = Client()
    unlock(client, token)
    assert not is_asked(client, token)
    for name in (f"__Host-link-{link.pk.hex}", "__Host-visitor"):
        cookie = client.cookies[name]
        assert (cookie["secure"], cookie["httponly"], cookie["path"], cookie["domain"]) == (
            True,
            True,
            "/",
            "",
        )


def test_a_grant_ends_by_itself(locked: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    client, token = Client(), locked[1]
    unlock(client, token)
    monkeypatch.setattr(link_passwords, "GRANTED_SECONDS", -1)
    assert is_asked(client, token)


def wrong_guesses(token: str, **extra: Any) -> Any:
    """As many wrong guesses as are free; the last answer."""
    answers = [unlock(Client(), token, "wrong", **extra) for _ in range(link_passwords.FROM_ONE_ADDRESS.free)]
    assert {answer.status_code for answer in answers} == {400}
    return answers[-1]


def test_guessing_slows_down_with_every_wrong_guess(locked: Any) -> None:
    client, token = Client(), locked[1]
    assert "password is wrong" in wrong_guesses(token).content.decode()
    # The right password is not looked at before its time either: an answer would tell that it is right.
    early = unlock(client, token)
    assert early.status_code == 429
    assert 1 <= int(early["Retry-After"]) <= 2
    assert is_asked(client, token)
    guessing, waits = link_passwords.FROM_ONE_ADDRESS, []
    for _ in range(guessing.free + 12):
        waits.append(guessing.begin("door"))
        guessing.was_wrong("door")
    assert waits[: guessing.free] == [0] * guessing.free
    assert waits[guessing.free + 1 :][:9] == [2, 4, 8, 16, 32, 64, 128, 256, 512]
    assert waits[-1] == 900


def test_a_classroom_behind_one_address_gets_in_though_some_mistype(locked: Any) -> None:
    token = locked[1]
    for pupil in range(30):
        if pupil % 3 == 0:
            assert unlock(Client(), token, "mistyped").status_code == 400
        assert unlock(Client(), token).status_code == 302


def test_of_many_guesses_at_once_no_more_are_looked_at_than_are_free(locked: Any) -> None:
    guessing = link_passwords.FROM_ONE_ADDRESS
    with ThreadPoolExecutor(16) as pool:
        waits = list(pool.map(lambda _: guessing.begin("door"), range(60)))
    assert guessing.free <= waits.count(0) <= guessing.free + 1


def test_headers_do_not_give_a_guesser_another_address(locked: Any) -> None:
    client, token = Client(), locked[1]
    wrong_guesses(token)
    again = unlock(
        client, token, "wrong", headers={"X-Forwarded-For": "198.51.100.1", "X-Real-IP": "198.51.100.2"}
    )
    assert again.status_code == 429


def test_one_guesser_does_not_keep_others_out(locked: Any) -> None:
    token = locked[1]
    wrong_guesses(token)
    assert unlock(Client(), token, "wrong").status_code == 429
    assert unlock(Client(REMOTE_ADDR="198.51.100.7"), token).status_code == 302


def test_guessing_from_many_addresses_slows_the_link_down(
    locked: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link_passwords, "FROM_ALL", Guessing(free=3, longest=30))
    token = locked[1]
    answers = [
        unlock(Client(REMOTE_ADDR=f"198.51.100.{number}"), token, "wrong").status_code for number in range(6)
    ]
    assert answers == [400, 400, 400, 429, 429, 429]


def test_without_redis_nobody_guesses(locked: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    nobody_listens: Any = redis.Redis.from_url("redis://127.0.0.1:9/0")
    monkeypatch.setattr("apps.core.rate_limits.sync_redis", lambda: nobody_listens)
    refused = unlock(Client(), locked[1])
    assert refused.status_code == 429
    assert "cannot be checked" in refused.content.decode()
    assert f"link-{locked[0].pk.hex}" not in refused.cookies


def test_another_password_closes_what_the_earlier_one_opened(locked: Any, owner: Any) -> None:
    link, token = locked
    client = Client()
    unlock(client, token)
    for password in (PASSWORD, "another password"):
        set_link_password(actor=owner, link=link, password=password)
        assert is_asked(client, token)
        assert unlock(client, token, password).status_code == 302
        assert not is_asked(client, token)
    set_link_password(actor=owner, link=link, password="")
    assert not is_asked(Client(), token)


def test_who_may_set_a_password(
    locked: Any, app: Any, client_for: Any, viewer: Any, editor: Any, outsider: Any
) -> None:
    link, token = locked
    address = f"/apps/{app.pk}/links/{link.pk}/password/"
    assert client_for(viewer).post(address, {"password": ""}).status_code == 403
    assert client_for(outsider).post(address, {"password": ""}).status_code == 404
    assert is_asked(Client(), token)
    assert client_for(editor).post(address, {"password": "short"}).status_code == 302
    assert is_asked(Client(), token)
    assert client_for(editor).post(address, {"password": ""}).status_code == 302
    assert not is_asked(Client(), token)
    assert AuditEntry.objects.filter(action="share_link.password_set", changes__password=False).count() == 1


def test_the_form_and_the_api_make_links_with_a_password(app: Any, client_for: Any, editor: Any) -> None:
    client = client_for(editor)
    assert client.post(f"/apps/{app.pk}/links/", {"name": "a", "password": "short"}).status_code == 422
    assert client.post(f"/apps/{app.pk}/links/", {"name": "a", "password": PASSWORD}).status_code == 302
    assert ShareLink.objects.get().password
    made = client.post(
        f"/api/v1/apps/{app.pk}/links/", {"password": PASSWORD}, content_type="application/json"
    )
    assert made.status_code == 201
    assert "password" not in made.json()
    assert is_asked(Client(), made.json()["url"].rstrip("/").rpartition("/")[2])


def test_a_password_that_is_too_short_is_refused_by_the_service(app: Any, owner: Any) -> None:
    with pytest.raises(UserError, match="8"):
        create_share_link(actor=owner, app=app, password="short")


def test_a_link_that_is_revoked_asks_nobody(locked: Any, owner: Any) -> None:
    from apps.publishing.services.links import revoke_share_link

    link, token = locked
    client = Client()
    unlock(client, token)
    revoke_share_link(actor=owner, link=link)
    assert client.get(f"/a/{token}/").status_code == 404
    assert unlock(client, token).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_sockets_ask_for_the_grant_and_close_when_the_password_changes(
    live_site: Any, locked: Any, owner: Any
) -> None:
    link, token = locked
    client = Client()
    client.cookies["visitor"] = signing.Signer(salt="apps.publishing.visitors").sign("somebody")
    address = live_site.url.replace("http", "ws") + f"/ws/a/{token}/"

    def cookies() -> dict[str, str]:
        return {"Cookie": "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())}

    with connect(address, origin=live_site.url, additional_headers=cookies()) as line:
        with pytest.raises(ConnectionClosed) as refused:
            line.recv(10)
        assert refused.value.rcvd.code == 4404
    unlock(client, token)
    with connect(address, origin=live_site.url, additional_headers=cookies()) as line:
        line.send("{}")
        assert '"refused"' in line.recv(10)
        set_link_password(actor=owner, link=link, password="another password")
        assert json.loads(line.recv(15)) == {"type": "closed"}
