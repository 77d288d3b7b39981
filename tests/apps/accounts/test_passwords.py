"""Changing, forgetting and guessing passwords."""

import unicodedata
from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from django.core.cache import cache
from django.test import Client

from apps.accounts.models import User
from apps.workspaces.models import AuditEntry
from tests.apps.accounts.conftest import PASSWORD, is_in, link_in

pytestmark = pytest.mark.django_db

NEW = {"password1": "another long password", "password2": "another long password"}
SignIn = Callable[..., Client]


def ask_for_link(email: str = "pia@example.com", **headers: str) -> str:
    mail.outbox.clear()
    Client().post("/accounts/password/reset/", {"email": email}, **headers)
    return link_in(mail.outbox[0])


def use_link(address: str) -> Any:
    """Open a reset link as a browser does and send the new password; the last answer."""
    client = Client()
    response = client.get(address)
    form = response["Location"] if response.status_code == 302 else address
    return client.post(form, NEW)


def works(email: str, password: str) -> bool:
    client = Client()
    client.post("/accounts/login/", {"login": email, "password": password})
    return is_in(client)


def test_a_reset_link_sets_the_password_once_and_ends_every_session(person: User, sign_in: SignIn) -> None:
    before = sign_in()
    assert is_in(before)
    address = ask_for_link()
    assert use_link(address)["Location"] == "/accounts/password/reset/key/done/"
    assert works(person.email, NEW["password1"])
    assert not works(person.email, PASSWORD)
    assert not is_in(before)
    assert "no longer works" in use_link(address).content.decode()
    assert AuditEntry.objects.filter(action="user.password_reset", object_id=str(person.pk)).count() == 1
    assert "was reset" in str(mail.outbox[-1].body)


@pytest.mark.parametrize(
    "token", ["", "null", "None", "0", "undefined", "set-password", "a-b", "%00", "a" * 500]
)
def test_a_token_that_is_none_is_refused(person: User, token: str) -> None:
    uid = ask_for_link().split("/key/")[1].partition("-")[0]
    for address in (
        f"/accounts/password/reset/key/{uid}-{token}/",
        f"/accounts/password/reset/key/null-{token}/",
    ):
        response = use_link(address)
        assert response.status_code in (200, 404)
        assert "Location" not in response
    assert works(person.email, PASSWORD)


def test_a_token_of_somebody_else_is_refused(person: User, outsider: User) -> None:
    uid = ask_for_link(outsider.email).split("/key/")[1].partition("-")[0]
    token = ask_for_link().split("/key/")[1].partition("-")[2]
    use_link(f"/accounts/password/reset/key/{uid}-{token}")
    assert works(outsider.email, "outsider-password")


def test_an_old_token_is_refused(person: User, settings: Any) -> None:
    address = ask_for_link()
    assert settings.PASSWORD_RESET_TIMEOUT == 3600
    settings.PASSWORD_RESET_TIMEOUT = -1
    assert "no longer works" in use_link(address).content.decode()
    assert works(person.email, PASSWORD)


def test_a_token_from_before_the_password_changed_is_refused(person: User, sign_in: SignIn) -> None:
    address = ask_for_link()
    sign_in().post("/accounts/password/change/", {"oldpassword": PASSWORD, **NEW})
    assert "no longer works" in use_link(address).content.decode()


def test_the_link_leads_here_whatever_host_was_asked(person: User, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    ask_for_link(headers={"host": "evil.example"})
    assert "evil.example" not in str(mail.outbox[0].body) + mail.outbox[0].subject


def test_changing_the_password_ends_the_other_sessions(person: User, sign_in: SignIn) -> None:
    here, there = sign_in(), sign_in()
    wrong = here.post("/accounts/password/change/", {"oldpassword": "guess", **NEW})
    assert wrong.status_code == 200
    assert works(person.email, PASSWORD)
    here.post("/accounts/password/change/", {"oldpassword": PASSWORD, **NEW})
    assert is_in(here)
    assert not is_in(there)
    assert AuditEntry.objects.filter(action="user.password_changed", actor=person).count() == 1


def test_an_administrator_who_sets_a_password_ends_sessions_too(
    person: User, sign_in: SignIn, owner: User, client_for: Any
) -> None:
    there = sign_in()
    sent = {**NEW, "usable_password": "true", "set-password": ""}
    response = client_for(owner).post(f"/admin/accounts/user/{person.pk}/password/", sent)
    assert response.status_code == 302
    assert not is_in(there)
    assert AuditEntry.objects.filter(action="user.password_reset", actor=owner).count() == 1


def test_a_weak_password_is_refused(person: User, sign_in: SignIn) -> None:
    client = sign_in()
    for weak in ("short", "eleven char", "password1234", "pia@example.com"):
        sent = {"oldpassword": PASSWORD, "password1": weak, "password2": weak}
        assert client.post("/accounts/password/change/", sent).status_code == 200
        assert not works(person.email, weak)


def test_guessing_is_slowed_down_for_the_account_whatever_host_is_asked(
    person: User, settings: Any, sign_in: SignIn
) -> None:
    settings.ACCOUNT_RATE_LIMITS = {}
    settings.ALLOWED_HOSTS = ["*"]
    for number in range(5):
        assert not is_in(sign_in(password="guess", headers={"host": f"h{number}.example"}))
    late = sign_in()
    assert "Too many attempts" in late.answer.content.decode()
    assert not is_in(late)
    cache.clear()
    assert is_in(sign_in())


def test_who_guesses_does_not_keep_the_owner_out(person: User, settings: Any, sign_in: SignIn) -> None:
    """A browser that signed in before is counted apart, and one in which a new password was just set."""
    settings.ACCOUNT_RATE_LIMITS = {}
    owners = sign_in()
    owners.post("/accounts/logout/")
    for _ in range(6):
        sign_in(password="guess")
    assert not is_in(sign_in()), "elsewhere even the right password has to wait"
    owners.post("/accounts/login/", {"login": "Pia@Example.com", "password": PASSWORD})
    assert is_in(owners)
    somewhere_new = Client()
    address = ask_for_link()
    somewhere_new.post(somewhere_new.get(address)["Location"], NEW)
    for _ in range(6):
        sign_in(password="guess")
    somewhere_new.post("/accounts/login/", {"login": person.email, "password": NEW["password1"]})
    assert is_in(somewhere_new)


def test_a_known_browser_may_not_guess_either(person: User, settings: Any, sign_in: SignIn) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"login_failed": "5/5m/key"}
    stolen = sign_in()
    stolen.post("/accounts/logout/")
    for _ in range(6):
        stolen.post("/accounts/login/", {"login": person.email, "password": "guess"})
    stolen.post("/accounts/login/", {"login": person.email, "password": PASSWORD})
    assert not is_in(stolen)
    assert is_in(sign_in())


def test_the_cookie_of_a_browser_is_for_its_addresses_and_signed(
    person: User, settings: Any, sign_in: SignIn
) -> None:
    settings.ACCOUNT_RATE_LIMITS = {}
    User.objects.create_user("mallory@example.com", PASSWORD)
    own = sign_in("mallory@example.com")
    cookie = own.cookies["device"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert "mallory" not in cookie.value
    for value in (cookie.value, cookie.value[:-2], "null", "WyJhIl0:1:x"):
        for _ in range(6):
            sign_in(password="guess")
        client = Client()
        client.cookies["device"] = value
        client.post("/accounts/login/", {"login": person.email, "password": PASSWORD})
        assert not is_in(client)


@pytest.mark.parametrize(("path", "most"), [("/accounts/password/reset/", 5), ("/accounts/signup/", 20)])
def test_asking_too_often_is_answered_429(settings: Any, db: None, path: str, most: int) -> None:
    settings.ACCOUNT_RATE_LIMITS = {}
    client = Client()
    answers = [client.post(path, {"email": "x@example.com"}).status_code for _ in range(most + 1)]
    assert 429 not in answers[:most]
    assert answers[most] == 429


def test_a_refused_sign_in_is_in_the_log_without_what_was_typed(person: User, caplog: Any) -> None:
    client = Client()
    client.post("/accounts/login/", {"login": person.email, "password": "wrong-one"})
    client.post("/accounts/login/", {"login": "secret@example.com", "password": "wrong-one"})
    said = [record.getMessage() for record in caplog.records if "sign-in was refused" in record.getMessage()]
    assert said == ["A sign-in was refused, from 127.0.0.1"] * 2
    assert not any(word in caplog.text for word in (person.email, "secret@example.com", "wrong-one"))


def test_the_two_fields_may_compose_an_accent_differently(person: User, sign_in: SignIn) -> None:
    """The first may be pasted, the second typed on a keyboard that gives letter and accent apart."""
    new = "Schlüssel für das Café"
    composed, decomposed = (unicodedata.normalize(form, new) for form in ("NFC", "NFD"))
    for first, second in ((composed, decomposed), (decomposed, composed)):
        data = {"oldpassword": PASSWORD, "password1": first, "password2": second}
        assert sign_in().post("/accounts/password/change/", data).status_code == 302
        assert works(person.email, composed)
        assert works(person.email, decomposed)
        person.set_password(PASSWORD)
        person.save()


def test_two_different_passwords_are_refused(person: User, sign_in: SignIn) -> None:
    data = {
        "oldpassword": PASSWORD,
        "password1": "Schlüssel für das Café",
        "password2": "Schlüssel für das Cafe",
    }
    response = sign_in().post("/accounts/password/change/", data)
    assert "You must type the same password each time." in response.content.decode()
    assert works(person.email, PASSWORD)
