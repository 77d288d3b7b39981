"""Members: who may change whom, leaving, handing over; and that an owner is always left."""

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from apps.core.errors import NotVisible, UserError
from apps.workspaces import access
from apps.workspaces.models import AuditEntry, Membership, Role
from apps.workspaces.team import lifecycle, members

pytestmark = pytest.mark.django_db


def membership(user: Any, workspace: Any) -> Membership:
    return Membership.objects.get(user=user, workspace=workspace)


def role_of(user: Any, workspace: Any) -> str | None:
    return access.role_of(user, workspace)


@pytest.mark.parametrize(
    ("actor", "target", "role", "may"),
    [
        ("viewer", "editor", "viewer", False),
        ("editor", "viewer", "editor", False),
        ("admin", "editor", "admin", True),
        ("admin", "viewer", "owner", False),
        ("admin", "owner", "viewer", False),
        ("admin", "admin", "owner", False),
        ("owner", "admin", "owner", True),
        ("owner", "editor", "viewer", True),
    ],
)
def test_nobody_raises_above_their_own_role_or_changes_who_stands_above(
    actor, target, role, may, workspace, owner, admin, editor, viewer, request
) -> None:
    actor, target = request.getfixturevalue(actor), request.getfixturevalue(target)
    before = role_of(target, workspace)
    if may:
        members.set_role(actor=actor, membership=membership(target, workspace), role=role)
        assert role_of(target, workspace) == role
        entry = AuditEntry.objects.filter(action="membership.changed").latest("at")
        assert entry.changes == {"before": before, "role": role}
    else:
        with pytest.raises(PermissionDenied):
            members.set_role(actor=actor, membership=membership(target, workspace), role=role)
        assert role_of(target, workspace) == before


def test_an_owner_whose_account_is_switched_off_is_none_to_leave_behind(
    client_for, workspace, owner, admin, editor
) -> None:
    from apps.accounts.services import delete_account

    mine, theirs = membership(admin, workspace), membership(editor, workspace)
    members.set_role(actor=owner, membership=mine, role=Role.OWNER)
    members.set_role(actor=owner, membership=theirs, role=Role.OWNER)
    members.leave(actor=owner, workspace=workspace)
    editor.is_active = False
    editor.save()
    with pytest.raises(UserError) as refused:
        members.leave(actor=admin, workspace=workspace)
    assert refused.value.code == "last_owner"
    with pytest.raises(UserError):
        delete_account(user=admin)
    members.set_role(actor=admin, membership=theirs, role=Role.VIEWER)
    with pytest.raises(UserError) as refused:
        members.transfer_ownership(actor=admin, membership=theirs)
    assert refused.value.field == "member"
    page = client_for(admin).get("/workspace/settings/").content.decode()
    assert str(theirs.pk) not in page


def test_adding_a_member_again_takes_no_role_from_who_stands_above(workspace, owner, admin) -> None:
    with pytest.raises(PermissionDenied):
        members.add_member(actor=admin, workspace=workspace, user=owner, role=Role.VIEWER)
    assert role_of(owner, workspace) == Role.OWNER


@pytest.mark.parametrize(("actor", "target", "may"), [("admin", "owner", False), ("admin", "editor", True)])
def test_who_may_remove_whom(actor, target, may, workspace, owner, admin, editor, request) -> None:
    actor, target = request.getfixturevalue(actor), request.getfixturevalue(target)
    row = membership(target, workspace)
    if may:
        members.remove_member(actor=actor, membership=row)
        assert role_of(target, workspace) is None
        assert AuditEntry.objects.filter(action="membership.removed", actor=actor).exists()
    else:
        with pytest.raises(PermissionDenied):
            members.remove_member(actor=actor, membership=row)


def test_the_last_owner_neither_leaves_nor_steps_down(workspace, owner, admin) -> None:
    for refused in (
        lambda: members.leave(actor=owner, workspace=workspace),
        lambda: members.set_role(actor=owner, membership=membership(owner, workspace), role=Role.ADMIN),
        lambda: members.remove_member(actor=owner, membership=membership(owner, workspace)),
    ):
        with pytest.raises(UserError) as error:
            refused()
        assert error.value.code == "last_owner"
    assert role_of(owner, workspace) == Role.OWNER
    members.set_role(actor=owner, membership=membership(admin, workspace), role=Role.OWNER)
    members.leave(actor=owner, workspace=workspace)
    assert role_of(owner, workspace) is None


def test_handing_over(workspace, owner, admin, editor) -> None:
    with pytest.raises(PermissionDenied):
        members.transfer_ownership(actor=admin, membership=membership(editor, workspace))
    with pytest.raises(UserError):
        members.transfer_ownership(actor=owner, membership=membership(owner, workspace))
    members.transfer_ownership(actor=owner, membership=membership(editor, workspace))
    assert (role_of(editor, workspace), role_of(owner, workspace)) == (Role.OWNER, Role.ADMIN)
    assert AuditEntry.objects.filter(action="workspace.transferred", actor=owner).exists()


def test_a_member_who_is_gone_is_nobody(workspace, owner, editor) -> None:
    row = membership(editor, workspace)
    members.leave(actor=editor, workspace=workspace)
    with pytest.raises(NotVisible):
        members.set_role(actor=owner, membership=row, role=Role.ADMIN)


def test_the_table_on_the_page_is_what_decides(client_for, viewer, monkeypatch) -> None:
    client = client_for(viewer)
    assert client.get("/workspace/").context["table"] == [
        (access.DESCRIPTIONS[action], [(role, action in access.ALLOWED[role]) for role in Role.values])
        for action in access.Action
    ]
    monkeypatch.setitem(access.DESCRIPTIONS, access.Action.EDIT, "Bake bread")
    monkeypatch.setitem(access.ALLOWED, Role.VIEWER, {access.Action.VIEW, access.Action.EDIT})
    page = client.get("/workspace/")
    assert "Bake bread" in page.content.decode()
    assert dict(page.context["table"])["Bake bread"][0] == (Role.VIEWER, True)


def test_pages_change_and_remove_members(client_for, workspace, owner, admin, editor, outsider) -> None:
    client, row = client_for(admin), membership(editor, workspace)
    client.post(f"/workspace/members/{row.pk}/role/", {"role": "viewer"})
    assert role_of(editor, workspace) == Role.VIEWER
    assert client.post(f"/workspace/members/{row.pk}/role/", {"role": "owner"}).status_code == 403
    own = membership(owner, workspace)
    assert client.post(f"/workspace/members/{own.pk}/remove/").status_code == 403
    assert client_for(outsider).post(f"/workspace/members/{row.pk}/remove/").status_code == 404
    client.post(f"/workspace/members/{row.pk}/remove/")
    assert role_of(editor, workspace) is None
    refused = client_for(owner).post(f"/workspace/members/{own.pk}/role/", {"role": "admin"}, follow=True)
    assert "needs an owner" in refused.content.decode()


def test_switching_and_leaving(client_for, workspace, owner, editor, outsider) -> None:
    second = lifecycle.create_workspace(actor=editor, name="Second")
    client = client_for(editor)
    assert client.get("/workspace/").context["membership"].workspace == workspace
    client.post("/workspace/switch/", {"workspace": str(second.pk)})
    assert client.get("/workspace/").context["membership"].workspace == second
    elsewhere = outsider.memberships.get().workspace
    for unknown in (str(elsewhere.pk), "nonsense", ""):
        assert client.post("/workspace/switch/", {"workspace": unknown}).status_code == 404
    client.post("/workspace/switch/", {"workspace": str(workspace.pk)})
    client.post("/workspace/leave/")
    assert role_of(editor, workspace) is None
    assert client.get("/workspace/").context["membership"].workspace == second
