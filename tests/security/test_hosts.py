"""Which names the site answers to: a foreign name that was made to lead here (DNS rebinding) opens nothing."""

from __future__ import annotations

import logging
import socket
from typing import Any

import pytest
from django.test import Client

from launcher.environment import hosts_of
from tests.security.policy import assert_allowed
from tests.security.test_settings import settings_under

FOREIGN = ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", "evil.example/@testserver", "[::2]"]


@pytest.mark.parametrize("host", FOREIGN)
@pytest.mark.parametrize("path", ["/", "/healthz", "/static/js/theme.js", "/api/v1/apps/", "/nowhere/"])
def test_a_foreign_name_is_refused_and_the_setting_is_named(
    path: str, host: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, logger="apps.core.hosts"):
        response = Client(headers={"Host": host}).get(path)
    assert response.status_code == 400
    assert "ALLOWED_HOSTS" in response.content.decode()
    (told,) = [record.getMessage() for record in caplog.records if record.name == "apps.core.hosts"]
    assert repr(host) in told
    assert "ALLOWED_HOSTS" in told
    assert_allowed(response, path)


def test_what_somebody_sends_as_host_is_no_markup() -> None:
    page = Client(headers={"Host": "<script>alert(1)</script>"}).get("/").content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_the_page_is_in_the_readers_language() -> None:
    headers = {"Host": "evil.example", "Accept-Language": "zh-hans"}
    assert 'lang="zh-hans"' in Client(headers=headers).get("/").content.decode()


def test_a_studio_on_one_machine_answers_to_itself_alone() -> None:
    assert hosts_of("127.0.0.1") == ["localhost", "127.0.0.1", "[::1]"]
    assert hosts_of("::1") == ["localhost", "127.0.0.1", "[::1]"]
    assert "192.0.2.7" in hosts_of("192.0.2.7")
    assert hosts_of("127.0.0.1", "lab.example, lab")[-2:] == ["lab.example", "lab"]


@pytest.mark.parametrize("host", ["0.0.0.0", "::", ""])  # noqa: S104
def test_one_that_listens_everywhere_answers_to_every_name_and_address_of_its_machine(host: str) -> None:
    found = hosts_of(host)
    name = socket.gethostname().lower()
    own = {info[4][0] for info in socket.getaddrinfo(name, None, socket.AF_INET)}
    assert {name, "localhost", *own} <= set(found)
    assert "*" not in found
    assert not any("%" in entry for entry in found)


def test_a_setting_adds_names_and_the_sites_own_address_is_always_one() -> None:
    names = ["ALLOWED_HOSTS"]
    found: Any = settings_under(names, ALLOWED_HOSTS="a.example,b.example", SITE_URL="https://c.example:8443")
    assert found["ALLOWED_HOSTS"] == ["a.example", "b.example", "c.example"]
    assert "*" not in settings_under(names)["ALLOWED_HOSTS"]
