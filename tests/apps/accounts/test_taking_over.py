"""What somebody could try to get hold of another's account, or to be taken for them."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urljoin

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client
from django.urls import reverse

from apps.accounts import services
from apps.accounts.models import User
from apps.core.errors import UserError
from tests.apps.accounts.conftest import PASSWORD, confirmed, is_in, is_verified, link_in
from tests.apps.accounts.test_passwords import NEW, use_link

pytestmark = pytest.mark.django_db

SignIn = Callable[..., Client]
MISTYPED = "pai@example.com"
ELSEWHERE = (
    "https://evil.example/",
    "//evil.example/",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "https:evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    " //evil.example",
    "http://testserver@evil.example/",
    "http://testserver.evil.example/",
    "%2F%2Fevil.example",
)


@pytest.fixture
def mistyped(person: User, sign_in: SignIn) -> Client:
    """Pia asked to change to an address that is somebody else's."""
    client = confirmed(sign_in())
    client.post("/accounts/email/", {"email": MISTYPED, "action_add": ""})
    assert EmailAddress.objects.filter(email=MISTYPED, verified=False).exists()
    mail.outbox.clear()
    return client


def test_who_has_the_mistyped_address_gets_no_link_to_the_account(mistyped: Client) -> None:
    Client().post("/accounts/password/reset/", {"email": MISTYPED})
    (message,) = mail.outbox
    assert "No account uses this address" in str(message.body)


def test_who_has_the_mistyped_address_can_make_an_account_with_it(
    mistyped: Client, person: User, settings: Any, mails_out: None
) -> None:
    settings.SIGN_UP = "open"
    form = {"email": MISTYPED, "name": "", "password1": "quite long words", "password2": "quite long words"}
    Client().post("/accounts/signup/", form)
    assert User.objects.filter(email=MISTYPED).exists()
    Client().post(link_in(mail.outbox[0]))
    assert is_verified(MISTYPED)
    assert User.objects.get(pk=person.pk).email == "pia@example.com"


def test_an_old_link_takes_no_address_from_an_account_that_has_it_meanwhile(
    person: User, sign_in: SignIn
) -> None:
    client = confirmed(sign_in())
    client.post("/accounts/email/", {"email": MISTYPED, "action_add": ""})
    link = link_in(mail.outbox[-1])
    User.objects.create_user(MISTYPED, PASSWORD)
    response = client.post(link, follow=True)
    assert response.status_code == 200
    assert User.objects.get(pk=person.pk).email == "pia@example.com"
    assert not EmailAddress.objects.filter(email=MISTYPED, verified=True).exists()


@pytest.mark.parametrize("next_url", ELSEWHERE)
def test_no_page_leads_to_another_site(person: User, sign_in: SignIn, next_url: str) -> None:
    asked = f"?next={quote(next_url)}"
    answers = [
        Client().post(f"/accounts/login/{asked}", {"login": person.email, "password": PASSWORD}),
        Client().post("/accounts/login/", {"login": person.email, "password": PASSWORD, "next": next_url}),
        sign_in().get(f"/accounts/login/{asked}"),
        sign_in().get(f"/accounts/signup/{asked}"),
        sign_in().post("/accounts/logout/", {"next": next_url}),
        sign_in().post(f"/accounts/reauthenticate/{asked}", {"password": PASSWORD}),
        sign_in().post(f"/accounts/password/change/{asked}", {"oldpassword": PASSWORD, **NEW}),
        Client().post(reverse("set_language"), {"language": "en", "next": next_url}),
        Client().get(f"/accounts/logout/{asked}"),
    ]
    for response in answers:
        # Browsers take a backslash for a slash.
        leads_to = response.get("Location", "/").replace("\\", "/")
        assert urljoin("http://testserver/", leads_to).startswith("http://testserver/"), response


BROKEN = [
    *("", "null", "[]", "1", '"x"', "{}", '{"response": null}', '{"response": {"userHandle": null}}', "{"),
    json.dumps({"id": "x", "rawId": "x", "type": "public-key", "response": {"userHandle": "bnVsbA"}}),
    json.dumps(
        {
            "id": "eA",
            "rawId": "eA",
            "type": "public-key",
            "response": {
                "clientDataJSON": "e30",
                "authenticatorData": "AAAA",
                "signature": "AA",
                "userHandle": "_w",
            },
        }
    ),
]


@pytest.mark.parametrize("credential", BROKEN)
def test_a_passkey_that_is_none_signs_nobody_in_and_breaks_nothing(person: User, credential: str) -> None:
    client = Client()
    client.get("/accounts/passkeys/login/", headers={"accept": "application/json"})
    response = client.post("/accounts/passkeys/login/", {"credential": credential})
    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/login/")
    assert not is_in(client)


def test_a_passkey_is_asked_for_without_naming_anybody(person: User) -> None:
    """The challenge is the same for everybody: it lists no key of anybody's."""
    answer = Client().get("/accounts/passkeys/login/", headers={"accept": "application/json"}).json()
    options = answer["request_options"]["publicKey"]
    assert not options.get("allowCredentials")
    assert options["userVerification"] == "required"


def test_an_invitation_says_the_same_of_an_address_with_an_account_and_without(
    person: User, owner: User, workspace: Any
) -> None:
    from apps.workspaces.team.invitations import create_invitation

    pages = []
    for email in (person.email, "nobody@example.com"):
        _row, token = create_invitation(actor=owner, workspace=workspace, role="viewer", email=email)
        page = Client().get(f"/workspace/join/{token}/")
        assert email not in page.content.decode()
        pages.append((page.status_code, len(page.content)))
    assert pages[0] == pages[1]


@pytest.mark.parametrize(
    "path",
    [
        "two-step/app/add",
        "two-step/codes/new",
        "passkeys/add",
        "email",
        "delete",
        "export/download",
        "connected",
    ],
)
def test_a_browser_left_open_changes_nothing_about_signing_in(
    person: User, sign_in: SignIn, path: str
) -> None:
    """Whatever adds, changes or removes a way in asks for the password first."""
    client = sign_in()
    fields = {"email": "thief@example.com", "action_add": "", "code": "123456", "credential": "{}"}
    if path == "connected":
        from allauth.socialaccount.models import SocialAccount

        fields["account"] = str(SocialAccount.objects.create(user=person, provider="provider", uid="1").pk)
    response = client.post(f"/accounts/{path}/", fields)
    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/reauthenticate/"), response["Location"]
    assert not EmailAddress.objects.filter(email="thief@example.com").exists()


def test_a_short_password_is_refused_wherever_one_is_made(person: User) -> None:
    """Eleven characters; the pages are tested beside what else they do."""
    with pytest.raises(UserError):
        services.create_user(email="n@example.com", password="eleven char")
    with pytest.raises(UserError):
        services.reset_password(email=person.email, password="eleven char")
    mail.outbox.clear()
    Client().post("/accounts/password/reset/", {"email": person.email})
    address = link_in(mail.outbox[0])
    client = Client()
    form = client.get(address)["Location"]
    short = {"password1": "eleven char", "password2": "eleven char"}
    assert "at least 12 characters" in client.post(form, short).content.decode()
    assert use_link(address).status_code == 302
