"""What EMAIL_URL decides: which server sends, and what is promised where none does."""

import subprocess
from typing import Any

import pytest
from django.core import mail as outgoing
from django.test import Client

from apps.accounts.models import User
from tests.security.test_settings import settings_under

pytestmark = pytest.mark.django_db

KNOWN = "pia@example.com"


@pytest.mark.parametrize("url", ["", "console:"])
def test_no_e_mail_is_promised_where_none_is_sent(
    person: User, settings: Any, sign_in: Any, url: str
) -> None:
    settings.EMAIL_URL = url
    page = Client().get("/accounts/password/reset/").content.decode()
    assert "administrator" in page
    assert "reset_password" in page
    assert 'name="email"' not in page
    for path, fields in (
        ("password/reset", {"email": KNOWN}),
        ("email", {"email": "n@x.org", "action_add": ""}),
    ):
        client = sign_in()
        answer = client.post(f"/accounts/{path}/", fields)
        assert answer.status_code == 200
        assert "cannot send e-mails" in answer.content.decode()
    assert not outgoing.outbox


def test_a_studio_that_lets_people_sign_up_and_sends_nothing_is_warned(settings: Any) -> None:
    from apps.accounts.checks import addresses_can_be_proved

    settings.SIGN_UP = "open"
    assert not addresses_can_be_proved()
    settings.EMAIL_URL = ""
    assert [found.id for found in addresses_can_be_proved()] == ["accounts.W001"]
    for without_mail in ("closed", "invitation"):
        settings.SIGN_UP = without_mail
        assert not addresses_can_be_proved()


@pytest.mark.parametrize(
    ("url", "port", "starts_tls", "is_tls"),
    [
        ("smtp+tls://maquette%40org:p%2Fw@mail.example.com", 587, True, False),
        ("smtp+ssl://maquette%40org:p%2Fw@mail.example.com:4465", 4465, False, True),
        ("smtp://maquette%40org:p%2Fw@mail.example.com", 25, False, False),
    ],
)
def test_the_address_of_the_mail_server_says_how_it_is_spoken_to(
    url: str, port: int, starts_tls: bool, is_tls: bool
) -> None:
    names = ["HOST", "PORT", "HOST_USER", "HOST_PASSWORD", "USE_TLS", "USE_SSL", "TIMEOUT", "BACKEND"]
    found = settings_under([f"EMAIL_{name}" for name in names], EMAIL_URL=url)
    queued = "apps.core.mail.QueuedBackend"
    said = ["mail.example.com", port, "maquette@org", "p/w", starts_tls, is_tls, 10, queued]
    assert list(found.values()) == said


def test_an_address_that_is_none_stops_the_start() -> None:
    with pytest.raises(subprocess.CalledProcessError) as refused:
        settings_under(["EMAIL_URL"], EMAIL_URL="mail.example.com:587")
    assert "smtp+tls://" in refused.value.stderr
