"""Who may make an account, and that nobody learns here who has one."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test import Client

from apps.accounts.models import User
from apps.workspaces.models import AuditEntry, Invitation, Membership
from apps.workspaces.team.invitations import create_invitation
from tests.apps.accounts.conftest import confirmed, is_in, is_verified, link_in
from tests.apps.workspaces.usage.test_ledger import at_once, parallel

pytestmark = pytest.mark.django_db

FORM = {
    "email": "New@Example.com",
    "name": "Nia",
    "password1": "quite long words",
    "password2": "quite long words",
}


def test_closed_nobody_makes_an_account() -> None:
    client = Client()
    assert "created by an administrator" in client.get("/accounts/signup/").content.decode()
    client.post("/accounts/signup/", FORM)
    assert not User.objects.exists()
    assert "/accounts/signup/" not in client.get("/accounts/login/").content.decode()


@pytest.mark.parametrize("mode", ["closed", "invitation"])
def test_whoever_is_invited_is_told_how_to_come_to_an_account(
    settings: Any, mails_out: None, admin: Any, workspace: Any, client_for: Any, mode: str
) -> None:
    settings.SIGN_UP = mode
    _invitation, token = create_invitation(actor=admin, workspace=workspace, role="viewer")
    page = Client().get(f"/workspace/join/{token}/").content.decode()
    is_closed = mode == "closed"
    assert ("/accounts/signup/" in page) is not is_closed
    assert ("ask an administrator of this studio for one" in page) is is_closed
    members = client_for(admin).get("/workspace/").content.decode()
    assert ("An administrator creates it" in members) is is_closed


def test_open_an_account_works_once_its_address_is_proved(settings: Any, mails_out: None) -> None:
    settings.SIGN_UP = "open"
    client = Client()
    assert "/accounts/signup/" in client.get("/accounts/login/").content.decode()
    assert client.post("/accounts/signup/", FORM)["Location"] == "/accounts/confirm-email/"
    user = User.objects.get()
    assert (user.email, user.name, user.is_staff) == ("new@example.com", "Nia", False)
    assert not is_in(client)
    other = Client()
    other.post("/accounts/login/", {"login": user.email, "password": FORM["password1"]})
    assert not is_in(other)
    address = link_in(mail.outbox[0])
    assert Client().get(address).status_code == 200
    assert not is_verified(user.email), "opening a link (as mail scanners do) confirms nothing"
    Client().post(address)
    assert is_verified(user.email)
    other.post("/accounts/login/", {"login": user.email, "password": FORM["password1"]})
    assert is_in(other)
    actions = set(AuditEntry.objects.filter(object_id=str(user.pk)).values_list("action", flat=True))
    assert actions == {"user.signed_up", "user.email_verified", "user.signed_in"}


def test_signing_in_after_signing_up_tells_nothing_either(
    settings: Any, mails_out: None, person: User, sign_in: Callable[..., Client]
) -> None:
    """Whoever signs up with an address knows the password of the account that this makes, if it makes one."""
    settings.SIGN_UP = "open"
    sign_in(password="wrong")  # what is cached is cached
    answers = []
    for email in ("pia@example.com", "nobody@example.com"):
        Client().post("/accounts/signup/", {**FORM, "email": email})
        client = sign_in(email, FORM["password1"])
        answers.append(
            (client.answer.status_code, _bare(client.answer).replace(email, ""), sorted(client.cookies))
        )
    assert answers[0] == answers[1]
    assert "is not confirmed yet" in answers[0][1]


def test_who_signs_in_before_the_address_is_proved_gets_another_link(
    settings: Any, mails_out: None, sign_in: Callable[..., Client]
) -> None:
    settings.SIGN_UP = "open"
    Client().post("/accounts/signup/", FORM)
    for _ in range(2):
        assert not is_in(sign_in("New@example.com", FORM["password1"]))
    sign_in("new@example.com", "a wrong password")
    _first, second = mail.outbox  # one every three minutes
    Client().post(link_in(second))
    assert is_in(sign_in("new@example.com", FORM["password1"]))


def test_nobody_signs_in_with_an_address_that_they_only_claim(
    settings: Any, mails_out: None, person: User, sign_in: Callable[..., Client]
) -> None:
    client = confirmed(sign_in())
    client.post("/accounts/email/", {"email": "owned@example.com", "action_add": ""})
    assert not is_in(sign_in("owned@example.com"))
    assert is_in(sign_in())


@pytest.mark.parametrize("invited", ["new@example.com", ""])
def test_by_invitation_whoever_holds_an_open_one(
    settings: Any, mails_out: None, owner: Any, workspace: Any, invited: str
) -> None:
    settings.SIGN_UP = "invitation"
    client = Client()
    client.post("/accounts/signup/", FORM)
    assert not User.objects.filter(email="new@example.com").exists()
    _invitation, token = create_invitation(actor=owner, workspace=workspace, role="editor", email=invited)
    client.get(f"/workspace/join/{token}/")
    refused = client.post("/accounts/signup/", {**FORM, "email": "somebody-else@example.com"})
    assert ("for another address" in refused.content.decode()) is bool(invited)
    assert User.objects.filter(email="somebody-else@example.com").exists() is not bool(invited)
    if invited:
        client.post("/accounts/signup/", FORM)
        assert User.objects.filter(email="new@example.com").exists()


@pytest.fixture
def link(settings: Any, mails_out: None, owner: Any, workspace: Any) -> str:
    """Where an invitation without an address is opened, in a studio that lets nobody else sign up."""
    settings.SIGN_UP = "invitation"
    return f"/workspace/join/{create_invitation(actor=owner, workspace=workspace, role='editor')[1]}/"


def _signs_up(link: str, email: str) -> Client:
    client = Client()
    client.get(link)
    client.post("/accounts/signup/", {**FORM, "email": email})
    return client


def test_one_link_makes_one_account(link: str, workspace: Any) -> None:
    late = Client()
    late.get(link)
    first = _signs_up(link, "First@Example.com")
    assert Invitation.objects.get().email == "first@example.com"
    refused = late.post("/accounts/signup/", {**FORM, "email": "second@example.com"})
    assert "for another address" in refused.content.decode()
    _signs_up(link, "third@example.com")
    first.post("/accounts/signup/", {**FORM, "email": "fourth@example.com"})
    assert [user.email for user in User.objects.exclude(email__startswith="owner")] == ["first@example.com"]
    assert AuditEntry.objects.filter(action="invitation.claimed", workspace=workspace).count() == 1
    first.post(link_in(mail.outbox[0]))
    first.post("/accounts/login/", {"login": "first@example.com", "password": FORM["password1"]})
    first.post(link)
    assert Membership.objects.get(user__email="first@example.com").workspace == workspace


def test_a_link_that_was_signed_up_with_takes_no_other_member(
    link: str, outsider: User, client_for: Any
) -> None:
    _signs_up(link, "first@example.com")
    refused = client_for(outsider).post(link)
    assert refused.status_code == 422
    assert "another e-mail address" in refused.content.decode()


def test_a_link_tells_nobody_who_has_an_account(
    link: str, outsider: User, owner: Any, workspace: Any
) -> None:
    """It is taken alike by an address that has one."""
    other = create_invitation(actor=owner, workspace=workspace, role="editor")[1]
    for address, email in ((link, outsider.email), (f"/workspace/join/{other}/", "nobody@example.com")):
        _signs_up(address, email)
        assert Invitation.objects.filter(email=email).count() == 1
        assert (
            "for another address"
            in _signs_up(address, "x@example.com").post("/accounts/signup/", FORM).content.decode()
        )


@pytest.mark.django_db(transaction=True)
@parallel
def test_of_many_who_sign_up_with_one_link_at_once_one_gets_an_account(link: str, owner: Any) -> None:
    clients = [Client() for _ in range(8)]
    for client in clients:
        client.get(link)
    at_once(lambda n: clients[n].post("/accounts/signup/", {**FORM, "email": f"p{n}@example.com"}))
    assert User.objects.exclude(pk=owner.pk).count() == 1


@pytest.mark.django_db(transaction=True)
def test_nobody_waits_for_the_database_while_a_password_is_hashed(
    settings: Any, mails_out: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite lets one transaction write at a time, and hashing is slow on purpose."""
    from django.contrib.auth.hashers import MD5PasswordHasher

    settings.SIGN_UP = "open"
    inside: list[bool] = []
    encode = MD5PasswordHasher.encode

    def noted(self: Any, password: str, salt: str) -> str:
        inside.append(connection.in_atomic_block)
        return encode(self, password, salt)

    monkeypatch.setattr(MD5PasswordHasher, "encode", noted)
    Client().post("/accounts/signup/", FORM)
    assert inside == [False]
    assert User.objects.get().check_password(FORM["password1"])


def _bare(response: Any) -> str:
    """The body without what differs from request to request."""
    body = re.sub(
        r'(csrfmiddlewaretoken" value|nonce|X-CSRFToken": )[=" ]+[^"]+', "", response.content.decode()
    )
    return re.sub(r"[\w.-]+@example\.com", "ADDRESS", body)


def _both(path: str, fields: Callable[[str], dict[str, str]]) -> list[tuple[Any, ...]]:
    answers = []
    for email in ("pia@example.com", "nobody@example.com"):
        client = Client()
        response = client.post(path, fields(email))
        after = client.get(response["Location"]) if response.status_code == 302 else response
        answers.append((response.status_code, response.get("Location"), _bare(after), sorted(client.cookies)))
    return answers


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/accounts/login/", lambda email: {"login": email, "password": "wrong"}),
        ("/accounts/password/reset/", lambda email: {"email": email}),
        ("/accounts/signup/", lambda email: {**FORM, "email": email}),
    ],
)
def test_an_address_with_an_account_is_answered_as_one_without(
    settings: Any, mails_out: None, person: User, path: str, fields: Callable[[str], dict[str, str]]
) -> None:
    settings.SIGN_UP = "open"
    known, unknown = _both(path, fields)
    assert known == unknown
    if "login" not in path:
        assert [message.to for message in mail.outbox] == [["pia@example.com"], ["nobody@example.com"]]


@pytest.mark.parametrize(
    ("path", "fields"),
    [("/accounts/login/", {"password": "wrong"}), ("/accounts/signup/", FORM)],
)
def test_known_and_unknown_addresses_cost_the_same_hashes(
    person: User,
    settings: Any,
    mails_out: None,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    fields: dict[str, str],
) -> None:
    """So that the time that an answer takes tells nothing."""
    from django.contrib.auth.hashers import MD5PasswordHasher

    settings.SIGN_UP = "open"
    hashed: list[str] = []
    encode = MD5PasswordHasher.encode

    def counted(self: Any, password: str, salt: str) -> str:
        hashed.append(password)
        return encode(self, password, salt)

    monkeypatch.setattr(MD5PasswordHasher, "encode", counted)
    counts = []
    for email in ("pia@example.com", "nobody@example.com"):
        hashed.clear()
        Client().post(path, {**fields, "email": email, "login": email})
        counts.append(len(hashed))
    assert counts == [1, 1]


def test_accounts_made_by_set_up_are_not_locked_out(mails_out: None) -> None:
    form = {
        "token": "the-set-up-token",
        "email": "first@example.com",
        "password": "a good pass phrase",
        "name": "",
    }
    client = Client()
    assert client.post("/setup/", {**form, "workspace": "W"}).status_code == 302
    assert is_in(client)
    again = Client()
    again.post("/accounts/login/", {"login": "first@example.com", "password": "a good pass phrase"})
    assert is_in(again)
    assert not mail.outbox


def test_an_administrator_vouches_for_the_account_they_make(
    mails_out: None, owner: Any, client_for: Any
) -> None:
    sent = {
        "email": "Hired@example.com",
        "name": "",
        "usable_password": "true",
        "password1": "quite long words",
    }
    response = client_for(owner).post("/admin/accounts/user/add/", {**sent, "password2": "quite long words"})
    assert response.status_code == 302
    client = Client()
    client.post("/accounts/login/", {"login": "hired@example.com", "password": "quite long words"})
    assert is_in(client)
