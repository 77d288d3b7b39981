"""OpenID Connect against a real provider: a process of its own on the loopback, asked over HTTP."""

import re
from collections.abc import Callable
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.test import Client

from apps.accounts.models import User
from apps.workspaces.models import AuditEntry
from launcher.environment import free_port
from tests.apps.accounts.conftest import confirmed, is_in
from tests.fixtures.provider import signing_in_through
from tests.security.policy import assert_allowed, directives

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture
def provider(provider_url: str, settings: Any) -> Callable[..., Client]:
    """Go through the provider as the person with these claims; the client that came back, its last answer in `answer`."""
    settings.SOCIALACCOUNT_PROVIDERS = signing_in_through(provider_url)

    def through(sub: str, *, client: Client | None = None, process: str = "login", **claims: Any) -> Client:
        httpx.put(f"{provider_url}/users/{sub}", json=claims).raise_for_status()
        client = client or Client()
        address = led_to(client.post(f"/accounts/oidc/provider/login/?process={process}"))
        assert address.startswith(provider_url)
        back = httpx.post(address, data={"sub": sub})
        parts = urlsplit(back.headers["location"])
        assert parts.path == "/accounts/oidc/provider/login/callback/"
        client.answer = client.get(f"{parts.path}?{parts.query}")
        return client

    return through


def led_to(response: Any) -> str:
    """Where the page leads that answers the form of the provider."""
    assert response.status_code == 200
    found = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', response.content.decode())
    assert found
    return unescape(found[1])


def test_the_page_that_leads_on_needs_no_exception_of_the_policy(provider: Any, provider_url: str) -> None:
    """Browsers apply form-action to redirects, and a provider may let people sign in at any site: so none is made."""
    start = Client().post("/accounts/oidc/provider/login/")
    policy = directives(start["Content-Security-Policy"])
    assert policy["form-action"] == ["'self'"]
    assert parse_qs(urlsplit(led_to(start)).query)["client_id"] == ["maquette"]
    assert_allowed(start, "provider")


def test_the_sign_in_page_offers_it(provider: Any) -> None:
    assert "Continue with Company" in Client().get("/accounts/login/").content.decode()


def test_without_settings_there_is_no_such_way() -> None:
    assert "Continue with" not in Client().get("/accounts/login/").content.decode()
    assert Client().post("/accounts/oidc/provider/login/").status_code == 404


def test_a_verified_address_opens_the_account_that_has_it(provider: Any, person: User) -> None:
    client = provider("pia", email="pia@example.com", email_verified=True)
    assert is_in(client)
    assert SocialAccount.objects.get().user == person
    person.refresh_from_db()
    assert person.has_usable_password()
    assert AuditEntry.objects.filter(action="user.signed_in", actor=person).exists()


@pytest.mark.parametrize("verification", ["none", "mandatory"])
@pytest.mark.parametrize("sign_up", ["closed", "open"])
@pytest.mark.parametrize("claim", [{"email_verified": False}, {}])
def test_an_unverified_address_takes_over_no_account(
    provider: Any, person: User, settings: Any, verification: str, sign_up: str, claim: dict[str, bool]
) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION, settings.SIGN_UP = verification, sign_up
    client = provider("mallory", email="pia@example.com", **claim)
    assert not is_in(client)
    assert not SocialAccount.objects.exists()
    assert User.objects.count() == 1
    assert EmailAddress.objects.filter(user=person, verified=True).exists()


def test_closed_nobody_new_comes_in(provider: Any) -> None:
    client = provider("nia", email="nia@example.com", email_verified=True)
    assert "created by an administrator" in client.answer.content.decode()
    assert not User.objects.exists()


def test_open_somebody_new_gets_an_account_and_comes_back_to_it(
    provider: Any, settings: Any, mails_out: None
) -> None:
    settings.SIGN_UP = "open"
    assert is_in(provider("nia", email="Nia@Example.com", email_verified=True, name="Nia N."))
    user = User.objects.get()
    assert (user.email, user.name, user.has_usable_password()) == ("nia@example.com", "Nia N.", False)
    assert is_in(provider("nia", email="changed-there@example.com", email_verified=True))
    assert User.objects.count() == 1


def test_open_an_unverified_address_must_be_proved_first(
    provider: Any, settings: Any, mails_out: None
) -> None:
    settings.SIGN_UP = "open"
    assert not is_in(provider("uma", email="uma@example.com", email_verified=False))
    assert not EmailAddress.objects.filter(verified=True).exists()


def test_an_invitation_for_one_address_makes_no_account_for_another(
    provider: Any, settings: Any, mails_out: None, owner: User, workspace: Any
) -> None:
    from apps.workspaces.team.invitations import create_invitation

    settings.SIGN_UP = "invitation"
    _row, token = create_invitation(actor=owner, workspace=workspace, role="viewer", email="nia@example.com")
    client = Client()
    client.get(f"/workspace/join/{token}/")
    provider("mallory", client=client, email="mallory@example.com", email_verified=True)
    assert not User.objects.filter(email="mallory@example.com").exists()
    provider("nia2", client=client, email="nia@example.com", email_verified=True)
    assert is_in(client)


def test_one_link_makes_one_account_through_the_provider_too(
    provider: Any, settings: Any, owner: Any, workspace: Any
) -> None:
    from apps.workspaces.team.invitations import create_invitation

    settings.SIGN_UP = "invitation"
    _row, token = create_invitation(actor=owner, workspace=workspace, role="viewer")
    clients = [Client(), Client()]
    for client, name in zip(clients, ("nia", "max"), strict=True):
        client.get(f"/workspace/join/{token}/")
        provider(name, client=client, email=f"{name}@example.com", email_verified=True)
    assert [is_in(client) for client in clients] == [True, False]
    assert not User.objects.filter(email="max@example.com").exists()


def test_two_step_sign_in_is_asked_here_all_the_same(provider: Any, person: User) -> None:
    Authenticator.objects.create(user=person, type="totp", data={"secret": "x"})
    client = provider("pia", email="pia@example.com", email_verified=True)
    assert client.answer["Location"].startswith("/accounts/two-step/code/")
    assert not is_in(client)


def test_it_is_connected_and_disconnected_in_the_account(provider: Any, person: User, sign_in: Any) -> None:
    client = provider(
        "somebody-at-work", client=confirmed(sign_in()), process="connect", email="p@work.example.com"
    )
    account = SocialAccount.objects.get(user=person)
    assert "Company" in client.get("/accounts/connected/").content.decode()
    assert is_in(provider("somebody-at-work"))
    client.post("/accounts/connected/", {"account": account.pk})
    assert not SocialAccount.objects.exists()
    actions = set(AuditEntry.objects.filter(actor=person).values_list("action", flat=True))
    assert {"user.provider_connected", "user.provider_removed"} <= actions


def test_an_answer_that_nobody_asked_for_is_refused(provider: Any, provider_url: str, person: User) -> None:
    """A callback with a code of the attacker, or with a state of another browser, signs nobody in."""
    started = Client()
    location = led_to(started.post("/accounts/oidc/provider/login/"))
    httpx.put(f"{provider_url}/users/pia", json={"email": person.email, "email_verified": True})
    back = urlsplit(httpx.post(location, data={"sub": "pia"}).headers["location"])
    victim = Client()
    victim.get(f"{back.path}?{back.query}")
    assert not is_in(victim)
    code = parse_qs(back.query)["code"][0]
    started.get(back.path, {"code": code, "state": "made-up"})
    assert not is_in(started)
    asked = parse_qs(urlsplit(location).query)
    assert asked["code_challenge_method"] == ["S256"]


def test_a_provider_that_is_away_is_said_in_words(settings: Any) -> None:
    app = {"provider_id": "provider", "name": "Away", "client_id": "m", "secret": "s"}
    app["settings"] = {"server_url": f"http://127.0.0.1:{free_port()}"}
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [app]}}
    response = Client().post("/accounts/oidc/provider/login/")
    assert "could not be reached" in response.content.decode()


@pytest.mark.parametrize("claim", ["false", "true", "", 1, None, ["x"]])
def test_only_true_is_a_verified_address(provider: Any, person: User, claim: Any) -> None:
    """The claim is a boolean; some providers write it as text, where "false" would count as true."""
    assert not is_in(provider("mallory", email="pia@example.com", email_verified=claim))
    assert not SocialAccount.objects.exists()


def test_who_really_has_an_address_does_not_land_in_the_account_of_who_claims_it(
    provider: Any, person: User, sign_in: Any, settings: Any, mails_out: None
) -> None:
    """Pia asks to change to Nia's address; Nia comes from the provider, which knows that it is hers."""
    settings.SIGN_UP = "open"
    confirmed(sign_in()).post("/accounts/email/", {"email": "nia@example.com", "action_add": ""})
    assert EmailAddress.objects.filter(user=person, email="nia@example.com").exists()
    client = provider("nia", email="nia@example.com", email_verified=True)
    assert is_in(client)
    assert client.session["_auth_user_id"] != str(person.pk)
    person.refresh_from_db()
    assert person.has_usable_password()
    assert not EmailAddress.objects.filter(user=person, email="nia@example.com").exists()


def test_an_account_that_somebody_prepared_with_a_foreign_address_lets_them_in_no_more(
    provider: Any, settings: Any, mails_out: None
) -> None:
    """Mallory signs up with Nia's address and waits for her; nothing that Mallory knows opens the account then."""
    settings.SIGN_UP = "open"
    form = {"email": "nia@example.com", "name": "", "password1": "mallorys own words"}
    Client().post("/accounts/signup/", {**form, "password2": form["password1"]})
    provider("nia", email="nia@example.com", email_verified=True)
    prepared = User.objects.get(email="nia@example.com")
    assert not prepared.has_usable_password()
    thief = Client()
    thief.post("/accounts/login/", {"login": "nia@example.com", "password": form["password1"]})
    assert not is_in(thief)


def test_by_invitation_the_provider_alone_makes_nobody_an_account(provider: Any, settings: Any) -> None:
    settings.SIGN_UP = "invitation"
    client = provider("nia", email="nia@example.com", email_verified=True)
    assert "by invitation" in client.answer.content.decode()
    client.post("/accounts/connected/signup/", {"email": "nia@example.com"})
    assert not User.objects.exists()


def test_who_has_nothing_but_the_provider_signs_in_there_again_before_a_change(
    provider: Any, settings: Any, mails_out: None
) -> None:
    settings.SIGN_UP = "open"
    client = provider("nia", email="nia@example.com", email_verified=True)
    assert client.get("/accounts/passkeys/add/").status_code == 200, "they came just now"
    session = client.session
    session["account_authentication_methods"] = [
        {**record, "at": record["at"] - 301} for record in session["account_authentication_methods"]
    ]
    session.save()
    for path in ("passkeys/add", "two-step/app/add", "password/set", "delete", "email", "export/download"):
        answer = client.post(f"/accounts/{path}/", {"email": "x@example.com", "action_add": ""})
        assert answer["Location"].startswith("/accounts/reauthenticate/provider/"), path
    page = client.get("/accounts/reauthenticate/provider/?next=/accounts/passkeys/add/").content.decode()
    form = re.search(r'action="(/accounts/oidc/provider/login/[^"]+)"', page)
    assert form
    address = led_to(client.post(unescape(form[1])))
    assert parse_qs(urlsplit(address).query)["prompt"] == ["login"]
    back = urlsplit(httpx.post(address, data={"sub": "nia"}).headers["location"])
    assert client.get(f"{back.path}?{back.query}")["Location"] == "/accounts/passkeys/add/"
    assert client.get("/accounts/passkeys/add/").status_code == 200


def test_the_page_that_asks_for_it_leads_to_no_other_site(provider: Any, settings: Any) -> None:
    settings.SIGN_UP = "open"
    client = provider("nia", email="nia@example.com", email_verified=True)
    page = client.get("/accounts/reauthenticate/provider/?next=//evil.example/").content.decode()
    form = re.search(r'action="(/accounts/oidc/provider/login/[^"]+)"', page)
    assert form
    assert "evil.example" not in form[1]
    address = led_to(
        client.post("/accounts/oidc/provider/login/?next=https://evil.example/&process=redirect")
    )
    back = urlsplit(httpx.post(address, data={"sub": "nia"}).headers["location"])
    assert "evil" not in client.get(f"{back.path}?{back.query}").get("Location", "")
