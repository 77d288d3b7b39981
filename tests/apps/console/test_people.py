"""The page of people: administrators find, invite, help, deactivate and reactivate, without Django's admin."""

from __future__ import annotations

import time
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core import mail
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.test import Client
from django.utils import timezone
from django.utils.html import escape

from apps.accounts import administration
from apps.accounts.models import User
from apps.accounts.services import delete_account
from apps.core.errors import UserError
from apps.workspaces.access.api_keys import create_api_key
from apps.workspaces.models import AuditEntry, Invitation, Membership, Workspace
from apps.workspaces.team.lifecycle import create_workspace
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
    assert first.context["list"].total == 121
    assert len(first.context["people"]) == 50
    assert len(first.content) < 300_000
    assert "person119@example.com" in console.get("/console/people/?page=3").content.decode()
    found = console.get("/console/people/?q=PERSON007").content.decode()
    assert "person007@example.com" in found
    assert "person008@example.com" not in found
    assert "No account matches" in console.get("/console/people/?q=nobody").content.decode()


def test_it_filters_and_sorts(console: Client, viewer: Any, owner: Any, workspace: Any) -> None:
    old = timezone.now() - timedelta(days=400)
    User.objects.filter(pk=viewer.pk).update(last_login=old, created_at=old)
    left = User.objects.create_user(
        "zoe@example.com", "p", name="Adam", is_active=False, last_login=timezone.now()
    )
    new = User.objects.create_user("new@example.com", "p", name="Zed")

    def shown(query: str) -> list[str]:
        return [person.email for person in console.get(f"/console/people/?{query}").context["people"]]

    assert shown("state=deactivated") == [left.email]
    assert left.email not in shown("state=active")
    assert shown("state=new") == [new.email]
    assert shown("role=administrator") == [owner.email]
    assert owner.email not in shown("role=other")
    assert set(shown("membership=none")) == {left.email, new.email}
    assert set(shown("membership=some")) == {owner.email, viewer.email}
    assert shown("state=active&membership=none&q=zed") == [new.email]
    everybody = shown("")
    assert everybody == sorted(everybody)
    assert shown("sort=name&membership=none") == [left.email, new.email]
    assert shown("sort=used")[0] == left.email or shown("sort=used")[0] == owner.email
    assert shown("sort=used")[-1] == new.email
    assert shown("sort=newest")[0] == new.email
    assert shown("sort=oldest")[0] == viewer.email
    assert shown("sort=nothing&state=nothing") == everybody, "what is not known is ignored"


def _proved(client: Client) -> Client:
    """The person proved a moment ago who they are."""
    session = client.session
    session["account_authentication_methods"] = [
        {"method": "password", "at": time.time(), "reauthenticated": True}
    ]
    session["account_authentication_methods_user"] = session["_auth_user_id"]
    session.save()
    return client


def _told(action: str, user: User) -> int:
    return AuditEntry.objects.filter(action=action, object_id=str(user.pk)).count()


def test_an_administrator_is_made_and_that_is_taken_back(
    console: Client, client_for: Any, viewer: Any, owner: Any
) -> None:
    _proved(console)
    assert client_for(viewer).get("/console/people/").status_code == 403
    path = f"/console/people/{viewer.pk}/administrator/"
    for _again in range(2):
        assert console.post(path, {"list": "q=view"})["Location"] == "/console/people/?q=view"
    assert User.objects.filter(pk=viewer.pk, is_staff=True, is_superuser=True).exists()
    assert client_for(viewer).get("/console/people/").status_code == 200
    assert client_for(viewer).get("/admin/accounts/user/").status_code == 200
    for _again in range(2):
        assert console.post(f"{path}remove/").status_code == 302
    assert not User.objects.filter(pk=viewer.pk).filter(Q(is_staff=True) | Q(is_superuser=True)).exists()
    assert client_for(viewer).get("/console/people/").status_code == 403
    assert client_for(viewer).get("/").status_code == 200, "the account stays"
    assert (_told("user.administrator_made", viewer), _told("user.administrator_removed", viewer)) == (1, 1)


def test_the_list_stays_as_it_was_filtered_when_the_password_is_asked_again(
    console: Client, viewer: Any, owner: Any
) -> None:
    html = console.get("/console/people/?q=view&sort=email").content.decode()
    assert f'name="list" value="{escape("q=view&sort=email")}"' in html
    asked = console.post(f"/console/people/{viewer.pk}/administrator/", {"list": "q=view&sort=email"})
    assert asked.status_code == 302
    assert "reauthenticate" in asked["Location"]
    done = console.post(asked["Location"], {"password": "owner-password"}, follow=True)
    assert done.redirect_chain[-1][0] == "/console/people/?q=view&sort=email"
    assert User.objects.filter(pk=viewer.pk, is_staff=True).exists()


def test_the_list_stays_as_it_was_filtered_after_an_answer_at_another_address(
    console: Client, viewer: Any
) -> None:
    for days, status in (("7", 200), ("many", 422)):
        sent = {"list": "q=view&state=active", "email": "new@example.com", "days": days}
        answer = console.post("/console/people/invite/", sent)
        assert answer.status_code == status
        assert [person.pk for person in answer.context["people"]] == [viewer.pk]
        assert 'value="view"' in answer.content.decode()


def test_there_always_is_an_administrator(console: Client, client_for: Any, viewer: Any, owner: Any) -> None:
    _proved(console)
    answer = console.post(f"/console/people/{owner.pk}/administrator/remove/", follow=True)
    assert "You cannot remove your own administrator rights" in answer.content.decode()
    console.post(f"/console/people/{viewer.pk}/administrator/")
    User.objects.filter(pk=owner.pk).update(is_active=False)
    with pytest.raises(PermissionDenied):
        administration.remove_administrator(actor=User.objects.get(pk=owner.pk), user=viewer)
    User.objects.filter(pk=owner.pk).update(is_active=True)
    # What a request read before another one took the rights of its person is not believed.
    before = User.objects.get(pk=owner.pk)
    administration.remove_administrator(actor=User.objects.get(pk=viewer.pk), user=owner)
    with pytest.raises(PermissionDenied):
        administration.remove_administrator(actor=before, user=viewer)
    assert User.objects.filter(is_superuser=True, is_active=True).count() == 1


def test_a_deactivated_account_gets_no_rights(console: Client, viewer: Any) -> None:
    _proved(console)
    User.objects.filter(pk=viewer.pk).update(is_active=False)
    answer = console.post(f"/console/people/{viewer.pk}/administrator/", follow=True)
    assert "Reactivate the account first." in answer.content.decode()
    assert not User.objects.get(pk=viewer.pk).is_superuser


def test_a_browser_that_was_left_open_makes_no_administrator(
    console: Client, owner: Any, viewer: Any
) -> None:
    owner.set_password(PASSWORD)
    owner.save()
    console.force_login(owner)
    path = f"/console/people/{viewer.pk}/administrator/"
    asked = console.post(path)
    assert asked["Location"].startswith("/accounts/reauthenticate/")
    assert not User.objects.get(pk=viewer.pk).is_superuser
    answer = console.post(asked["Location"], {"password": PASSWORD, "next": path}, follow=True)
    assert f"{viewer.email} is an administrator now." in answer.content.decode()
    assert User.objects.get(pk=viewer.pk).is_superuser


def test_only_who_has_all_rights_gives_them(client_for: Any, viewer: Any, owner: Any) -> None:
    helper = User.objects.create_user("helper@example.com", "p", is_staff=True)
    helper.user_permissions.add(Permission.objects.get(codename="change_user"))
    client = _proved(client_for(helper))
    assert "Make administrator" not in client.get("/console/people/").content.decode()
    for person in (helper, viewer, owner):
        for way in ("", "remove/"):
            assert client.post(f"/console/people/{person.pk}/administrator/{way}").status_code == 403
    assert list(User.objects.filter(is_superuser=True)) == [owner]


def test_only_administrators_come_here(client_for: Any, admin: Any, viewer: Any) -> None:
    for person in (admin, viewer):
        assert client_for(person).get("/console/people/").status_code == 403
        sent = client_for(person).post(f"/console/people/{viewer.pk}/deactivate/")
        assert sent.status_code == 403
    helper = User.objects.create_user("helper@example.com", "p", is_staff=True)
    assert client_for(helper).get("/console/people/").status_code == 403, "without the permission"


def test_a_helper_does_nothing_to_who_may_do_more(client_for: Any, owner: Any, viewer: Any) -> None:
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


def test_a_page_that_answers_leads_back_to_the_list(console: Client, workspace: Any, owner: Any) -> None:
    """Searching, sorting and paging ask the list, not the address that the form was sent to."""
    User.objects.bulk_create(User(email=f"p{number}@example.com", password="!") for number in range(60))
    many = [Workspace(name=f"Team {number:02}") for number in range(30)]
    Workspace.objects.bulk_create(many)
    Membership.objects.bulk_create(Membership(workspace=one, user=owner, role="owner") for one in many)
    answer = console.post(
        "/console/people/invite/", {"email": "", "workspace": str(many[29].pk), "role": "editor", "days": "1"}
    )
    assert Invitation.objects.get().workspace == many[29]
    html = answer.content.decode()
    assert 'action="/console/people/"' in html
    assert 'hx-get="/console/people/invite/"' not in html
    assert 'href="/console/people/?page=2"' in html
    assert len(answer.context["form"].fields["workspace"].choices) == 22
    found = console.get("/console/people/?find-workspace=Team+28").context["form"]
    assert [label for _pk, label in found.fields["workspace"].choices][1:] == ["Team 28"]


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
    listed = console.get("/console/people/?q=outsider&state=active").content.decode()
    link = f"/console/people/?q=outsider&amp;state=active&amp;deactivate={outsider.pk}"
    assert f'href="{link}"' in listed
    warned = console.get(unescape(link)).content.decode()
    assert 'href="/console/people/?q=outsider&amp;state=active">Cancel</a>' in warned
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
