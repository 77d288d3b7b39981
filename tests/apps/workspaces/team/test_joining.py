"""The link of an invitation makes the account where nobody has to prove an address by e-mail: once, and for whom it names."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.test import Client

from apps.accounts.models import User
from apps.workspaces.models import AuditEntry, Invitation, Membership, Role
from apps.workspaces.team import invitations
from tests.apps.accounts.conftest import is_in
from tests.apps.workspaces.usage.test_ledger import at_once, parallel
from tests.security.test_settings import settings_under

pytestmark = pytest.mark.django_db
FORM = {"email": "New@Example.com", "name": "Nia", "password": "quite long words"}


@pytest.fixture(autouse=True)
def by_invitation(settings: Any) -> None:
    """What the launcher chooses for a studio on one machine."""
    settings.SIGN_UP, settings.EMAIL_URL = "invitation", "console:"


def _invite(actor: Any, workspace: Any, email: str = "", role: str = Role.EDITOR) -> str:
    token = invitations.create_invitation(actor=actor, workspace=workspace, role=role, email=email)[1]
    return f"/workspace/join/{token}/"


def test_the_link_makes_account_membership_and_session(owner: Any, workspace: Any) -> None:
    path, client = _invite(owner, workspace), Client()
    page = client.get(path).content.decode()
    assert 'name="password"' in page
    answer = client.post(path, FORM)
    assert (answer.status_code, answer["Location"]) == (302, "/")
    user = User.objects.get(email="new@example.com")
    assert user.name == "Nia"
    assert EmailAddress.objects.get(user=user).verified
    assert Membership.objects.get(user=user, workspace=workspace).role == Role.EDITOR
    assert client.get("/").context["membership"].workspace == workspace
    told = AuditEntry.objects.filter(actor=user).values_list("action", flat=True)
    assert set(told) == {"user.signed_up", "user.signed_in", "invitation.accepted"}
    again = Client()
    again.post("/accounts/login/", {"login": "new@example.com", "password": FORM["password"]})
    assert is_in(again)


def test_it_works_once(owner: Any, workspace: Any) -> None:
    path = _invite(owner, workspace)
    Client().post(path, FORM)
    late = Client().post(path, {**FORM, "email": "second@example.com"})
    assert late.status_code == 404
    assert not User.objects.filter(email="second@example.com").exists()


def test_it_makes_the_account_that_it_names(owner: Any, workspace: Any) -> None:
    path = _invite(owner, workspace, "named@example.com")
    assert "named@example.com" not in Client().get(path).content.decode(), "who found the link learns nothing"
    refused = Client().post(path, {**FORM, "email": "other@example.com"})
    assert "for another address" in refused.content.decode()
    assert not User.objects.filter(email="other@example.com").exists()
    Client().post(path, {**FORM, "email": "Named@example.com"})
    assert User.objects.filter(email="named@example.com").exists()


def test_what_is_wrong_is_said_and_makes_nothing(owner: Any, workspace: Any, outsider: User) -> None:
    path = _invite(owner, workspace)
    for wrong, said in (
        ({"password": "short"}, "too short"),
        ({"email": outsider.email}, "already exists"),
        ({"email": "nobody"}, "valid email"),
        ({"email": "new@example.com", "password": "new@example.com"}, "similar"),
    ):
        answer = Client().post(path, {**FORM, **wrong})
        assert answer.status_code == 422
        assert said in answer.content.decode(), wrong
    assert not User.objects.filter(email="new@example.com").exists()
    assert Invitation.objects.open().count() == 1
    assert outsider.memberships.count() == 1


def test_who_has_an_account_signs_in_and_accepts(owner: Any, workspace: Any, outsider: User) -> None:
    path, client = _invite(owner, workspace), Client()
    page = client.get(path).content.decode()
    assert "/accounts/login/?next=" in page
    client.force_login(outsider)
    assert 'name="password"' not in client.get(path).content.decode()
    client.post(path)
    assert Membership.objects.filter(user=outsider, workspace=workspace).exists()


@pytest.mark.parametrize(("sign_up", "inviter", "makes"), [
    ("closed", "admin", False), ("closed", "owner", True), ("invitation", "admin", True), ("open", "admin", True),
])  # fmt: skip
def test_the_setting_decides_and_administrators_always_may(
    settings: Any, request: pytest.FixtureRequest, workspace: Any, sign_up: str, inviter: str, makes: bool
) -> None:
    settings.SIGN_UP = sign_up
    path = _invite(request.getfixturevalue(inviter), workspace, role=Role.VIEWER)
    assert ('name="password"' in Client().get(path).content.decode()) is makes
    Client().post(path, FORM)
    assert User.objects.filter(email="new@example.com").exists() is makes


def test_where_addresses_are_proved_the_page_leads_to_signing_up(
    settings: Any, owner: Any, workspace: Any
) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    path = _invite(owner, workspace)
    assert "/accounts/signup/" in Client().get(path).content.decode()
    Client().post(path, FORM)
    assert not User.objects.filter(email="new@example.com").exists()


def test_without_a_link_to_prove_it_nobody_signs_up_elsewhere(owner: Any, workspace: Any) -> None:
    client = Client()
    client.get(_invite(owner, workspace))
    sent = {"email": "new@example.com", "password1": "quite long words", "password2": "quite long words"}
    client.post("/accounts/signup/", sent)
    assert not User.objects.filter(email="new@example.com").exists()


@pytest.mark.once
def test_which_studios_mail_a_link_first() -> None:
    def verification(**environment: str) -> Any:
        return settings_under(["ACCOUNT_EMAIL_VERIFICATION"], **environment)["ACCOUNT_EMAIL_VERIFICATION"]

    assert verification(SIGN_UP="invitation", EMAIL_URL="console:") == "none"
    assert verification(SIGN_UP="invitation", EMAIL_URL="smtp://mail.example.com") == "mandatory"
    assert verification(SIGN_UP="open", EMAIL_URL="console:") == "mandatory"
    assert verification(SIGN_UP="closed", EMAIL_URL="") == "none"


@pytest.mark.django_db(transaction=True)
@parallel
def test_of_many_at_once_one_gets_an_account(owner: Any, workspace: Any) -> None:
    path = _invite(owner, workspace)
    at_once(lambda n: Client().post(path, {**FORM, "email": f"p{n}@example.com"}))
    assert User.objects.exclude(pk=owner.pk).count() == 1


def test_password_reset_is_offered_where_mail_goes_out(settings: Any) -> None:
    offered = '/accounts/password/reset/"'
    page = Client().get("/accounts/login/").content.decode()
    assert offered not in page
    assert "Ask an administrator" in page
    assert 'name="email"' not in Client().get("/accounts/password/reset/").content.decode()
    settings.EMAIL_URL = "smtp://mail.example.com"
    assert offered in Client().get("/accounts/login/").content.decode()
    assert 'name="email"' in Client().get("/accounts/password/reset/").content.decode()
