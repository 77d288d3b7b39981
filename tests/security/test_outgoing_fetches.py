"""What is fetched from a typed address, and when it is left: against real servers on loopback."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.patience import PATIENCE_SECONDS
from tests.fixtures.sites import ROWS, Names, Site, certify_oneself, fetch, refusal
from workers.ingest import fetching
from workers.shared.addresses import AddressRefused, parse_target
from workers.shared.outgoing_requests import Watch


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
    assert time.monotonic() - began < PATIENCE_SECONDS


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


def test_a_proxy_of_the_environment_is_not_asked(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("all_proxy", "http://127.0.0.1:9")
    assert fetch(f"{site.url}/rows.csv") == ROWS
