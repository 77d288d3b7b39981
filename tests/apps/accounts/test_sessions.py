"""Where somebody is signed in: seen, and ended."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts import services, tasks
from apps.accounts.browser_names import browser_name
from apps.accounts.models import User
from apps.core.templatetags.ui import moment
from apps.workspaces.models import AuditEntry
from tests.apps.accounts.conftest import PASSWORD, is_in
from tests.security.test_settings import settings_under

pytestmark = pytest.mark.django_db

SignIn = Callable[..., Client]
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604.1"


def test_each_is_listed_with_its_browser_and_address(person: User, sign_in: SignIn) -> None:
    here = sign_in(headers={"user-agent": FIREFOX})
    sign_in(headers={"user-agent": PHONE}, REMOTE_ADDR="203.0.113.7")
    body = here.get("/accounts/sessions/").content.decode()
    for words in ("Firefox on Linux", "Safari on iPhone", "203.0.113.7", "this device"):
        assert words in body


def test_a_long_list_is_read_one_page_at_a_time(
    person: User, sign_in: SignIn, django_assert_max_num_queries: Any
) -> None:
    gone, here = sign_in(), sign_in()
    ends = timezone.now() + timedelta(days=1)
    keys = [f"device-{number}" for number in range(60)]
    Session.objects.bulk_create(Session(session_key=key, session_data="", expire_date=ends) for key in keys)
    UserSession.objects.bulk_create(
        UserSession(user=person, session_key=key, ip="192.0.2.1", user_agent=PHONE) for key in keys
    )
    UserSession.objects.filter(session_key=here.session.session_key).update(
        last_seen_at=timezone.now() - timedelta(days=30)
    )
    Session.objects.filter(session_key=gone.session.session_key).update(expire_date=timezone.now())
    with django_assert_max_num_queries(15):
        first = here.get("/accounts/sessions/").context
    assert first["page"].paginator.count == 61, "what ended by the clock is not among them"
    assert [row["is_current"] for row in first["rows"]] == [True] + [False] * 24
    last = here.get("/accounts/sessions/?page=3").context
    assert len(last["rows"]) == 11


def test_the_list_says_when_each_was_last_used_and_from_where(
    person: User, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = sign_in(), sign_in(headers={"user-agent": PHONE})
    long_ago = timezone.now() - timedelta(days=3)
    UserSession.objects.update(last_seen_at=long_ago, created_at=long_ago)
    monkeypatch.setattr(services, "_note_again", {})
    there.get("/accounts/profile/", REMOTE_ADDR="203.0.113.7")
    row = UserSession.objects.get(session_key=there.session.session_key)
    assert row.last_seen_at > timezone.now() - timedelta(minutes=1)
    assert row.ip == "203.0.113.7"
    assert row.created_at == long_ago
    page = here.get("/accounts/sessions/").content.decode()
    assert "In use now" in page
    assert f"Last used {moment(row.last_seen_at)}" in page


def test_a_use_is_noted_at_most_once_in_five_minutes(
    person: User, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = sign_in()

    def writes() -> int:
        with CaptureQueriesContext(connection) as queries:
            client.get("/accounts/profile/")
        return sum("UPDATE" in q["sql"] and "usersession" in q["sql"] for q in queries.captured_queries)

    again: dict[str, float] = {}
    monkeypatch.setattr(services, "_note_again", again)
    assert [writes(), writes(), writes()] == [1, 0, 0]
    # Another process asks again, but does not write again what was written just now.
    before = UserSession.objects.get().last_seen_at
    again.clear()
    assert writes() == 1
    assert UserSession.objects.get().last_seen_at == before


def test_signing_in_begins_a_new_session(person: User) -> None:
    """Whoever planted a session's key in a browser gets nothing by it."""
    client = Client()
    client.post("/accounts/login/", {"login": person.email, "password": "wrong"})
    session = client.session
    session["planted"] = True
    session.save()
    planted = client.cookies["sessionid"].value
    client.post("/accounts/login/", {"login": person.email, "password": PASSWORD})
    assert is_in(client)
    assert client.cookies["sessionid"].value != planted
    thief = Client()
    thief.cookies["sessionid"] = planted
    assert not is_in(thief)
    for made_up in ("x" * 32, "null", ""):
        thief.cookies["sessionid"] = made_up
        thief.post("/accounts/login/", {"login": person.email, "password": PASSWORD})
        assert thief.cookies["sessionid"].value != made_up


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
    here, there = sign_in(), sign_in()
    key = there.session.session_key
    assert Session.objects.filter(session_key=key).exists()
    here.post("/accounts/sessions/end/")
    assert not Session.objects.filter(session_key=key).exists()


def test_what_ended_by_the_clock_is_forgotten(person: User, sign_in: SignIn) -> None:
    """Whoever never comes back leaves no address and no browser behind."""
    here, there = sign_in(), sign_in()
    gone = there.session.session_key
    Session.objects.filter(session_key=gone).update(expire_date=timezone.now() - timedelta(days=1))
    tasks.forget_ended_sessions()
    assert not Session.objects.filter(session_key=gone).exists()
    assert not UserSession.objects.filter(session_key=gone).exists()
    assert is_in(here)
    assert UserSession.objects.count() == 1


def _ends_at(client: Client) -> Any:
    return Session.objects.get(session_key=client.session.session_key).expire_date


def _used_long_ago(client: Client, *, hours: float, signed_in: float) -> None:
    """The clock says that the session was last used, and was begun, so many hours ago."""
    key, now = client.session.session_key, timezone.now()
    end = now + timedelta(hours=14 * 24 - hours)
    Session.objects.filter(session_key=key).update(expire_date=end)
    UserSession.objects.filter(session_key=key).update(
        last_seen_at=now - timedelta(hours=hours), created_at=now - timedelta(hours=signed_in)
    )
    services._note_again.clear()


def test_who_does_not_come_back_for_two_weeks_is_signed_out(person: User, sign_in: SignIn) -> None:
    client = sign_in()
    assert _ends_at(client) - timezone.now() < timedelta(hours=14 * 24)
    _used_long_ago(client, hours=14 * 24 + 0.1, signed_in=14 * 24 + 0.1)
    assert not is_in(client)


def test_each_use_moves_the_end_of_a_session(person: User, sign_in: SignIn) -> None:
    client = sign_in()
    _used_long_ago(client, hours=13 * 24, signed_in=13 * 24)
    assert is_in(client)
    assert _ends_at(client) - timezone.now() > timedelta(hours=14 * 24 - 1)
    session = client.session
    session["something"] = "changed"
    session.save()
    assert _ends_at(client) - timezone.now() < timedelta(hours=14 * 24), (
        "writing to it makes it live no longer"
    )


def test_after_a_month_of_use_everybody_signs_in_again(person: User, sign_in: SignIn) -> None:
    client = sign_in()
    _used_long_ago(client, hours=1, signed_in=30 * 24 - 2)
    assert is_in(client)
    assert _ends_at(client) - timezone.now() < timedelta(hours=2)
    _used_long_ago(client, hours=1, signed_in=30 * 24 + 1)
    is_in(client)
    assert not is_in(client)


def test_the_hours_are_settings(person: User, sign_in: SignIn, settings: Any) -> None:
    settings.SESSION_IDLE_HOURS = 0.5
    client = sign_in()
    assert _ends_at(client) - timezone.now() <= timedelta(minutes=30)
    found = settings_under(
        ["SESSION_IDLE_HOURS", "SESSION_COOKIE_AGE"], SESSION_IDLE_HOURS="0.5", SESSION_HOURS="12"
    )
    assert found == {"SESSION_IDLE_HOURS": 0.5, "SESSION_COOKIE_AGE": 12 * 3600}


def test_the_address_of_a_made_up_header_is_not_believed(person: User, sign_in: SignIn) -> None:
    sign_in(headers={"x-forwarded-for": "198.51.100.1"})
    assert UserSession.objects.get().ip == "127.0.0.1"


def test_unknown_browsers_are_shown_as_they_say() -> None:
    assert browser_name("curl/8.1") == "curl/8.1"
    assert browser_name("")
