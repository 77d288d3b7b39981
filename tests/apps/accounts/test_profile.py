"""Name, language, time zone and address."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from apps.accounts.models import User
from apps.workspaces.models import AuditEntry
from tests.apps.accounts.conftest import confirmed, is_in, link_in

pytestmark = pytest.mark.django_db

SignIn = Callable[..., Client]
PAGES = (
    *("profile", "email", "password/change", "two-step", "sessions", "export", "delete", "passkeys"),
    *("passkeys/add", "two-step/app/add", "connected"),
)


def test_what_is_saved_is_kept_and_in_the_trail(person: User, sign_in: SignIn) -> None:
    sent = {"name": "Pia P.", "language": "en", "timezone": "Asia/Shanghai"}
    assert sign_in().post("/accounts/profile/", sent).status_code == 302
    person.refresh_from_db()
    assert (person.name, person.language, person.timezone) == ("Pia P.", "en", "Asia/Shanghai")
    entry = AuditEntry.objects.get(action="user.profile_changed")
    assert entry.changes == {"fields": ["name", "language", "timezone"]}


@pytest.mark.parametrize("wrong", [{"timezone": "Mars/Olympus"}, {"language": "xx"}, {"name": "x" * 151}])
def test_what_there_is_not_is_refused_at_its_field(
    person: User, sign_in: SignIn, wrong: dict[str, str]
) -> None:
    response = sign_in().post("/accounts/profile/", {"name": "", "language": "", "timezone": "", **wrong})
    assert response.status_code == 422
    assert set(response.context["form"].errors) == set(wrong)


def test_an_address_changes_when_the_new_one_is_proved(person: User, sign_in: SignIn) -> None:
    client = confirmed(sign_in())
    client.post("/accounts/email/", {"email": "pia@new.example.com", "action_add": ""})
    assert User.objects.get(pk=person.pk).email == "pia@example.com"
    Client().post(link_in(mail.outbox[0]))
    assert User.objects.get(pk=person.pk).email == "pia@new.example.com"
    assert not is_in(sign_in())
    assert is_in(sign_in("pia@new.example.com"))
    assert AuditEntry.objects.filter(action="user.email_changed").exists()
    assert mail.outbox[-1].to == ["pia@example.com"], "the old address hears of it"


def test_an_address_of_somebody_else_is_never_taken_over(person: User, owner: User, sign_in: SignIn) -> None:
    from allauth.account.models import EmailAddress

    EmailAddress.objects.create(user=owner, email=owner.email, verified=True, primary=True)
    client = confirmed(sign_in())
    response = client.post("/accounts/email/", {"email": owner.email, "action_add": ""})
    assert response.status_code == 302, "it looks like any other address"
    for message in mail.outbox:
        if "/confirm-email/" in str(message.body):
            Client().post(link_in(message))
    assert User.objects.get(pk=person.pk).email == "pia@example.com"
    assert User.objects.filter(email=owner.email).count() == 1


@pytest.mark.parametrize("page", PAGES)
def test_every_page_opens_under_the_one_menu(person: User, sign_in: SignIn, page: str) -> None:
    body = confirmed(sign_in()).get(f"/accounts/{page}/")
    assert body.status_code == 200
    html = body.content.decode()
    assert "account-menu" in html
    assert html.count("<h1") == 1
    assert 'style="' not in html
    assert Client().get(f"/accounts/{page}/")["Location"].startswith(("/accounts/login/", "/accounts/reauth"))


def test_times_are_shown_in_the_persons_zone(person: User, sign_in: SignIn) -> None:
    from allauth.usersessions.models import UserSession
    from django.utils.timezone import datetime

    client = sign_in()
    at = datetime.fromisoformat("2026-03-01T23:30:00+00:00")
    UserSession.objects.update(created_at=at)
    User.objects.filter(pk=person.pk).update(timezone="Asia/Tokyo")
    assert "08:30" in client.get("/accounts/sessions/").content.decode()


def test_without_a_choice_the_zone_is_the_browsers_and_the_form_says_so(
    person: User, sign_in: SignIn
) -> None:
    from allauth.usersessions.models import UserSession
    from django.utils.timezone import datetime

    client = sign_in()
    UserSession.objects.update(created_at=datetime.fromisoformat("2026-03-01T23:30:00+00:00"))
    client.cookies["timezone"] = "Asia/Tokyo"
    assert "08:30" in client.get("/accounts/sessions/").content.decode()
    choices = client.get("/accounts/profile/").context["form"].fields["timezone"].choices
    assert [str(words) for value, words in choices if not value] == ["Same as this browser"]


def test_the_admin_pages_show_no_secret(person: User, owner: Any, client_for: Any, sign_in: SignIn) -> None:
    from allauth.mfa.models import Authenticator

    row = Authenticator.objects.create(user=person, type="totp", data={"secret": "sealed-text"})
    html = client_for(owner).get(f"/admin/mfa/authenticator/{row.pk}/change/").content.decode()
    assert "sealed-text" not in html
    client_for(owner).post(f"/admin/mfa/authenticator/{row.pk}/delete/", {"post": "yes"})
    assert AuditEntry.objects.filter(action="user.two_step_removed", actor=owner).exists()
