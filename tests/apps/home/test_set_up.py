"""The first visit: only who has the printed address becomes the owner, and only once."""

import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from apps.accounts.models import User
from apps.workspaces.models import ApiKey, AuditEntry, Membership

pytestmark = pytest.mark.django_db
FORM = {
    "token": "the-set-up-token",
    "email": "Teacher@Example.com",
    "password": "a good pass phrase",
    "name": "Tess",
    "workspace": "Class 4b",
}


def test_first_page_says_where_the_address_was_printed(client: Client) -> None:
    response = client.get("/")
    assert response.status_code == 200
    assert "/setup/?token=" in response.content.decode()


def test_set_up_page_needs_the_token(client: Client) -> None:
    assert client.get("/setup/?token=wrong").status_code == 403
    assert client.post("/setup/", FORM | {"token": "wrong"}).status_code == 403
    assert not User.objects.exists()


def test_set_up_creates_owner_and_workspace_and_signs_in(client: Client) -> None:
    assert client.get("/setup/?token=the-set-up-token").status_code == 200
    response = client.post("/setup/", FORM)
    assert response.status_code == 302
    membership = Membership.objects.get()
    assert (membership.user.email, membership.role) == ("teacher@example.com", "owner")
    assert membership.workspace.name == "Class 4b"
    assert membership.user.is_staff
    assert AuditEntry.objects.filter(action="workspace.created", actor=membership.user).exists()
    assert client.get("/").status_code == 200


def test_a_weak_password_is_refused_at_its_field_and_nothing_is_lost(client: Client) -> None:
    response = client.post("/setup/", FORM | {"password": "12345678"})
    assert response.status_code == 422
    assert response.context["form"].errors.keys() == {"password"}
    assert "Class 4b" in response.content.decode()
    assert not User.objects.exists()


def test_set_up_works_once(client: Client, owner: User) -> None:
    assert client.get("/setup/?token=the-set-up-token").status_code == 302
    client.post("/setup/", FORM)
    assert User.objects.count() == 1


def test_bootstrap_prints_a_working_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOOTSTRAP_PASSWORD", "a good pass phrase")
    out = io.StringIO()
    call_command("bootstrap", "--owner", "ops@example.com", "--token", "--json", stdout=out)
    printed = json.loads(out.getvalue())
    assert ApiKey.objects.by_secret(printed["token"]).created_by.email == "ops@example.com"
    assert "password" not in printed
    with pytest.raises(CommandError, match="already set up"):
        call_command("bootstrap", "--owner", "again@example.com")


def test_commands_beside_a_studio_that_does_not_run_say_so(settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    for command in (
        ("bootstrap", "--owner", "ops@example.com"),
        ("reset_password", "ops@example.com", "--generate"),
    ):
        with pytest.raises(CommandError, match="Start it"):
            call_command(*command)


def test_reset_password_lets_the_locked_out_in(owner: User, client: Client) -> None:
    out = io.StringIO()
    call_command("reset_password", "owner@example.com", "--generate", stdout=out)
    password = out.getvalue().split("password: ")[1].strip()
    response = client.post("/accounts/login/", {"login": "owner@example.com", "password": password})
    assert response.status_code == 302
    with pytest.raises(CommandError, match="no account"):
        call_command("reset_password", "nobody@example.com", "--generate")


def test_a_password_without_end_is_refused_at_its_field(client: Client) -> None:
    body = {"token": "the-set-up-token", "email": "first@example.com", "password": "x" * 4097}
    response = client.post("/setup/", body)
    assert response.status_code == 422
    assert "password" in response.context["form"].errors
    assert not User.objects.exists()
