"""Counting, waiting, and what the API and sockets answer when somebody asks too often."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from apps.accounts.services import create_user
from apps.core.client_addresses import limited_as, shown_address
from apps.core.rate_limits import Guessing, Rate, take, take_each
from apps.jobs.models import Job
from apps.jobs.states import State
from apps.workspaces.access.api_keys import create_api_key
from studio.settings.accounts import ACCOUNT_RATE_LIMITS

pytestmark = pytest.mark.django_db


def test_of_many_at_once_exactly_the_rate_gets_through() -> None:
    with ThreadPoolExecutor(16) as pool:
        waits = list(pool.map(lambda _: take("crowd", Rate(10, 3600)), range(60)))
    assert waits.count(0) == 10
    assert all(1 <= wait <= 3600 for wait in waits if wait)


def test_rates_of_different_names_do_not_meet() -> None:
    assert take("one", Rate(1, 3600)) == 0
    assert take("one", Rate(1, 3600)) > 0
    assert take("other", Rate(1, 3600)) == 0


def test_who_asks_too_often_uses_up_nothing_of_what_others_share() -> None:
    shared = Rate(5, 3600)
    eager = [take_each([("eager", Rate(2, 3600)), ("shared", shared)]) for _ in range(9)]
    assert [wait > 0 for wait in eager] == [False] * 2 + [True] * 7
    others = [take_each([(f"other {number}", Rate(2, 3600)), ("shared", shared)]) for number in range(4)]
    assert [wait > 0 for wait in others] == [False] * 3 + [True]


def test_of_many_guesses_at_once_one_gets_its_turn() -> None:
    guessing = Guessing()
    with ThreadPoolExecutor(16) as pool:
        waits = list(pool.map(lambda _: guessing.begin("door"), range(40)))
    assert waits.count(0) == 1
    assert set(waits) == {0, 1}


def test_every_wrong_guess_doubles_the_wait_up_to_the_longest() -> None:
    guessing, waits = Guessing(longest=60), []
    for _ in range(9):
        guessing.was_wrong("door")
        waits.append(guessing.begin("door"))
    assert waits == [2, 4, 8, 16, 32, 60, 60, 60, 60]
    guessing.was_right("door", forget=False)
    assert guessing.begin("door") == 60
    guessing.was_right("door")
    assert guessing.begin("door") == 0


def test_free_guesses_cost_nothing_and_the_next_ones_do() -> None:
    guessing = Guessing(free=3, longest=30)
    for _ in range(3):
        assert guessing.begin("link") == 0
        guessing.was_wrong("link")
    assert guessing.begin("link") == 1


@pytest.mark.parametrize(
    ("address", "shown", "limited"),
    [
        ("192.0.2.7", "192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::1", "fe80::/64"),
        ("", "unknown", "unknown"),
        ("<script>", "unknown", "unknown"),
    ],
)
def test_addresses_count_as_households(address: str, shown: str, limited: str) -> None:
    assert shown_address(address) == shown
    assert limited_as(shown_address(address)) == limited


def test_a_header_cannot_change_the_address_that_counts(settings: Any) -> None:
    settings.API_ANONYMOUS_PER_MINUTE = 2
    answers = [
        Client().get("/api/v1/apps/", headers={"X-Forwarded-For": f"198.51.100.{number}"})
        for number in range(4)
    ]
    assert [answer.status_code for answer in answers] == [401, 401, 429, 429]


@pytest.mark.parametrize("path", ["/api/v1/apps/", "/v1/models"])
def test_wrong_keys_are_counted_by_address(path: str, settings: Any) -> None:
    settings.API_ANONYMOUS_PER_MINUTE = 3
    answers = [
        Client().get(path, headers={"Authorization": f"Bearer mq-guess-{number}"}) for number in range(5)
    ]
    assert [answer.status_code for answer in answers][:3] == [401] * 3
    assert answers[-1].status_code == 429
    assert 1 <= int(answers[-1]["Retry-After"]) <= 60
    assert "error" in answers[-1].json()
    elsewhere = Client(REMOTE_ADDR="198.51.100.9").get(path)
    assert elsewhere.status_code == 401


def test_a_key_has_its_own_rate(owner: Any, workspace: Any, settings: Any) -> None:
    settings.API_PER_MINUTE = 2
    secrets = [create_api_key(actor=owner, workspace=workspace, name=name)[1] for name in ("one", "two")]

    def ask(secret: str) -> Any:
        return Client().get("/api/v1/apps/", headers={"Authorization": f"Bearer {secret}"})

    assert [ask(secrets[0]).status_code for _ in range(3)] == [200, 200, 429]
    assert ask(secrets[1]).status_code == 200


def test_an_app_key_has_its_rate_at_every_address(app: Any, owner: Any, settings: Any) -> None:
    settings.API_PER_MINUTE = 2
    _key, secret = create_api_key(actor=owner, workspace=app.workspace, name="bot", app=app)
    answers = [Client().get("/v1/models", headers={"Authorization": f"Bearer {secret}"}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert int(answers[-1]["Retry-After"]) >= 1


def test_a_signed_in_person_has_a_rate_too(client_for: Any, viewer: Any, settings: Any) -> None:
    settings.API_PER_MINUTE = 1
    client = client_for(viewer)
    assert client.get("/api/v1/apps/").status_code == 200
    refused = client.get("/api/v1/apps/")
    assert refused.status_code == 429
    assert refused.json()["error"]["code"] == "throttled"


def test_signing_in_too_often_says_when_to_come_back(settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"login": "2/m/ip"}
    answers = [
        Client().post("/accounts/login/", {"login": f"{number}@example.com", "password": "x"})
        for number in range(3)
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert int(answers[-1]["Retry-After"]) >= 1
    elsewhere = Client(REMOTE_ADDR="198.51.100.3").post(
        "/accounts/login/", {"login": "a@example.com", "password": "x"}
    )
    assert elsewhere.status_code == 200


def test_too_many_questions_through_a_link_say_when_to_come_back(
    link: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.publishing.limits.VISITOR_PER_MINUTE", 1)
    settings.APP_QUESTIONS_PER_MINUTE = 1
    client, act = Client(), f"/a/{link[1]}/act/"
    client.get(f"/a/{link[1]}/")
    question = {"type": "ask", "text": "Hello"}
    ask = {"content_type": "application/json", "headers": {"Accept": "application/json"}}
    assert client.post(act, question, **ask).status_code == 200
    refused = client.post(act, question, **ask)
    assert (refused.status_code, refused.json()["code"]) == (429, "too_often")
    assert 1 <= int(refused["Retry-After"]) <= 60
    page = client.post(act, question)
    assert page.status_code == 429
    assert page["Retry-After"]


def test_trying_a_download_again_counts_as_one(
    client_for: Any, editor: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.datasets.services.fetching.FETCHES", Rate(2, 3600))
    client = client_for(editor)
    assert client.post("/data/new/", {"address": "https://data.example.org/rows.csv"}).status_code == 302
    job, statuses = Job.objects.get(), []
    for _ in range(2):
        Job.objects.update(state=State.FAILED)
        answer = client.post(f"/jobs/{job.pk}/retry/")
        statuses.append((answer.status_code, Job.objects.get().state))
    assert statuses == [(302, State.QUEUED), (429, State.FAILED)]
    assert int(answer["Retry-After"]) >= 1
    assert "Too many downloads" in answer.content.decode()
    upload = SimpleUploadedFile("rows.csv", b"text,label\na,b\n", "text/csv")
    assert client.post("/data/new/", {"file": upload}).status_code == 302
    mine = Job.objects.exclude(pk=job.pk).get()
    Job.objects.filter(pk=mine.pk).update(state=State.FAILED)
    assert client.post(f"/jobs/{mine.pk}/retry/").status_code == 302


def ask_as_a_stranger(token: str, **extra: Any) -> Any:
    """As a program does that keeps no cookie: every question comes from a visitor nobody has seen before."""
    client = Client(**extra)
    client.get(f"/a/{token}/")
    return client.post(
        f"/a/{token}/act/",
        {"type": "ask", "text": "Hello"},
        content_type="application/json",
        headers={"Accept": "application/json"},
    )


def test_who_keeps_no_cookie_is_counted_by_address(link: Any, settings: Any) -> None:
    settings.QUESTIONS_PER_MINUTE = 3
    answers = [ask_as_a_stranger(link[1]) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert 1 <= int(answers[-1]["Retry-After"]) <= 60
    assert ask_as_a_stranger(link[1], REMOTE_ADDR="198.51.100.4").status_code == 200
    headers = {"X-Forwarded-For": "198.51.100.5", "X-Real-IP": "198.51.100.6"}
    assert ask_as_a_stranger(link[1], headers=headers).status_code == 429


def test_an_address_is_counted_for_each_link_apart(link: Any, other_link: Any, settings: Any) -> None:
    settings.QUESTIONS_PER_MINUTE = 1
    assert [ask_as_a_stranger(link[1]).status_code for _ in range(2)] == [200, 429]
    assert ask_as_a_stranger(other_link[1]).status_code == 200


def test_a_household_of_version_six_counts_as_one(link: Any, settings: Any) -> None:
    settings.QUESTIONS_PER_MINUTE = 1
    answers = [ask_as_a_stranger(link[1], REMOTE_ADDR=f"2001:db8:1:2::{n}").status_code for n in (1, 2)]
    assert answers == [200, 429]
    assert ask_as_a_stranger(link[1], REMOTE_ADDR="2001:db8:1:3::1").status_code == 200


def test_a_classroom_behind_one_address_can_work(link: Any) -> None:
    """Forty visitors, each with a cookie of their own, ask six times within the same minute: as many as the defaults let."""
    pupils = [Client() for _ in range(40)]
    for pupil in pupils:
        pupil.get(f"/a/{link[1]}/")
    answers = [replies_of(pupil, link[1]).status_code for _question in range(6) for pupil in pupils]
    assert answers == [200] * 240
    assert settings.QUESTIONS_PER_MINUTE == 240


def test_one_pupil_does_not_use_up_what_the_classroom_has(link: Any, settings: Any) -> None:
    settings.QUESTIONS_PER_MINUTE = 25
    busy, other = Client(), Client()
    for pupil in (busy, other):
        pupil.get(f"/a/{link[1]}/")
    answers = [replies_of(busy, link[1]).status_code for _ in range(30)]
    assert answers == [200] * 20 + [429] * 10
    assert [replies_of(other, link[1]).status_code for _ in range(6)] == [200] * 5 + [429]


def test_a_classroom_signs_in_and_up_behind_one_address(settings: Any) -> None:
    """Forty within a minute, each fourth of whom mistypes first; the studio's own limits, which other tests switch off."""
    settings.ACCOUNT_RATE_LIMITS, settings.SIGN_UP = ACCOUNT_RATE_LIMITS, "open"
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    password, refused = "a rather long password", 0
    for number in range(40):
        email = f"pupil{number}@example.com"
        create_user(email=email, password=password)
        client = Client()
        if number % 4 == 0:
            refused += client.post("/accounts/login/", {"login": email, "password": "no"}).status_code == 429
        assert client.post("/accounts/login/", {"login": email, "password": password}).status_code == 302
        fields = {"email": f"new{number}@example.com", "password1": password, "password2": password}
        assert Client().post("/accounts/signup/", fields).status_code == 302
    assert not refused


def test_one_account_is_not_guessed_faster_for_it(settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = ACCOUNT_RATE_LIMITS
    create_user(email="pia@example.com", password="a rather long password")
    tries = [{"login": "pia@example.com", "password": f"guess {number}"} for number in range(5)]
    for one in [*tries, {"login": "pia@example.com", "password": "a rather long password"}]:
        answer = Client().post("/accounts/login/", one)
    assert "Too many attempts" in answer.content.decode()


def replies_of(client: Client, token: str) -> Any:
    return client.post(
        f"/a/{token}/act/",
        {"type": "ask", "text": "Hello"},
        content_type="application/json",
        headers={"Accept": "application/json"},
    )


def test_one_who_asks_too_often_does_not_close_the_link_to_others(
    link: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.publishing.limits.VISITOR_PER_MINUTE", 2)
    settings.APP_QUESTIONS_PER_MINUTE = 4
    client = Client()
    client.get(f"/a/{link[1]}/")
    assert [replies_of(client, link[1]).status_code for _ in range(6)] == [200, 200, 429, 429, 429, 429]
    assert ask_as_a_stranger(link[1], REMOTE_ADDR="198.51.100.4").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_an_address_that_opens_too_many_sockets_is_told_when_to_come_back(
    live_site: Any, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.SOCKETS_PER_MINUTE = 2
    cache.clear()
    address = live_site.url.replace("http", "ws") + "/ws/try/"
    for _ in range(2):
        with connect(address, origin=live_site.url):
            pass
    with pytest.raises(InvalidStatus) as refused, connect(address, origin=live_site.url):
        pass
    assert refused.value.response.status_code == 429
    assert 1 <= int(refused.value.response.headers["Retry-After"]) <= 60
    assert "more than 2 in a minute" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_a_socket_that_does_not_stop_talking_is_closed(
    live_site: Any, link: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("apps.core.sockets.MESSAGES", 5)
    client = Client()
    client.get(f"/a/{link[1]}/")
    cookie = {"Cookie": f"visitor={client.cookies['visitor'].value}"}
    address = live_site.url.replace("http", "ws") + f"/ws/a/{link[1]}/"
    with connect(address, origin=live_site.url, additional_headers=cookie) as line:
        for _ in range(5):
            line.send("{}")
            assert '"refused"' in line.recv(10)
        line.send("{}")
        with pytest.raises(ConnectionClosed) as closed:
            line.recv(10)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4429
    assert "Closed a WebSocket" in caplog.text
