"""A password is the same password however its letters are composed, and however it was copied."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher, check_password, make_password
from django.test import Client

from apps.accounts import services as accounts
from apps.accounts.models import User
from apps.core import rate_limits
from apps.core.passwords import NormalizingHasher, trim
from apps.publishing.services.links import create_share_link, set_link_password

FORMS = ("NFC", "NFD", "NFKC", "NFKD")
WORDS = "übermäßig lange Wörter № ½ ﬁnal"


@pytest.mark.parametrize("kept", FORMS)
@pytest.mark.parametrize("typed", FORMS)
def test_every_form_opens_what_was_kept_in_another(
    settings: Any, kept: str, typed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.PASSWORD_HASHERS = ["apps.core.passwords.NormalizingHasher"]
    monkeypatch.setattr(NormalizingHasher, "iterations", 1000)  # a hash takes half a second otherwise
    encoded = make_password(unicodedata.normalize(kept, WORDS))
    assert check_password(unicodedata.normalize(typed, WORDS), encoded)
    assert not check_password(unicodedata.normalize(typed, WORDS + "x"), encoded)


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_hashes_from_before_still_open(form: str) -> None:
    """Made of the raw text, which the normalised one is not: № is “No” there."""
    raw = unicodedata.normalize(form, WORDS)
    old = PBKDF2PasswordHasher().encode(raw, "salt", 1000)
    assert NormalizingHasher().verify(raw, old)
    assert not NormalizingHasher().verify(raw + "x", old)
    plain = unicodedata.normalize(form, "Wörter")
    assert NormalizingHasher().verify("Wörter", PBKDF2PasswordHasher().encode(plain, "salt", 1000))


def test_the_studio_hashes_so() -> None:
    from studio.settings.accounts import PASSWORD_HASHERS

    assert PASSWORD_HASHERS == ["apps.core.passwords.NormalizingHasher"]


@pytest.mark.parametrize("around", [" {} ", "\u00a0{}\n", "\u200b{}\ufeff", " \u2060 {}\t"])
def test_trimming_takes_what_copying_adds(around: str) -> None:
    assert trim(around.format("two words")) == "two words"
    assert trim(around.format("")) == ""


@pytest.mark.django_db
def test_an_account_opens_to_both_forms(client: Client) -> None:
    composed = "grüne Äpfel überall"
    accounts.create_user(email="gaby@example.com", password=composed)
    for form in ("NFC", "NFD"):
        typed = {"login": "gaby@example.com", "password": unicodedata.normalize(form, composed)}
        assert client.post("/accounts/login/", typed).status_code == 302, form
        client.post("/accounts/logout/")
    assert User.objects.get().check_password(composed)


@pytest.mark.django_db
def test_a_link_counts_no_guess_for_blanks_and_forms(
    owner: Any, app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong: list[str] = []
    monkeypatch.setattr(rate_limits.Guessing, "was_wrong", lambda _self, name: wrong.append(name))
    link, token = create_share_link(actor=owner, app=app, password=" Grüße aus Köln ")
    for typed in ("Grüße aus Köln", "  Grüße aus Köln\n", unicodedata.normalize("NFD", "Grüße aus Köln")):
        assert _unlocks(token, typed), typed
    assert not wrong
    assert not _unlocks(token, "Grüße aus Bonn")
    assert len(wrong) == 2, "of this address, and of all"
    set_link_password(actor=owner, link=link, password="   ")
    assert not link.password, "blanks alone are no password"


@pytest.mark.django_db
def test_a_link_that_was_kept_with_its_blanks_still_opens(owner: Any, app: Any) -> None:
    link, token = create_share_link(actor=owner, app=app, password="a long password")
    link.password = make_password(" a long password ")
    link.save()
    assert _unlocks(token, " a long password ")


def _unlocks(token: str, password: str) -> bool:
    return Client().post(f"/a/{token}/unlock/", {"password": password}).status_code == 302
