"""E-mails leave outside of the request: nothing in an answer depends on a mail server."""

import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail as outgoing
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts.models import User
from apps.core import mail, tasks
from apps.core.encryption import seal
from apps.core.models import WaitingMail
from apps.workspaces.models import AuditEntry
from launcher.console import SCREEN_ALONE
from launcher.environment import free_port
from tests.apps.accounts.conftest import PASSWORD, link_in
from tests.fixtures.celery_worker import celery_worker

pytestmark = [pytest.mark.django_db, pytest.mark.once]

SIGN_UP = {"name": "Nia", "password1": "quite long words", "password2": "quite long words"}
KNOWN, UNKNOWN = "pia@example.com", "nobody@example.com"


class _Session(socketserver.StreamRequestHandler):
    """As much of SMTP (RFC 5321) as handing over one message takes."""

    def handle(self) -> None:
        self.wfile.write(b"220 here\r\n")
        while line := self.rfile.readline():
            word = line.strip().upper()[:4]
            if word == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                lines = iter(self.rfile.readline, b".\r\n")
                self.server.taken.append(b"".join(lines).decode())  # type: ignore[attr-defined]
            answer = b"221 bye" if word == b"QUIT" else b"250 ok"
            if word == b"RCPT" and b"refused@" in line:
                answer = b"550 no such user"
            self.wfile.write(answer + b"\r\n")


@contextmanager
def mail_server(port: int = 0) -> Iterator[Any]:
    """A mail server; what it took is in `taken`."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", port), _Session) as server:
        server.taken = []  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def server(settings: Any) -> Iterator[Any]:
    with mail_server() as server:
        settings.EMAIL_HOST, settings.EMAIL_PORT = server.server_address
        yield server


def wait_for(condition: Callable[[], Any], seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return bool(condition())


@pytest.fixture
def queued(settings: Any) -> None:
    """A studio with a mail server."""
    settings.EMAIL_URL, settings.EMAIL_BACKEND = "smtp://mail.example.com", "apps.core.mail.QueuedBackend"
    settings.ACCOUNT_EMAIL_VERIFICATION, settings.SIGN_UP = "mandatory", "open"


def waiting(to: str = KNOWN) -> WaitingMail:
    """An e-mail that waits."""
    return WaitingMail.objects.create(
        sealed=seal(f'{{"subject": "S", "body": "B", "to": ["{to}"]}}', "e-mail")
    )


def due() -> None:
    """The time for the next try of all of them has come."""
    WaitingMail.objects.update(try_at=timezone.now())


@pytest.fixture
def post(django_capture_on_commit_callbacks: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Post a form as a browser does, and do what is due after the commit; no mail server may be asked meanwhile."""

    def never(*_: Any, **__: Any) -> None:
        raise AssertionError("a request asked a mail server")

    monkeypatch.setattr("django.core.mail.backends.smtp.EmailBackend.open", never)

    def send(path: str, fields: dict[str, str]) -> Any:
        with django_capture_on_commit_callbacks(execute=True):
            return Client().post(path, fields)

    return send


FORMS = [
    ("/accounts/password/reset/", lambda email: {"email": email}),
    ("/accounts/signup/", lambda email: {**SIGN_UP, "email": email}),
    ("/accounts/login/", lambda email: {"login": email, "password": "a wrong password"}),
]


def _writes(queries: CaptureQueriesContext) -> list[tuple[str, str]]:
    """(what, into which table) of every statement that writes, and every border of a transaction but how it ends."""
    found = []
    for query in queries.captured_queries:
        words = query["sql"].replace('"', "").split()
        if words[0] in ("INSERT", "UPDATE", "DELETE"):
            found.append((words[0], words[1 if words[0] == "UPDATE" else 2]))
        elif words[0] in ("SAVEPOINT", "BEGIN"):
            found.append((words[0], ""))
    return found


@pytest.mark.parametrize(("path", "fields"), FORMS)
def test_whether_an_address_has_an_account_changes_nothing_that_takes_time(
    person: User,
    queued: None,
    sent_tasks: list[Any],
    post: Any,
    path: str,
    fields: Callable[[str], dict[str, str]],
) -> None:
    """The same writes in the same order, the same number of e-mails and of calls to workers, and no mail server asked."""
    post(path, fields("somebody@else.example"))  # what is cached is cached
    done = []
    for email in (KNOWN, UNKNOWN):
        sent_tasks.clear()
        with CaptureQueriesContext(connection) as queries:
            assert post(path, fields(email)).status_code in (200, 302)
        done.append((_writes(queries), list(sent_tasks)))
    assert done[0] == done[1]
    if "login" not in path:
        assert done[0][1] == [("mail.deliver", "", "upkeep")]
        assert ("INSERT", "core_waitingmail") in done[0][0]
    if "signup" in path:
        assert ("INSERT", "accounts_user") in done[0][0]


def test_a_repeated_sign_up_leaves_no_account_but_a_line_and_an_e_mail(
    person: User, queued: None, post: Any, server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    post("/accounts/signup/", {**SIGN_UP, "email": KNOWN})
    assert list(User.objects.values_list("email", flat=True)) == [KNOWN]
    person.refresh_from_db()
    assert person.check_password(PASSWORD)
    assert person.name == "Pia"
    assert AuditEntry.objects.filter(action="user.sign_up_repeated", object_id=str(person.pk)).count() == 1
    monkeypatch.undo()
    mail.deliver_waiting()
    assert "already exists" in server.taken[0].replace("=\n", "")


def test_two_at_the_same_moment_are_answered_alike(
    queued: None, post: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both looked before either was written."""
    from apps.accounts.forms import SignUpForm

    def nobody_has_it(form: Any, value: str) -> str:
        form.account_already_exists = False
        return value

    monkeypatch.setattr(SignUpForm, "validate_unique_email", nobody_has_it)
    first, second = (post("/accounts/signup/", {**SIGN_UP, "email": UNKNOWN}) for _ in range(2))
    assert (first.status_code, first["Location"]) == (second.status_code, second["Location"])
    assert User.objects.count() == 1


def test_what_waits_for_a_worker_can_be_read_by_nobody_else(
    person: User, queued: None, post: Any, server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    post("/accounts/password/reset/", {"email": KNOWN})
    kept = str(WaitingMail.objects.values().get())
    assert KNOWN not in kept
    assert "password/reset" not in kept
    monkeypatch.undo()
    mail.deliver_waiting()
    assert f"To: {KNOWN}" in server.taken[0]
    body = server.taken[0].replace("=\r\n", "").replace("=3D", "=")
    assert Client().get(link_in(outgoing.EmailMessage(body=body))).status_code == 302


def test_an_e_mail_of_something_that_was_taken_back_is_not_sent(queued: None) -> None:
    with transaction.atomic():
        outgoing.send_mail("Subject", "Body", None, [KNOWN])
        transaction.set_rollback(True)
    assert not WaitingMail.objects.exists()


@pytest.mark.parametrize("email", [KNOWN, UNKNOWN])
def test_without_a_broker_the_answer_is_the_same_and_the_e_mail_waits(
    person: User, queued: None, post: Any, server: Any, monkeypatch: pytest.MonkeyPatch, email: str
) -> None:
    def away(*_: Any, **__: Any) -> None:
        raise ConnectionError

    monkeypatch.setattr(mail.celery_app, "send_task", away)
    assert post("/accounts/password/reset/", {"email": email}).status_code == 302
    monkeypatch.undo()
    tasks.deliver()  # what beat asks for, once the broker is back
    assert f"To: {email}" in server.taken[0]
    assert not WaitingMail.objects.exists()


def test_without_redis_everybody_is_told_to_come_back(
    person: User, queued: None, settings: Any, post: Any
) -> None:
    """Its counters of tries are asked first: nothing is written, and nobody learns who has an account."""
    settings.ACCOUNT_RATE_LIMITS = {}
    cache_settings = settings.CACHES["default"]
    away = {"BACKEND": cache_settings["BACKEND"], "LOCATION": f"redis://127.0.0.1:{free_port()}/0"}
    settings.CACHES = {"default": away}
    for path, fields in FORMS:
        known, unknown = (post(path, fields(email)) for email in (KNOWN, UNKNOWN))
        assert (known.status_code, unknown.status_code) == (503, 503), path
        assert known["Retry-After"] == "5"
        assert "try again" in known.content.decode()
    assert not WaitingMail.objects.exists()
    assert list(User.objects.all()) == [person]


@pytest.mark.django_db(transaction=True)
def test_a_server_that_was_away_gets_it_when_it_is_back(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A real worker on the real broker, asked as beat asks it."""
    from studio.celery import app

    monkeypatch.undo()  # other tests keep messages from the broker
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()
    monkeypatch.setattr(mail, "FIRST_WAIT_SECONDS", 0)
    monkeypatch.setattr(mail, "AWAY_SECONDS", 1)
    waiting()

    def asked_for(condition: Callable[[], Any]) -> Callable[[], Any]:
        return lambda: tasks.deliver.apply_async(queue="upkeep") and condition()

    with celery_worker(app, "upkeep"):
        assert wait_for(asked_for(mail.server_is_away))
        with mail_server(settings.EMAIL_PORT) as server:
            assert wait_for(asked_for(lambda: server.taken))
            assert wait_for(lambda: not WaitingMail.objects.exists())
    assert len(server.taken) == 1
    assert f"To: {KNOWN}" in server.taken[0]


def test_beat_looks_after_what_waits() -> None:
    from studio.celery import app

    app.loader.import_default_modules()
    entry = app.conf.beat_schedule[mail.TASK]
    assert entry["options"]["queue"] == mail.QUEUE
    assert 0 < entry["schedule"] <= mail.FIRST_WAIT_SECONDS


def test_tries_become_rarer_and_wait_while_the_server_is_away(settings: Any) -> None:
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()
    row, waits = waiting(), []
    for _ in range(9):
        due()
        cache.clear()
        mail.deliver_waiting()
        row.refresh_from_db()
        waits.append(round((row.try_at - timezone.now()).total_seconds()))
    assert waits == [15, 30, 60, 120, 240, 480, 900, 900, 900]
    due()
    mail.deliver_waiting()
    row.refresh_from_db()
    assert row.tries == 9, "it was asked though it is away"


def test_of_several_workers_one_sends_it(server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another worker looks while the first one talks to the server, and both saw the same row."""
    row, seen = waiting(), WaitingMail.objects.get()
    assert mail.claim(row)
    assert not mail.claim(seen)
    mail.deliver_waiting()
    assert not server.taken


def test_a_refusal_keeps_no_other_e_mail_waiting(server: Any) -> None:
    refused = waiting("refused@example.com")
    waiting()
    mail.deliver_waiting()
    assert not mail.server_is_away()
    assert len(server.taken) == 1
    assert WaitingMail.objects.get() == refused


def test_it_is_given_up_when_the_link_in_it_has_ended(server: Any, caplog: Any) -> None:
    waiting()
    WaitingMail.objects.update(created_at=timezone.now() - mail.KEPT - timedelta(seconds=1))
    mail.deliver_waiting()
    assert not server.taken
    assert "given up" in caplog.text
    assert not WaitingMail.objects.exists()


def test_what_no_key_opens_is_given_up(server: Any, caplog: Any) -> None:
    WaitingMail.objects.create(sealed=seal("{}", "something else"))
    mail.deliver_waiting()
    assert not server.taken
    assert "given up" in caplog.text
    assert not WaitingMail.objects.exists()


def test_what_waits_is_sealed_anew_with_the_rest(server: Any, settings: Any) -> None:
    settings.SECRETS_KEYS = ["the old key"]
    waiting()
    settings.SECRETS_KEYS = ["the new key", "the old key"]
    call_command("rotate_secrets")
    settings.SECRETS_KEYS = ["the new key"]
    mail.deliver_waiting()
    assert len(server.taken) == 1


@pytest.mark.parametrize(("url", "mark"), [("console:", SCREEN_ALONE), ("", "")])
def test_the_launcher_is_told_what_its_logs_must_not_keep(
    person: User, settings: Any, capsys: Any, url: str, mark: str
) -> None:
    settings.EMAIL_URL, settings.EMAIL_BACKEND = url, "apps.core.mail.PrintedBackend"
    outgoing.send_mail("Subject", "Anew:\n\nhttp://127.0.0.1/accounts/password/reset/key/x/", None, [KNOWN])
    said = capsys.readouterr().out.removesuffix("\n").split("\n")
    assert any("password/reset/key" in line for line in said)
    assert all(line.startswith(SCREEN_ALONE) is bool(mark) for line in said)


def test_only_plain_text_is_mailed(queued: None) -> None:
    with pytest.raises(TypeError):
        outgoing.send_mail("S", "B", None, [KNOWN], html_message="<p>B</p>")


def test_the_worker_knows_the_task() -> None:
    from studio.celery import app

    app.loader.import_default_modules()
    assert mail.TASK in app.tasks
