"""People as they sign in for real: with an address, a password, and whatever else they have."""

import base64
import hmac
import re
import struct
import time
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal import auth
from django.core import mail
from django.test import Client
from pytest_django import Settings

from apps.accounts import services
from apps.accounts.models import User

PASSWORD = "a rather long password"


@pytest.fixture(autouse=True)
def still_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock of codes stands still: on a busy machine no half minute passes between making a code and typing it."""
    now = time.time()
    monkeypatch.setattr(auth, "time", SimpleNamespace(time=lambda: now))


@pytest.fixture
def person(db: None) -> User:
    """Has an account with a verified address, and no workspace."""
    return services.create_user(email="pia@example.com", password=PASSWORD, name="Pia")


@pytest.fixture
def mails_out(settings: Settings) -> None:
    """A studio that can send e-mails: addresses must be verified."""
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"


@pytest.fixture
def sign_in() -> Callable[..., Client]:
    """A client that signed in with the password; what it was answered is `client.answer`."""

    def go(email: str = "pia@example.com", password: str = PASSWORD, **headers: str) -> Client:
        client = Client(**headers)
        client.answer = client.post("/accounts/login/", {"login": email, "password": password})
        return client

    return go


def confirmed(client: Client, password: str = PASSWORD) -> Client:
    """The client after it answered “Confirm your identity”."""
    client.post("/accounts/reauthenticate/", {"password": password})
    return client


def is_in(client: Client) -> bool:
    """Whether the client's session opens the account pages."""
    return client.get("/accounts/profile/").status_code == 200


def link_in(message: mail.EmailMessage) -> str:
    """The path that an e-mail leads to."""
    found = re.search(r"http://127\.0\.0\.1:8000(/accounts/\S+)", str(message.body))
    assert found, message.body
    return found[1]


def code_of(secret: str, steps: int = 0) -> str:
    """The code that an authenticator app shows `steps` half minutes from now (RFC 6238)."""
    counter = struct.pack(">Q", int(auth.time.time()) // 30 + steps)
    digest = hmac.new(base64.b32decode(secret), counter, "sha1").digest()
    offset = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[offset : offset + 4])[0] & 0x7FFFFFFF) % 10**6:06d}"


def is_verified(email: str) -> bool:
    return EmailAddress.objects.filter(email=email, verified=True).exists()
