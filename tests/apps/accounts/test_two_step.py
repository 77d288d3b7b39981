"""Codes from an app, codes on paper, and that nothing leads past them."""

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core.management import call_command
from django.test import Client

from apps.accounts.forms import MOST_PASSKEYS
from apps.accounts.models import User
from apps.publishing.connections import sync_redis
from apps.workspaces.models import AuditEntry
from tests.access.passkeys import registered_passkey
from tests.apps.accounts.conftest import PASSWORD, code_of, confirmed, is_in

pytestmark = pytest.mark.django_db

SignIn = Callable[..., Client]


@pytest.fixture
def secret(person: User, sign_in: SignIn) -> str:
    """The secret of an app that Pia just added."""
    client = confirmed(sign_in())
    secret = str(client.get("/accounts/two-step/app/add/").context["form"].secret)
    wrong = client.post("/accounts/two-step/app/add/", {"code": "000000"})
    assert "is wrong or has already been used" in wrong.content.decode()
    assert client.post("/accounts/two-step/app/add/", {"code": code_of(secret, -1)}).status_code == 302
    return secret


def test_after_the_password_the_code_is_asked(secret: str, sign_in: SignIn) -> None:
    client = sign_in()
    assert client.answer["Location"].startswith("/accounts/two-step/code/")
    assert not is_in(client)
    for wrong in ("000000", "", "null", code_of(secret, 20)):
        client.post("/accounts/two-step/code/", {"code": wrong})
        assert not is_in(client)
    client.post("/accounts/two-step/code/", {"code": code_of(secret)})
    assert is_in(client)


def test_a_code_works_once(secret: str, sign_in: SignIn) -> None:
    code = code_of(secret)
    first, second = sign_in(), sign_in()
    first.post("/accounts/two-step/code/", {"code": code})
    second.post("/accounts/two-step/code/", {"code": code})
    assert is_in(first)
    assert not is_in(second)


def test_a_code_that_allauth_has_forgotten_works_once(secret: str, sign_in: SignIn, settings: Any) -> None:
    """allauth remembers a code for half a minute, and accepts it for longer. Trying it again clears no wrong guesses."""
    settings.ACCOUNT_RATE_LIMITS = {}
    code = code_of(secret)
    sign_in().post("/accounts/two-step/code/", {"code": code})
    client = sign_in()
    for _ in range(10):
        client.post("/accounts/two-step/code/", {"code": "000000"})
        for key in sync_redis().keys("*mfa.totp.used*"):
            sync_redis().delete(key)
        client.post("/accounts/two-step/code/", {"code": f"{code[:3]} {code[3:]}"})
        assert not is_in(client)
    client.post("/accounts/two-step/code/", {"code": code_of(secret, 1)})
    assert not is_in(client), "ten wrong guesses"


def test_the_code_that_turned_it_on_is_used_up(secret: str, sign_in: SignIn) -> None:
    client = sign_in()
    client.post("/accounts/two-step/code/", {"code": code_of(secret, -1)})
    assert not is_in(client)
    client.post("/accounts/two-step/code/", {"code": code_of(secret)})
    assert is_in(client)


def test_a_used_code_is_remembered_for_as_long_as_it_would_be_accepted(
    secret: str, sign_in: SignIn, settings: Any
) -> None:
    sign_in().post("/accounts/two-step/code/", {"code": code_of(secret)})
    redis = sync_redis()
    used = redis.keys("*accounts.used_code*")
    assert len(used) == 2, "the one that turned it on, and this one"
    assert all(redis.ttl(key) > 30 * (2 * settings.MFA_TOTP_TOLERANCE) for key in used)


def test_a_recovery_code_works_once(secret: str, person: User, sign_in: SignIn) -> None:
    codes = Authenticator.objects.get(user=person, type="recovery_codes").wrap().get_unused_codes()
    assert len(codes) == 10
    first, second = sign_in(), sign_in()
    first.post("/accounts/two-step/code/", {"code": codes[0]})
    second.post("/accounts/two-step/code/", {"code": codes[0]})
    assert is_in(first)
    assert not is_in(second)


def test_guessing_codes_is_slowed_down(secret: str, settings: Any, sign_in: SignIn) -> None:
    settings.ACCOUNT_RATE_LIMITS = {}
    client = sign_in()
    for _ in range(10):
        client.post("/accounts/two-step/code/", {"code": "000000"})
    client.post("/accounts/two-step/code/", {"code": code_of(secret)})
    assert not is_in(client)


def test_the_admin_pages_have_no_way_in_of_their_own(secret: str, person: User) -> None:
    User.objects.filter(pk=person.pk).update(is_staff=True, is_superuser=True)
    client = Client()
    response = client.post("/admin/login/", {"username": person.email, "password": PASSWORD})
    assert response["Location"].startswith("/accounts/login/")
    assert client.get("/admin/").status_code == 302


def test_a_new_password_does_not_lead_past_it(secret: str, person: User, sign_in: SignIn) -> None:
    from tests.apps.accounts.test_passwords import NEW, ask_for_link, use_link

    use_link(ask_for_link())
    assert not is_in(sign_in(password=NEW["password1"]))


def test_secrets_are_sealed_and_stay_readable_when_keys_rotate(
    secret: str, person: User, sign_in: SignIn, settings: Any
) -> None:
    row = Authenticator.objects.get(user=person, type="totp")
    assert secret not in str(row.data)
    sealed = row.data["secret"]
    settings.SECRETS_KEYS = ["a new key for secrets, long enough to be one"]
    call_command("rotate_secrets", stdout=io.StringIO())
    row.refresh_from_db()
    assert row.data["secret"] != sealed
    client = sign_in()
    client.post("/accounts/two-step/code/", {"code": code_of(secret)})
    assert is_in(client)


def test_a_secret_that_no_key_opens_accepts_no_code(secret: str, person: User, sign_in: SignIn) -> None:
    Authenticator.objects.filter(user=person, type="totp").update(data={"secret": "not sealed by us"})
    client = sign_in()
    for code in (code_of(secret), code_of("")):
        client.post("/accounts/two-step/code/", {"code": code})
    assert not is_in(client)


def test_changing_it_asks_whether_it_is_still_them(person: User, sign_in: SignIn) -> None:
    client = confirmed(sign_in(), "a wrong password")
    for path in ("two-step/app/add/", "passkeys/add/", "two-step/codes/new/"):
        assert client.get(f"/accounts/{path}")["Location"].startswith("/accounts/reauthenticate/")


@pytest.mark.django_db(transaction=True)  # allauth tells of an app after commit
def test_adding_and_removing_are_in_the_trail_and_in_the_mail(
    secret: str, person: User, sign_in: SignIn
) -> None:
    from django.core import mail

    client = sign_in()
    client.post("/accounts/two-step/code/", {"code": code_of(secret)})
    confirmed(client)
    assert client.post("/accounts/two-step/app/remove/").status_code == 302
    assert not Authenticator.objects.filter(user=person, type="totp").exists()
    actions = AuditEntry.objects.filter(object_id=str(person.pk)).values_list("action", flat=True)
    assert {"user.two_step_added", "user.two_step_removed"} <= set(actions)
    assert any("was removed from your account" in str(message.body) for message in mail.outbox)


def test_who_lost_the_phone_is_helped_at_the_command_line(secret: str, person: User, sign_in: SignIn) -> None:
    out = io.StringIO()
    call_command("reset_password", person.email, "--generate", "--remove-two-step", stdout=out)
    assert is_in(sign_in(password=out.getvalue().split("password: ")[1].strip()))


def test_an_account_has_a_limit_of_passkeys(person: User, sign_in: SignIn) -> None:
    """The key that is one too many is refused at its field before it is registered; after one was removed there is room."""
    client = confirmed(sign_in())
    keys = [
        Authenticator(user=person, type=Authenticator.Type.WEBAUTHN, data=registered_passkey())
        for _ in range(MOST_PASSKEYS)
    ]
    Authenticator.objects.bulk_create(keys)
    sent = {"name": "one more", "credential": json.dumps({"id": "x"})}
    refused = client.post("/accounts/passkeys/add/", sent)
    assert "20 at most" in " ".join(refused.context["form"].errors["name"])
    assert "20 at most" in refused.content.decode()
    assert Authenticator.objects.filter(user=person).count() == MOST_PASSKEYS
    Authenticator.objects.filter(user=person).first().delete()  # type: ignore[union-attr]
    assert "name" not in client.post("/accounts/passkeys/add/", sent).context["form"].errors
