"""Where somebody is signed in: seen, and ended."""

from collections.abc import Callable
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.test import Client

from apps.accounts.browsers import browser_name
from apps.accounts.models import User
from apps.workspaces.models import AuditEntry
from tests.apps.accounts.conftest import is_in

pytestmark = pytest.mark.django_db

SignIn = Callable[..., Client]
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604.1"


def test_each_is_listed_with_its_browser_and_address(person: User, sign_in: SignIn) -> None:
    here = sign_in(headers={"user-agent": FIREFOX})
    sign_in(headers={"user-agent": PHONE}, REMOTE_ADDR="203.0.113.7")
    body = here.get("/accounts/sessions/").content.decode()
    for words in ("Firefox on Linux", "Safari on iPhone", "203.0.113.7", "this one"):
        assert words in body


def test_one_of_them_is_ended(person: User, sign_in: SignIn) -> None:
    here, there, third = sign_in(), sign_in(), sign_in()
    row = UserSession.objects.get(session_key=there.session.session_key)
    assert here.post(f"/accounts/sessions/{row.pk}/end/").status_code == 302
    assert [is_in(client) for client in (here, there, third)] == [True, False, True]
    assert AuditEntry.objects.filter(action="user.sessions_ended", actor=person).count() == 1


def test_all_others_are_ended(person: User, sign_in: SignIn) -> None:
    here, there, third = sign_in(), sign_in(), sign_in()
    here.post("/accounts/sessions/end/")
    assert [is_in(client) for client in (here, there, third)] == [True, False, False]


def test_a_session_of_somebody_else_is_not_there(
    person: User, sign_in: SignIn, client_for: Any, owner: User
) -> None:
    theirs = sign_in()
    row = UserSession.objects.get(user=person)
    other = client_for(owner)
    assert other.post(f"/accounts/sessions/{row.pk}/end/").status_code == 404
    assert other.post("/accounts/sessions/999999/end/").status_code == 404
    assert is_in(theirs)


def test_an_account_that_is_switched_off_is_out_at_once(person: User, sign_in: SignIn) -> None:
    client = sign_in()
    User.objects.filter(pk=person.pk).update(is_active=False)
    assert not is_in(client)
    assert not is_in(sign_in())


def test_nothing_of_an_ended_session_is_left_for_sockets_to_rest_on(person: User, sign_in: SignIn) -> None:
    from django.contrib.sessions.models import Session

    here, there = sign_in(), sign_in()
    key = there.session.session_key
    assert Session.objects.filter(session_key=key).exists()
    here.post("/accounts/sessions/end/")
    assert not Session.objects.filter(session_key=key).exists()


def test_the_address_of_a_made_up_header_is_not_believed(person: User, sign_in: SignIn) -> None:
    sign_in(headers={"x-forwarded-for": "198.51.100.1"})
    assert UserSession.objects.get().ip == "127.0.0.1"


def test_unknown_browsers_are_shown_as_they_say() -> None:
    assert browser_name("curl/8.1") == "curl/8.1"
    assert browser_name("")
