"""The page of people: administrators find, invite, help, deactivate and reactivate, without Django's admin."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import mail
from django.test import Client

from apps.accounts.models import User
from apps.accounts.services import delete_account
from apps.core.errors import UserError
from apps.workspaces.models import AuditEntry, Invitation, Membership
from apps.workspaces.services import create_api_key, create_workspace
from tests.apps.accounts.conftest import is_in

pytestmark = pytest.mark.django_db
PASSWORD = "a rather long password"


@pytest.fixture
def console(owner: Any, client_for: Any) -> Client:
    return client_for(owner)


def test_it_lists_searches_and_pages(console: Client, django_assert_max_num_queries: Any) -> None:
    User.objects.bulk_create(
        User(email=f"person{n:03}@example.com", name=f"Person {n}", password="!") for n in range(120)
    )
    with django_assert_max_num_queries(30):
        first = console.get("/console/people/")
    assert first.context["page"].paginator.count == 121
    assert len(first.context["page"]) == 50
    assert len(first.content) < 300_000
    assert "person119@example.com" in console.get("/console/people/?page=3").content.decode()
    found = console.get("/console/people/?q=PERSON007").content.decode()
    assert "person007@example.com" in found
    assert "person008@example.com" not in found
    assert "No account matches" in console.get("/console/people/?q=nobody").content.decode()


def test_only_administrators_come_here(client_for: Any, admin: Any, viewer: Any) -> None:
    for person in (admin, viewer):
        assert client_for(person).get("/console/people/").status_code == 403
        sent = client_for(person).post(f"/console/people/{viewer.pk}/deactivate/")
        assert sent.status_code == 403
    helper = User.objects.create_user("helper@example.com", "p", is_staff=True)
    assert client_for(helper).get("/console/people/").status_code == 403, "without the permission"


def test_a_helper_does_nothing_to_who_may_do_more(client_for: Any, owner: Any, viewer: Any) -> None:
    from django.contrib.auth.models import Permission

    helper = User.objects.create_user("helper@example.com", "p", is_staff=True)
    helper.user_permissions.add(Permission.objects.get(codename="change_user"))
    client = client_for(helper)
    asked = f"/console/people/?deactivate={owner.pk}"
    assert client.get(asked).context["leaving"] is None, "the workspaces of a superuser are not named"
    assert client_for(User.objects.create_superuser("second@example.com", "p")).get(asked).context["leaving"]
    for act in ("password", "deactivate"):
        assert client.post(f"/console/people/{owner.pk}/{act}/").status_code == 403
        assert client.post(f"/console/people/{viewer.pk}/{act}/").status_code in (200, 302)
    assert not User.objects.get(pk=viewer.pk).is_active


def test_an_invitation_to_the_studio_makes_an_account(console: Client) -> None:
    sent = {"email": "new@example.com", "workspace": "", "role": "", "days": "7"}
    answer = console.post("/console/people/invite/", sent)
    address = answer.context["address"]
    assert [message.to for message in mail.outbox] == [["new@example.com"]]
    assert "create an account" in mail.outbox[0].body
    guest = Client()
    path = address.removeprefix("http://127.0.0.1:8000")
    assert "Join this studio" in guest.get(path).content.decode()
    assert (
        guest.post(path, {"email": "new@example.com", "password": PASSWORD, "name": "Nia"}).status_code == 302
    )
    user = User.objects.get(email="new@example.com")
    assert (user.name, user.is_staff, user.memberships.count()) == ("Nia", False, 0)
    assert is_in(guest)
    assert Client().get(path).status_code == 404, "once"
    told = AuditEntry.objects.filter(workspace=None).values_list("action", flat=True)
    assert {"invitation.created", "user.signed_up", "invitation.accepted"} <= set(told)


def test_an_invitation_to_a_workspace_has_its_role(console: Client, workspace: Any) -> None:
    sent = {"email": "", "workspace": str(workspace.pk), "role": "editor", "days": "1"}
    path = (
        console.post("/console/people/invite/", sent).context["address"].removeprefix("http://127.0.0.1:8000")
    )
    guest = Client()
    guest.post(path, {"email": "e@example.com", "name": "", "password": PASSWORD})
    assert Membership.objects.get(user__email="e@example.com").role == "editor"


def test_invitations_are_revoked(console: Client, client_for: Any, admin: Any) -> None:
    console.post("/console/people/invite/", {"email": "", "workspace": "", "role": "", "days": "7"})
    (invitation,) = Invitation.objects.open()
    path = f"/console/people/invitations/{invitation.pk}/revoke/"
    assert client_for(admin).post(path).status_code == 403
    console.post(path)
    assert not Invitation.objects.open().exists()


def test_what_is_wrong_is_said_at_its_field(console: Client, viewer: Any) -> None:
    for sent in ({"email": viewer.email}, {"email": "nobody"}, {"days": "4000"}, {"role": "king"}):
        full = {"email": "", "workspace": "", "role": "", "days": "7", **sent}
        answer = console.post("/console/people/invite/", full)
        assert answer.status_code == 422, sent
        assert next(iter(sent)) in answer.context["form"].errors


def test_a_password_is_reset_by_mail(console: Client, viewer: Any) -> None:
    assert console.post(f"/console/people/{viewer.pk}/password/").status_code == 302
    (message,) = mail.outbox
    assert message.to == [viewer.email]
    _sets_password(viewer, next(word for word in message.body.split() if "/reset/key/" in word))


def test_without_mail_the_link_is_handed_over_and_works_once(
    console: Client, viewer: Any, settings: Any
) -> None:
    settings.EMAIL_URL = "console:"
    address = console.post(f"/console/people/{viewer.pk}/password/").context["reset_address"]
    assert not mail.outbox
    _sets_password(viewer, address)
    again = Client().get(address.removeprefix("http://127.0.0.1:8000"), follow=True)
    assert 'name="password1"' not in again.content.decode()
    assert AuditEntry.objects.filter(action="user.reset_link_created", object_id=str(viewer.pk)).count() == 1


def _sets_password(user: User, address: str) -> None:
    client = Client()
    page = client.get(address.removeprefix("http://127.0.0.1:8000"), follow=True)
    answer = client.post(
        page.redirect_chain[-1][0], {"password1": "quite long words", "password2": "quite long words"}
    )
    assert answer.status_code == 302
    assert User.objects.get(pk=user.pk).check_password("quite long words")


def test_deactivating_ends_what_was_open_and_can_be_undone(
    console: Client, client_for: Any, editor: Any, workspace: Any
) -> None:
    _key, secret = create_api_key(actor=editor, workspace=workspace, name="script")
    client = client_for(editor)
    headers = {"Authorization": f"Bearer {secret}"}
    assert client.get("/").status_code == 200
    console.post(f"/console/people/{editor.pk}/deactivate/")
    assert client.get("/").status_code == 302
    assert Client().get("/api/v1/runs/", headers=headers).status_code == 401
    assert "Deactivated" in console.get("/console/people/?q=editor").content.decode()
    refused = console.post(f"/console/people/{editor.pk}/password/", follow=True)
    assert "Reactivate the account first" in refused.content.decode()
    console.post(f"/console/people/{editor.pk}/reactivate/")
    assert Client().get("/api/v1/runs/", headers=headers).status_code == 200
    told = AuditEntry.objects.filter(object_id=str(editor.pk)).values_list("action", flat=True)
    assert {"user.deactivated", "user.reactivated"} <= set(told)


def test_nobody_locks_the_studio(console: Client, owner: Any) -> None:
    answer = console.post(f"/console/people/{owner.pk}/deactivate/", follow=True)
    assert "cannot deactivate your own" in answer.content.decode()
    assert User.objects.get(pk=owner.pk).is_active


def test_the_last_owner_is_deactivated_once_the_workspaces_were_named(
    console: Client, outsider: Any, viewer: Any
) -> None:
    left_behind = outsider.memberships.get().workspace
    Membership.objects.create(workspace=left_behind, user=viewer, role="viewer")
    create_workspace(actor=outsider, name="Nobody else is here")
    assert f"?deactivate={outsider.pk}" in console.get("/console/people/?q=outsider").content.decode()
    asked = console.post(f"/console/people/{outsider.pk}/deactivate/", follow=True).content.decode()
    assert User.objects.get(pk=outsider.pk).is_active
    assert "last owner" in asked
    assert "Elsewhere" in asked
    assert "Nobody else is here" not in asked, "it has no members who are left behind"
    assert f"membership/add/?workspace={left_behind.pk}&amp;role=owner" in asked
    console.post(f"/console/people/{outsider.pk}/deactivate/", {"confirmed": "1"})
    assert not User.objects.get(pk=outsider.pk).is_active


def test_a_second_owner_is_deactivated_at_once(console: Client, outsider: Any, viewer: Any) -> None:
    workspace = outsider.memberships.get().workspace
    Membership.objects.create(workspace=workspace, user=viewer, role="owner")
    console.post(f"/console/people/{outsider.pk}/deactivate/")
    assert not User.objects.get(pk=outsider.pk).is_active


def test_deleting_the_last_owner_is_refused_with_the_workspaces(
    owner: Any, outsider: Any, viewer: Any
) -> None:
    Membership.objects.create(workspace=outsider.memberships.get().workspace, user=viewer, role="viewer")
    with pytest.raises(UserError, match=r"outsider@example\.com is the last owner of Elsewhere"):
        delete_account(user=outsider, by=owner)
