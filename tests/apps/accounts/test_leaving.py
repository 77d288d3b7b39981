"""Taking one's data along, and going."""

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.test import Client

from apps.accounts import services
from apps.accounts.models import User
from apps.jobs.notifications import update_settings
from apps.publishing.models import Conversation
from apps.workspaces.access.api_keys import create_api_key
from apps.workspaces.models import ApiKey, AuditEntry, Membership, Workspace
from apps.workspaces.team.lifecycle import create_workspace
from apps.workspaces.team.members import add_member
from tests.apps.accounts.conftest import PASSWORD, confirmed, is_in

pytestmark = pytest.mark.django_db

SignIn = Callable[..., Client]


def delete(client: Client, email: str = "pia@example.com") -> Any:
    return client.post("/accounts/delete/", {"email": email})


async def whole(response: Any) -> bytes:
    return b"".join([piece async for piece in response.streaming_content])


def test_an_account_goes_with_all_that_is_only_theirs(
    person: User, sign_in: SignIn, link: Any, app: Any, owner: User, workspace: Workspace
) -> None:
    alone = create_workspace(actor=person, name="Only Pia")
    add_member(actor=owner, workspace=workspace, user=person, role="editor")
    _key, secret = create_api_key(actor=person, workspace=workspace, name="script")
    Conversation.objects.create(app=app, user=person, title="Mine")
    client, elsewhere = confirmed(sign_in()), sign_in()
    assert delete(client)["Location"] == "/accounts/deleted/"
    assert not User.objects.filter(email="pia@example.com").exists()
    assert not is_in(elsewhere)
    assert not is_in(sign_in())
    alone.refresh_from_db()
    assert alone.deleted_at, "nobody is left in it"
    assert Workspace.objects.get(pk=workspace.pk).deleted_at is None
    assert ApiKey.objects.by_secret(secret) is None
    assert not Conversation.objects.exists()
    assert not Membership.objects.filter(user_id=person.pk).exists()


def test_the_trail_keeps_what_was_done_and_forgets_by_whom(person: User, sign_in: SignIn) -> None:
    services.tell(person, "user.changed", by=person)
    person.email = "pia@new.example.com"
    person.save()
    services.vouch_for_address(person)
    create_workspace(actor=person, name="Only Pia")
    delete(confirmed(sign_in("pia@new.example.com")), "pia@new.example.com")
    entries = AuditEntry.objects.all()
    assert {"user.deleted", "workspace.created"} <= set(entries.values_list("action", flat=True))
    for entry in entries:
        assert entry.actor is None
        assert "pia@" not in f"{entry.object_label} {entry.changes}"
        assert entry.address == ""


def test_no_table_holds_their_name_or_address_any_more(
    person: User, sign_in: SignIn, owner: User, workspace: Workspace, client_for: Any
) -> None:
    """Every text of every row that there is, after somebody has used the whole studio."""
    from apps.workspaces.team.invitations import accept_invitation, create_invitation

    _row, token = create_invitation(actor=owner, workspace=workspace, role="admin", email=person.email)
    accept_invitation(actor=person, token=token)
    create_api_key(actor=person, workspace=workspace, name="script")
    other = create_workspace(actor=owner, name="Another")
    open_one, _token = create_invitation(actor=owner, workspace=other, role="viewer", email=person.email)
    client = confirmed(sign_in())
    client.post("/accounts/profile/", {"name": "Pia Personal", "language": "en", "timezone": ""})
    client.post("/accounts/email/", {"email": "pia@new.example.com", "action_add": ""})
    admins = client_for(owner)
    form = {"email": person.email, "name": "Pia Personal", "language": "", "timezone": "", "is_active": "on"}
    assert admins.post(f"/admin/accounts/user/{person.pk}/change/", form).status_code == 302
    assert LogEntry.objects.filter(object_id=str(person.pk)).exists()
    assert delete(client).status_code == 302
    open_one.refresh_from_db()
    assert open_one.revoked_at
    held = []
    for model in apps.get_models():
        for row in model._default_manager.values():
            text = repr(row).lower()
            held += [(model.__name__, row) for words in ("pia@", "personal") if words in text]
    assert not held


def test_the_last_owner_of_others_is_told_what_to_do_first(
    person: User, outsider: User, sign_in: SignIn
) -> None:
    shared = create_workspace(actor=person, name="Team room")
    add_member(actor=person, workspace=shared, user=outsider, role="admin")
    client = confirmed(sign_in())
    refused = delete(client)
    assert refused.status_code == 422
    assert "last owner of Team room" in refused.content.decode()
    assert is_in(client)
    add_member(actor=person, workspace=shared, user=outsider, role="owner")
    assert delete(client).status_code == 302
    assert Workspace.objects.get(pk=shared.pk).deleted_at is None


def test_the_only_administrator_of_others_names_another_first(
    person: User, outsider: User, sign_in: SignIn
) -> None:
    User.objects.filter(pk=person.pk).update(is_superuser=True, is_staff=True)
    client = confirmed(sign_in())
    refused = delete(client)
    assert refused.status_code == 422
    assert "only administrator" in refused.content.decode()
    User.objects.filter(pk=outsider.pk).update(is_superuser=True, is_staff=True)
    assert delete(client).status_code == 302


def test_the_address_must_be_typed(person: User, sign_in: SignIn) -> None:
    client = confirmed(sign_in())
    assert delete(client, "other@example.com").status_code == 422
    assert client.get("/accounts/delete/").status_code == 200
    assert is_in(client)


def test_going_and_exporting_ask_whether_it_is_still_them(person: User, sign_in: SignIn) -> None:
    client = confirmed(sign_in(), "a wrong password")
    for response in (delete(client), client.post("/accounts/export/download/")):
        assert response["Location"].startswith("/accounts/reauthenticate/")
    assert User.objects.filter(pk=person.pk).exists()


def test_an_administrator_deletes_by_the_same_service(
    person: User, outsider: User, owner: User, client_for: Any
) -> None:
    shared = create_workspace(actor=person, name="Team room")
    add_member(actor=person, workspace=shared, user=outsider, role="admin")
    client = client_for(owner)
    address = f"/admin/accounts/user/{person.pk}/delete/"
    assert client.post(address, {"post": "yes"}).status_code == 400
    add_member(actor=person, workspace=shared, user=outsider, role="owner")
    assert client.post(address, {"post": "yes"}).status_code == 302
    assert not User.objects.filter(pk=person.pk).exists()
    assert AuditEntry.objects.filter(action="user.deleted", actor=owner).exists()


def test_the_export_holds_everything_about_them_and_nothing_else(
    person: User, sign_in: SignIn, owner: User, workspace: Workspace, app: Any
) -> None:
    add_member(actor=owner, workspace=workspace, user=person, role="editor")
    _key, secret = create_api_key(actor=person, workspace=workspace, name="my script")
    conversation = Conversation.objects.create(app=app, user=person, title="Mine")
    conversation.messages.create(
        role="user", text="What did I ask?", position=1, app_version=app.live_version or app.versions.first()
    )
    Conversation.objects.create(app=app, title="Of somebody else")
    update_settings(user=person, by_email=True, webhook="")
    services.reset_password(email=person.email, password=PASSWORD)
    services.tell(person, "user.changed", by=owner)
    client = confirmed(sign_in())
    response = client.post("/accounts/export/download/")
    archive = zipfile.ZipFile(io.BytesIO(async_to_sync(whole)(response)))
    assert set(archive.namelist()) == {
        "README.txt",
        *(
            f"{name}.json"
            for name in (
                "account",
                "memberships",
                "invitations",
                "made",
                "audit",
                "conversations",
                "notifications",
            )
        ),
    }
    parts = {name: json.loads(archive.read(name)) for name in archive.namelist() if name.endswith("json")}
    assert parts["account.json"][0]["email"] == "pia@example.com"
    assert [row["name"] for row in parts["memberships.json"]] == ["Library"]
    assert [row["kind"] for row in parts["made.json"]] == ["apikey"]
    assert [row["title"] for row in parts["conversations.json"]] == ["Mine"]
    assert parts["notifications.json"] == [{"by_email": True, "has_webhook": False}]
    assert parts["conversations.json"][0]["messages"][0]["text"] == "What did I ask?"
    assert "api_key.created" in {row["action"] for row in parts["audit.json"]}
    told = {(row["action"], row["by"], row["address"]) for row in parts["audit.json"]}
    assert {
        ("user.signed_in", "you", "127.0.0.1"),
        ("user.password_reset", "another person", ""),
        ("user.changed", "another person", ""),
    } <= told
    everything = "".join(archive.read(name).decode() for name in archive.namelist())
    for hidden in (
        person.password,
        secret,
        ApiKey.objects.get().hash,
        "owner@example.com",
        "Of somebody else",
    ):
        assert hidden not in everything
    assert AuditEntry.objects.filter(action="user.exported", actor=person).count() == 1
