"""The guard on addresses that people type: against real servers on loopback, and names that answer what a test says."""

from __future__ import annotations

import contextlib
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.conf import settings as site_settings
from django.core.checks import run_checks
from django.core.management import call_command
from django.db import connections

from apps.core.errors import UserError
from apps.core.outgoing import check_address
from apps.core.rates import Rate
from apps.core.storage import storage
from apps.datasets.models import Import
from apps.datasets.sources import address_of
from apps.jobs.models import Job, State
from apps.jobs.stopping import request_stop
from apps.workspaces.models import AuditEntry
from apps.workspaces.usage import GB
from workers.contracts.addresses import (
    AddressRefused,
    checked_addresses,
    is_public,
    parse_target,
    read_allowances,
)
from workers.ingest import fetching
from workers.ingest.fetching import Watch, download
from workers.runtime.reporter import JobError
from workers.runtime.supervisor import supervise

ROWS = b"question,answer\nWhen do you open?,At nine.\n"
PUBLIC = "93.184.215.14"


class Site:
    """A real server on loopback. `answers` holds (status, headers, body) by path; `asked` what came."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, dict[str, str], bytes]] = {"/rows.csv": (200, {}, ROWS)}
        self.asked: list[tuple[str, str]] = []
        self.is_closed = threading.Event()
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.asked.append((self.path, self.headers["Host"]))
                if self.path in ("/header", "/body"):
                    self.trickle()
                    return
                status, headers, body = site.answers.get(self.path.partition("?")[0], (404, {}, b""))
                self.send_response(status)
                for name, value in ({"Content-Length": str(len(body))} | headers).items():
                    if value:
                        self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def trickle(self) -> None:
                """Never end, and never fall silent for long."""
                said = b"HTTP/1.1 200 OK\r\n" + (b"" if self.path == "/header" else b"\r\n")
                with contextlib.suppress(OSError):
                    self.wfile.write(said)
                    while not site.is_closed.wait(0.1):
                        self.wfile.write(b"X")

            def log_message(self, *_: Any) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def redirect(self, path: str, to: str, status: int = 302) -> None:
        self.answers[path] = (status, {"Location": to}, b"")


@pytest.fixture
def new_site() -> Iterator[Callable[[], Site]]:
    made: list[Site] = []

    def make() -> Site:
        made.append(Site())
        return made[-1]

    yield make
    for site in made:
        site.is_closed.set()
        site.server.shutdown()
        site.server.server_close()


@pytest.fixture
def site(new_site: Callable[[], Site], settings: Any) -> Site:
    """A server that the administrator lets people reach, by its address and port alone."""
    opened = new_site()
    settings.OUTGOING_ALLOW = [f"127.0.0.1:{opened.port}"]
    return opened


def fetch(address: str, **options: Any) -> bytes:
    allowed = read_allowances(site_settings.OUTGOING_ALLOW)
    with download(address, allowed=allowed, **options) as found:
        return b"".join(found.chunks)


def refusal(address: str, **options: Any) -> JobError:
    with pytest.raises(JobError) as refused:
        fetch(address, **options)
    assert refused.value.field == "address"
    return refused.value


class Names:
    """A resolver whose answers a test decides, one after the other."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers, self.asked = list(answers), 0

    def __call__(self, host: str, port: int) -> list[str]:
        self.asked += 1
        return self.answers[min(self.asked, len(self.answers)) - 1]


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.169.254",
        "0.0.0.0",  # noqa: S104
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "192.0.0.192",
        "192.0.2.1",
        "198.18.0.1",
        "192.88.99.1",
        "168.63.129.16",
        "::",
        "::1",
        "fe80::1",
        "fec0::1",
        "fd00:ec2::254",
        "ff02::1",
        "2001:db8::1",
        "::ffff:127.0.0.1",
        "::ffff:a9fe:a9fe",
        "::127.0.0.1",
        "::ffff:0:7f00:1",
        "64:ff9b::7f00:1",
        "64:ff9b::a00:1",
        "64:ff9b:1::5db8:d70e",
        "2002:7f00:1::",
        "2002:a9fe:a9fe::1",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "2a00:1450:4001:80e:0:5efe:a00:1",
        "fe80::1%eth0",
    ],
)
def test_what_is_not_public(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize(
    "address",
    [PUBLIC, "1.1.1.1", "2606:4700::1111", "64:ff9b::5db8:d70e", "::ffff:93.184.215.14", "2002:5db8:d70e::1"],
)
def test_what_is_public(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        "file:///etc/passwd",
        "ftp://example.org/rows.csv",
        "gopher://example.org/",
        "//example.org/rows.csv",
        "example.org/rows.csv",
        "http://",
        "http:///rows.csv",
        "http://user:secret@example.org/",
        "http://example.org@127.0.0.1/",
        "http://127.0.0.1\\@example.org/",
        "http://example.org/\r\nHost: other",
        "http://exa mple.org/",
        "http://example.org:22/",
        "http://example.org:6379/",
        "http://example.org:99999/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0x7f.1/",
        "http://0177.0.0.1/",
        "http://127.1/",
        "http://127.0.1/",
        "http://127.0.0.01/",
        "http://1.2.3.4.5/",
        "http://example.0x1/",
        "http://[::1%25lo]/",
        "http://[::1",
        "http://%31%32%37.0.0.1/",
        "http://exa\u200bmple..org/",
        "http://" + "a" * 70 + ".org/",
        "http://example.org/" + "a" * 3000,
    ],
)
def test_an_address_that_is_none_or_is_written_oddly_is_refused(address: str) -> None:
    assert refusal(address, resolve=Names([PUBLIC])).code == "address_refused"
    with pytest.raises(UserError) as refused:
        check_address(address)
    assert (refused.value.field, refused.value.code) == ("address", "address_refused")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("HTTP://Example.ORG", "http://example.org/"),
        ("https://example.org./a b".replace(" ", "%20"), "https://example.org/a%20b"),
        ("http://bücher.example/ä?ö=1#part", "http://xn--bcher-kva.example/%C3%A4?%C3%B6=1"),
        ("http://[2606:4700::1111]/", "http://[2606:4700::1111]/"),
        ("http://example.org:443/", "http://example.org:443/"),
        ("  http://example.org/  ", "http://example.org/"),
    ],
)
def test_how_an_address_is_read(written: str, read: str) -> None:
    assert str(parse_target(written)) == read


def test_digits_of_other_scripts_are_the_number_that_they_name() -> None:
    assert parse_target("http://\uff11\uff12\uff17\u3002\uff10\uff0e\uff10\uff61\uff11/").host == "127.0.0.1"
    assert refusal("http://\uff11\uff12\uff17.0.0.1/").code == "address_refused"


@pytest.mark.parametrize(
    "records",
    [
        ["127.0.0.1"],
        ["::1"],
        [PUBLIC, "10.0.0.1"],
        ["10.0.0.1", PUBLIC],
        [PUBLIC, "::ffff:10.0.0.1"],
        ["64:ff9b::a00:1"],
    ],
)
def test_one_private_record_of_many_is_enough_to_refuse(records: list[str]) -> None:
    names = Names(records)
    assert refusal("http://example.org/rows.csv", resolve=names).code == "address_refused"
    assert names.asked == 1


def test_a_public_name_passes_with_all_its_records() -> None:
    assert checked_addresses("example.org", 443, Names([PUBLIC, "2606:4700::1111"])) == [
        PUBLIC,
        "2606:4700::1111",
    ]


def test_a_refusal_is_logged_with_its_reason_and_tells_the_person_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    refused = refusal("http://intranet.example/", resolve=Names(["10.9.8.7"]))
    assert "10.9.8.7" in refused.note
    assert "10.9.8.7" not in refused.message
    with pytest.raises(UserError) as at_the_form:
        check_address("http://10.9.8.7/?token=secret")
    assert "10.9.8.7, port 80, is not public" in caplog.text
    assert "secret" not in caplog.text
    assert "10.9.8.7" not in at_the_form.value.message


def test_a_file_is_fetched_from_the_address_that_was_checked(site: Site, settings: Any) -> None:
    settings.OUTGOING_ALLOW = ["127.0.0.0/8"]
    names = Names(["127.0.0.1"], ["10.0.0.1"])
    assert fetch(f"http://rebinding.example:{site.port}/rows.csv", resolve=names) == ROWS
    # The name is never looked up between the check and the connection: its second answer is not heard.
    assert names.asked == 1
    assert site.asked == [("/rows.csv", f"rebinding.example:{site.port}")]


def test_an_allowed_host_is_allowed_at_its_port_alone(site: Site, new_site: Callable[[], Site]) -> None:
    assert fetch(f"{site.url}/rows.csv") == ROWS
    other = new_site()
    assert refusal(f"{other.url}/rows.csv").code == "address_refused"
    assert refusal(f"http://localhost:{site.port}/rows.csv").code == "address_refused"
    assert not other.asked


def test_without_an_allowance_loopback_is_closed(new_site: Callable[[], Site]) -> None:
    closed = new_site()
    for host in ("127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0"):  # noqa: S104
        assert refusal(f"http://{host}:{closed.port}/").code == "address_refused"
    assert not closed.asked


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_checked_like_the_address_itself(
    status: int, site: Site, new_site: Callable[[], Site]
) -> None:
    secret = new_site()
    site.redirect("/away", f"{secret.url}/rows.csv", status)
    site.redirect("/here", "/rows.csv", status)
    assert refusal(f"{site.url}/away").code == "address_refused"
    assert not secret.asked
    assert fetch(f"{site.url}/here") == ROWS


@pytest.mark.parametrize(
    "location",
    [
        "file:///etc/passwd",
        "http://169.254.169.254/latest/",
        "http://2130706433/",
        "http://user@127.0.0.1/",
        "//[::1]/",
    ],
)
def test_a_redirect_out_of_the_public_network_is_refused(location: str, site: Site) -> None:
    site.redirect("/away", location)
    assert refusal(f"{site.url}/away").code == "address_refused"


def test_redirects_end(site: Site) -> None:
    site.redirect("/round", "/round")
    assert refusal(f"{site.url}/round").code == "address_refused"
    assert len(site.asked) == fetching.MOST_REDIRECTS + 1


def test_from_https_nobody_is_led_to_http() -> None:
    with pytest.raises(AddressRefused):
        fetching._followed(parse_target("https://example.org/"), "http://example.org/rows.csv")


def test_what_is_no_file_is_said(site: Site) -> None:
    site.answers["/bomb"] = (200, {"Content-Encoding": "gzip"}, b"\x1f\x8b")
    assert "404" in refusal(f"{site.url}/missing").message
    assert refusal(f"{site.url}/bomb").code == "address_failed"


def test_nothing_answers(site: Site) -> None:
    site.server.shutdown()
    site.server.server_close()
    assert refusal(f"{site.url}/rows.csv").code == "address_unreachable"


@pytest.mark.parametrize("path", ["/header", "/body"])
def test_a_site_that_trickles_is_left(path: str, site: Site) -> None:
    """A byte now and then keeps every single read short of its timeout, in a header too."""
    began = time.monotonic()
    refused = refusal(f"{site.url}{path}", watch=Watch(deadline=began + 1))
    assert refused.code == "address_slow"
    assert time.monotonic() - began < 20


class Stopped(Exception):
    pass


def test_a_job_that_is_stopped_waits_for_no_site(site: Site) -> None:
    stop = threading.Event()
    threading.Timer(0.5, stop.set).start()

    def raise_if_stopping() -> None:
        if stop.is_set():
            raise Stopped

    with pytest.raises(Stopped):
        fetch(f"{site.url}/body", watch=Watch(raise_if_stopping))


def test_a_certificate_that_nobody_vouches_for_is_refused(site: Site, tmp_path: Path) -> None:
    certify_oneself(site, tmp_path)
    assert refusal(f"{site.url.replace('http', 'https')}/rows.csv").code == "address_unreachable"
    assert not site.asked


def certify_oneself(site: Site, folder: Path) -> None:
    """Let the site speak TLS with a certificate of its own making."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    encoding = serialization.Encoding.PEM
    private = key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = folder / "site.pem"
    path.write_bytes(private + certificate.public_bytes(encoding))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    site.server.socket = context.wrap_socket(site.server.socket, server_side=True)


def test_a_proxy_of_the_environment_is_not_asked(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("all_proxy", "http://127.0.0.1:9")
    assert fetch(f"{site.url}/rows.csv") == ROWS


def test_a_wrong_allowance_fails_the_check(settings: Any) -> None:
    settings.OUTGOING_ALLOW = ["10.0.0.0/8", "files.internal:8080", "[fd00::1]:80", "10.0.0.0/99"]
    assert [error.id for error in run_checks() if error.id == "core.E001"] == ["core.E001"]


def fetched(made: Import) -> Import:
    """The import after its job, done by a real child process."""
    supervise(str(made.job_id))
    return Import.objects.select_related("job", "dataset").get(pk=made.pk)


@pytest.mark.django_db(transaction=True)
def test_the_page_imports_from_an_address_by_a_job(site: Site, client_for: Any, editor: Any) -> None:
    site.answers["/download"] = (
        200,
        {"Content-Disposition": 'attachment; filename="opening hours.csv"'},
        ROWS,
    )
    client = client_for(editor)
    response = client.post("/data/new/", {"address": f"{site.url}/download?key=secret"})
    made = Import.objects.select_related("job").get()
    assert response["Location"] == f"/data/imports/{made.pk}/"
    # A request asks nobody for anything; what is asked for lies sealed until a worker takes it.
    assert not site.asked
    assert "secret" not in f"{made.job.spec} {made.job.title} {made.address_encrypted}"
    assert address_of(made.job) == f"{site.url}/download?key=secret"
    assert client.get(f"/data/imports/{made.pk}/source/").status_code == 404
    assert "fetched from its address" in client.get(response["Location"]).content.decode()

    made = fetched(made)
    assert (made.job.state, made.filename) == (State.SUCCEEDED, "opening hours.csv")
    assert (made.source_bytes, made.dataset.name) == (len(ROWS), "opening hours")
    assert (made.result["rows"], made.address_encrypted) == (1, "")
    with storage().open(made.source_key) as stream:
        assert stream.read() == ROWS
    assert b"".join(client.get(f"/data/imports/{made.pk}/source/")) == ROWS
    entry = AuditEntry.objects.get(action="import.started")
    assert entry.changes == {"dataset": "download", "host": "127.0.0.1"}


@pytest.mark.django_db(transaction=True)
def test_the_job_says_what_was_wrong_and_tells_nothing_about_the_network(
    site: Site, new_site: Callable[[], Site], client_for: Any, editor: Any, caplog: pytest.LogCaptureFixture
) -> None:
    secret = new_site()
    site.redirect("/away", f"{secret.url}/rows.csv?token=hidden")
    client = client_for(editor)
    client.post("/data/new/", {"address": f"{site.url}/away", "name": "Rows"})
    made = fetched(Import.objects.get())
    assert (made.job.state, made.job.error_code, made.job.error_field) == (
        State.FAILED,
        "address_refused",
        "address",
    )
    assert not secret.asked
    page = client.get(f"/data/imports/{made.pk}/").content.decode()
    assert "may not open this address" in page
    assert "Nothing was stored" in page
    assert str(secret.port) not in page
    assert f"port {secret.port} is not open" in caplog.text
    assert "hidden" not in caplog.text
    site.answers["/away"] = (200, {}, ROWS)
    client.post(f"/jobs/{made.job_id}/retry/")
    assert fetched(made).job.state == State.SUCCEEDED


@pytest.mark.django_db
def test_the_page_says_what_was_wrong_with_the_address(client_for: Any, editor: Any) -> None:
    response = client_for(editor).post("/data/new/", {"address": "http://169.254.169.254/latest/meta-data/"})
    assert response.status_code == 422
    assert "may not open this address" in response.content.decode()
    assert not Import.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("says_its_size", [True, False])
def test_the_api_imports_from_an_address_within_the_limit(
    says_its_size: bool, site: Site, client_for: Any, editor: Any, viewer: Any, settings: Any
) -> None:
    headers = {} if says_its_size else {"Content-Length": ""}
    site.answers["/large.csv"] = (200, headers, ROWS + bytes(2 << 20))
    ask = {
        "path": "/api/v1/datasets/",
        "data": {"address": f"{site.url}/large.csv"},
        "content_type": "application/json",
    }
    assert client_for(viewer).post(**ask).status_code == 403
    assert client_for(None).post(**ask).status_code == 401
    settings.UPLOAD_LIMIT_MB = 1
    answer = client_for(editor).post(**ask)
    assert (answer.status_code, answer.json()["source_bytes"]) == (201, 0)
    made = fetched(Import.objects.get())
    assert (made.job.state, made.job.error_code) == (State.FAILED, "too_large")
    assert not storage().list(f"imports/{made.pk}")


@pytest.mark.django_db(transaction=True)
def test_what_is_fetched_counts_and_must_fit_once_it_is_here(
    site: Site, client_for: Any, editor: Any, workspace: Any, settings: Any
) -> None:
    client = client_for(editor)
    settings.QUOTAS = {**settings.QUOTAS, "storage_gb": 1.5 * len(ROWS) / GB}
    for _ in range(2):
        client.post("/data/new/", {"address": f"{site.url}/rows.csv"})
    # Both were asked for while there was room for one; whatever their order, one of them finds none.
    ended = [fetched(made) for made in Import.objects.order_by("created_at")]
    assert [made.job.state for made in ended] == [State.SUCCEEDED, State.FAILED]
    assert ended[1].job.error_field == "address"
    assert not storage().list(f"imports/{ended[1].pk}")


@pytest.mark.django_db(transaction=True)
def test_a_download_is_stopped_on_its_page(site: Site, client_for: Any, editor: Any) -> None:
    client_for(editor).post("/data/new/", {"address": f"{site.url}/body"})
    made = Import.objects.select_related("job").get()

    def stop() -> None:
        while not site.asked:
            time.sleep(0.05)
        request_stop(actor=editor, job=made.job)
        connections.close_all()

    stopper = threading.Thread(target=stop)
    stopper.start()
    assert fetched(made).job.state == State.CANCELLED
    stopper.join()


@pytest.mark.django_db
def test_a_waiting_address_follows_when_the_keys_change(
    site: Site, client_for: Any, editor: Any, settings: Any
) -> None:
    client_for(editor).post("/data/new/", {"address": f"{site.url}/rows.csv"})
    settings.SECRETS_KEYS = ["a new one"]
    call_command("rotate_secrets", verbosity=0)
    settings.SECRET_KEY = "another"
    assert address_of(Job.objects.get()) == f"{site.url}/rows.csv"


@pytest.mark.django_db
def test_nobody_searches_a_network_with_it(
    site: Site, client_for: Any, editor: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.datasets.services.fetching.FETCHES", Rate(1, 3600))
    client, ask = client_for(editor), {"address": f"{site.url}/rows.csv"}
    assert client.post("/api/v1/datasets/", ask, content_type="application/json").status_code == 201
    refused = client.post("/api/v1/datasets/", ask, content_type="application/json")
    assert refused.status_code == 429
    assert int(refused["Retry-After"]) >= 1
