"""Roles, keys, and what each may do."""

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from apps.core.errors import NotVisible, UserError
from apps.workspaces import access, numbering
from apps.workspaces.access import Action, api_keys
from apps.workspaces.models import ApiKey, AuditEntry, Role
from apps.workspaces.team import members

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        ("viewer", {"view"}),
        ("editor", {"view", "edit", "publish"}),
        ("admin", {"view", "edit", "publish", "manage"}),
    ],
)
def test_a_role_may_do_what_the_table_says(role, allowed, workspace, request) -> None:
    user = request.getfixturevalue(role)
    assert {action.value for action in Action if access.can(user, workspace, action)} == allowed


def test_an_outsider_learns_nothing(workspace, outsider) -> None:
    for action in Action:
        with pytest.raises(NotVisible):
            access.require(outsider, workspace, action)


def test_only_an_owner_makes_owners(workspace, owner, admin, viewer) -> None:
    with pytest.raises(PermissionDenied):
        members.add_member(actor=admin, workspace=workspace, user=viewer, role=Role.OWNER)
    members.add_member(actor=owner, workspace=workspace, user=viewer, role=Role.OWNER)
    assert access.can(viewer, workspace, Action.OWN)


def test_a_key_is_kept_as_a_hash_and_found_by_its_secret(workspace, editor) -> None:
    key, secret = api_keys.create_api_key(actor=editor, workspace=workspace, name="script")
    assert secret not in str(ApiKey.objects.values().get())
    assert ApiKey.objects.by_secret(secret) == key
    assert ApiKey.objects.by_secret(secret + "x") is None
    api_keys.revoke_api_key(actor=editor, key=key)
    assert ApiKey.objects.by_secret(secret) is None
    assert list(AuditEntry.objects.values_list("action", flat=True)[:2]) == [
        "api_key.revoked",
        "api_key.created",
    ]


def test_an_expired_key_opens_nothing(workspace, editor) -> None:
    key, secret = api_keys.create_api_key(actor=editor, workspace=workspace, name="old", days=1)
    assert ApiKey.objects.by_secret(secret) == key
    ApiKey.objects.filter(pk=key.pk).update(expires_at=timezone.now())
    assert ApiKey.objects.by_secret(secret) is None


def test_a_key_needs_a_name(workspace, editor) -> None:
    with pytest.raises(UserError) as refused:
        api_keys.create_api_key(actor=editor, workspace=workspace, name="  ")
    assert refused.value.field == "name"


def test_a_reading_key_never_writes(workspace, editor) -> None:
    editor.api_key, _ = api_keys.create_api_key(actor=editor, workspace=workspace, name="r", can_write=False)
    assert access.can(editor, workspace, Action.VIEW)
    assert not access.can(editor, workspace, Action.EDIT)


def test_keys_page_shows_the_secret_once(client_for, editor, viewer) -> None:
    client = client_for(editor)
    response = client.post("/workspace/keys/", {"name": "script", "can_write": "on"})
    secret = response.context["secret"]
    assert secret in response.content.decode()
    assert secret not in client.get("/workspace/keys/").content.decode()
    assert client_for(viewer).post("/workspace/keys/", {"name": "x"}).status_code == 403


def test_another_workspaces_key_cannot_be_revoked(client_for, workspace, editor, outsider) -> None:
    key, _ = api_keys.create_api_key(actor=editor, workspace=workspace, name="script")
    assert client_for(outsider).post(f"/workspace/keys/{key.pk}/revoke/").status_code == 404
    key.refresh_from_db()
    assert key.is_live


def test_the_role_is_asked_for_once(workspace, editor, django_assert_num_queries) -> None:
    key, _ = api_keys.create_api_key(actor=editor, workspace=workspace, name="script")
    with django_assert_num_queries(1):
        access.require(editor, workspace, Action.EDIT)
    with django_assert_num_queries(1), pytest.raises(PermissionDenied):
        access.require(editor, workspace, Action.MANAGE)
    with django_assert_num_queries(1), pytest.raises(PermissionDenied):
        access.require_roles(editor, workspace, Role.VIEWER)
    with django_assert_num_queries(1):
        access.get_visible(ApiKey.objects.all(), editor, Action.EDIT, pk=key.pk)


def test_numbers_ascend_within_a_workspace(workspace) -> None:
    assert [numbering.next_number(workspace, "run") for _ in range(3)] == [1, 2, 3]
    assert numbering.next_number(workspace, "model") == 1
