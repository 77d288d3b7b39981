"""What a request may bring is bounded while it comes: Django would write all of it to the disk before it asks who sends it."""

from __future__ import annotations

import http.client
import json
import logging
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings as site_settings

from apps.workspaces.access.api_keys import create_api_key
from apps.workspaces.models import AuditEntry
from tests.fixtures.patience import PATIENCE_SECONDS

pytestmark = pytest.mark.django_db(transaction=True)

PIECE = b"x" * (1 << 16)


@pytest.fixture(autouse=True)
def limits(settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1 << 20
    settings.UPLOAD_LIMIT_MB = 8


class Endless:
    """Pieces without an end, as a client sends them that does not say how many come; `sent` of them went out."""

    def __init__(self, most: int = 4000) -> None:
        self.sent, self.most = 0, most

    def __iter__(self) -> Iterator[bytes]:
        while self.sent < self.most:
            self.sent += 1
            yield PIECE


def ask(site: Any, path: str, body: Any, **headers: str) -> tuple[int, bytes]:
    """Status and content; what a server says that no longer listens is still read."""
    line = http.client.HTTPConnection(urlsplit(site.url).netloc, timeout=PATIENCE_SECONDS)
    line.putrequest("POST", path)
    is_whole = isinstance(body, bytes)
    name, value = ("Content-Length", str(len(body))) if is_whole else ("Transfer-Encoding", "chunked")
    for header, said in ({name: value, "Content-Type": "text/plain"} | headers).items():
        line.putheader(header, said)
    line.endheaders()
    try:
        for piece in [body] if is_whole else body:
            line.send(piece if is_whole else b"%x\r\n%s\r\n" % (len(piece), piece))
        if not is_whole:
            line.send(b"0\r\n\r\n")
    except OSError:
        pass
    answer = line.getresponse()
    return answer.status, answer.read()


@pytest.mark.parametrize(
    "path", ["/", "/nowhere/", "/data/new/", "/api/v1/datasets/", "/accounts/login/", "/v1/chat/completions"]
)
def test_a_stranger_sends_no_more_than_fits_into_memory(
    path: str, live_site: Any, caplog: pytest.LogCaptureFixture
) -> None:
    pieces = Endless()
    with caplog.at_level(logging.WARNING, logger="apps.workspaces.access.request_limits"):
        status, content = ask(live_site, path, pieces)
    assert status == 413
    # What lay in the buffers of the connection went out too; hundreds of megabytes did not.
    assert pieces.sent * len(PIECE) < 64 << 20
    assert f"for {path!r} from 127.0.0.1" in caplog.text
    if path.startswith(("/api/", "/v1/")):
        assert json.loads(content)["error"]["code"] == "too_large"
    else:
        assert b"2 MB" in content


def test_an_address_writes_no_line_of_its_own_into_the_log(
    live_site: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, logger="apps.workspaces.access.request_limits"):
        assert ask(live_site, "/data/%0AERROR%20forged%1b[2J", bytes(3 << 20))[0] == 413
    (record,) = [
        record for record in caplog.records if record.name == "apps.workspaces.access.request_limits"
    ]
    assert "forged" in record.getMessage()
    assert record.getMessage().isprintable()


def test_what_says_that_it_is_too_large_is_not_even_read(live_site: Any) -> None:
    line = http.client.HTTPConnection(urlsplit(live_site.url).netloc, timeout=PATIENCE_SECONDS)
    line.putrequest("POST", "/accounts/login/")
    line.putheader("Content-Length", str(1 << 40))
    line.endheaders()
    assert line.getresponse().status == 413


def test_a_body_that_is_nested_without_end_is_refused_in_words(
    live_site: Any, owner: Any, workspace: Any
) -> None:
    _key, secret = create_api_key(actor=owner, workspace=workspace, name="nested")
    body = b'{"text": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    known = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
    for path in ("/api/v1/datasets/", "/api/v1/preflights/"):
        status, content = ask(live_site, path, body, **known)
        assert (status, json.loads(content)["error"]["code"]) == (400, "parse_error"), path


def test_a_made_up_session_or_key_opens_no_more(live_site: Any) -> None:
    for headers in (
        {"Cookie": "sessionid=made-up"},
        {"Authorization": "Bearer made-up"},
        {"Cookie": "a=\x7f;b"},
    ):
        assert ask(live_site, "/api/v1/datasets/", bytes(3 << 20), **headers)[0] == 413


def test_who_is_known_sends_a_file_up_to_the_limit(live_site: Any, owner: Any, workspace: Any) -> None:
    _key, secret = create_api_key(actor=owner, workspace=workspace, name="files")
    rows = b"text,label\n" + b"a text of some length,one\nanother text of it,two\n" * 60_000
    assert 2 << 20 < len(rows) < 8 << 20
    body = (
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="rows.csv"\r\n\r\n'
        + rows
        + b"\r\n--b--\r\n"
    )
    known = {"Authorization": f"Bearer {secret}", "Content-Type": "multipart/form-data; boundary=b"}
    assert ask(live_site, "/api/v1/datasets/", body, **known)[0] == 201
    assert AuditEntry.objects.filter(action="import.started").exists()
    status, content = ask(live_site, "/api/v1/datasets/", body * 4, **known)
    assert (status, json.loads(content)["error"]["message"]) == (
        413,
        "The request is larger than the limit of 8 MB.",
    )
    assert ask(live_site, "/api/v1/runs/", body, **known)[0] == 413


def test_a_signed_in_persons_browser_too(live_site: Any, client_for: Any, owner: Any) -> None:
    session = client_for(owner).cookies[site_settings.SESSION_COOKIE_NAME].value
    # What is sent is no form of the site's: it is read, and refused for that.
    status, _content = ask(live_site, "/data/new/", bytes(3 << 20), Cookie=f"sessionid={session}")
    assert status == 403
