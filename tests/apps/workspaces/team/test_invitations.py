"""Invitations: single use, for one address, for a time, and never above who invites."""

from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.exceptions import PermissionDenied
from django.test import Client, RequestFactory
from django.utils import timezone

from apps.accounts.models import User
from apps.core.errors import NotVisible, UserError
from apps.core.rate_limits import Rate
from apps.workspaces import access
from apps.workspaces.models import AuditEntry, Invitation, Membership, Role
from apps.workspaces.team import invitations, members

pytestmark = pytest.mark.django_db


@pytest.fixture
def newcomer(db: Any) -> User:
    user = User.objects.create_user("new@example.com", "newcomer-password")
    EmailAddress.objects.create(user=user, email="new@example.com", verified=True, primary=True)
    return user


@pytest.fixture
def invited(owner: Any, workspace: Any) -> tuple[Invitation, str]:
    return invitations.create_invitation(actor=owner, workspace=workspace, role=Role.EDITOR)


def test_whoever_has_the_link_comes_in_once(invited, workspace, newcomer, outsider) -> None:
    _invitation, token = invited
    invitations.accept_invitation(actor=newcomer, token=token)
    assert access.role_of(newcomer, workspace) == Role.EDITOR
    with pytest.raises(NotVisible):
        invitations.accept_invitation(actor=outsider, token=token)
    assert access.role_of(outsider, workspace) is None
    assert set(AuditEntry.objects.filter(action__startswith="invitation").values_list("action", "actor")) == {
        ("invitation.created", workspace.memberships.get(role="owner").user_id),
        ("invitation.accepted", newcomer.pk),
    }


def test_the_token_is_kept_as_a_hash(invited) -> None:
    invitation, token = invited
    assert token not in str(Invitation.objects.values().get())
    assert not AuditEntry.objects.filter(changes__icontains=token).exists()
    assert invitations.find(token) == invitation
    for wrong in (token + "x", token[:-1], "", "%00"):
        with pytest.raises(NotVisible):
            invitations.find(wrong)


@pytest.mark.parametrize("verified", [False, True])
def test_an_invitation_for_an_address_takes_its_verified_owner(
    verified, workspace, owner, newcomer, outsider
) -> None:
    EmailAddress.objects.update(verified=verified)
    _, token = invitations.create_invitation(
        actor=owner, workspace=workspace, role=Role.VIEWER, email="New@Example.com"
    )
    with pytest.raises(UserError) as refused:
        invitations.accept_invitation(actor=outsider, token=token)
    assert refused.value.code == "other_address"
    if verified:
        invitations.accept_invitation(actor=newcomer, token=token)
        assert access.role_of(newcomer, workspace) == Role.VIEWER
    else:
        with pytest.raises(UserError):
            invitations.accept_invitation(actor=newcomer, token=token)
        assert access.role_of(newcomer, workspace) is None


def test_expired_and_revoked_ones_open_nothing(workspace, owner, admin, newcomer) -> None:
    first, token = invitations.create_invitation(actor=admin, workspace=workspace, role=Role.VIEWER)
    Invitation.objects.filter(pk=first.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    with pytest.raises(NotVisible):
        invitations.accept_invitation(actor=newcomer, token=token)
    second, token = invitations.create_invitation(actor=admin, workspace=workspace, role=Role.VIEWER)
    invitations.revoke_invitation(actor=owner, invitation=second)
    with pytest.raises(NotVisible):
        invitations.accept_invitation(actor=newcomer, token=token)
    assert AuditEntry.objects.filter(action="invitation.revoked", actor=owner).count() == 1


def test_who_may_invite_as_what(workspace, owner, admin, editor) -> None:
    for actor, role in ((editor, Role.VIEWER), (admin, Role.OWNER)):
        with pytest.raises(PermissionDenied):
            invitations.create_invitation(actor=actor, workspace=workspace, role=role)
    invitations.create_invitation(actor=admin, workspace=workspace, role=Role.ADMIN)
    made, _ = invitations.create_invitation(actor=owner, workspace=workspace, role=Role.OWNER)
    with pytest.raises(PermissionDenied):
        invitations.revoke_invitation(actor=admin, invitation=made)


def test_who_lost_the_right_takes_their_invitations_along(workspace, owner, admin, newcomer) -> None:
    _, token = invitations.create_invitation(actor=admin, workspace=workspace, role=Role.ADMIN)
    row = Membership.objects.get(user=admin, workspace=workspace)
    members.set_role(actor=owner, membership=row, role=Role.EDITOR)
    with pytest.raises(NotVisible):
        invitations.accept_invitation(actor=newcomer, token=token)


def test_a_member_keeps_a_higher_role(workspace, owner, viewer, admin) -> None:
    for user, role in ((viewer, Role.EDITOR), (admin, Role.ADMIN)):
        _, token = invitations.create_invitation(actor=owner, workspace=workspace, role=Role.EDITOR)
        invitations.accept_invitation(actor=user, token=token)
        assert access.role_of(user, workspace) == role


def test_members_and_invited_addresses_are_not_invited_again(workspace, owner, editor) -> None:
    with pytest.raises(UserError):
        invitations.create_invitation(
            actor=owner, workspace=workspace, role=Role.VIEWER, email="Editor@example.com"
        )
    invitations.create_invitation(actor=owner, workspace=workspace, role=Role.VIEWER, email="a@example.com")
    with pytest.raises(UserError):
        invitations.create_invitation(
            actor=owner, workspace=workspace, role=Role.VIEWER, email="A@example.com"
        )


def test_the_page_shows_the_link_once_and_mails_it(client_for, workspace, admin, viewer, settings) -> None:
    client = client_for(admin)
    sent = {"email": "guest@example.com", "role": "viewer", "days": "7"}
    response = client.post("/workspace/invitations/", sent)
    address = response.context["address"]
    assert address in response.content.decode()
    assert address not in client.get("/workspace/").content.decode()
    assert [(m.to, address in m.body, workspace.name in m.subject) for m in mail.outbox] == [
        (["guest@example.com"], True, True)
    ]
    assert "being sent to guest@example.com" in response.content.decode()
    client.post("/workspace/invitations/", {"email": "", "role": "viewer", "days": "7"})
    assert len(mail.outbox) == 1
    settings.EMAIL_URL = "console:"
    answer = client.post("/workspace/invitations/", {**sent, "email": "other@example.com"}).content.decode()
    assert "Give the link to other@example.com yourself" in answer
    assert len(mail.outbox) == 1
    assert client_for(viewer).post("/workspace/invitations/", sent).status_code == 403
    for wrong in ({"role": "owner"}, {"role": "king"}, {"days": "4000"}, {"email": "nobody"}):
        assert client.post("/workspace/invitations/", sent | {"email": ""} | wrong).status_code == 422, wrong


def test_nobody_mails_to_the_whole_world_with_invitations(client_for, workspace, admin, monkeypatch) -> None:
    monkeypatch.setattr(invitations, "MAILED", Rate(2, 3600))
    client = client_for(admin)
    for n in range(4):
        sent = {"email": f"guest{n}@example.com", "role": "viewer", "days": "7"}
        response = client.post("/workspace/invitations/", sent)
        assert response.status_code == (200 if n < 2 else 422)
    assert "Too many invitations" in response.content.decode()
    assert len(mail.outbox) == Invitation.objects.count() == 2
    link = client.post("/workspace/invitations/", {"email": "", "role": "viewer", "days": "7"})
    assert link.status_code == 200


def test_a_new_person_keeps_the_invitation_over_signing_in(invited, workspace, newcomer, settings) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    invitation, token = invited
    client = Client()
    page = client.get(f"/workspace/join/{token}/")
    assert page.status_code == 200
    assert workspace.name in page.content.decode()
    assert page["Referrer-Policy"] == "same-origin", "with no-referrer browsers post Origin: null"
    request = RequestFactory().get("/")
    request.session = client.session
    assert invitations.live_invitation(request) == invitation
    assert token not in str(dict(client.session))
    assert client.post(f"/workspace/join/{token}/")["Location"].startswith("/accounts/login/")
    client.force_login(newcomer)
    client.post(f"/workspace/join/{token}/")
    assert access.role_of(newcomer, workspace) == Role.EDITOR
    assert client.get("/workspace/").context["membership"].workspace == workspace
    request.session = client.session
    assert invitations.live_invitation(request) is None


def test_what_is_not_open_looks_like_what_never_was(invited, owner, client_for, outsider) -> None:
    invitation, token = invited
    invitations.revoke_invitation(actor=owner, invitation=invitation)
    client = client_for(outsider)
    closed, never = (client.get(f"/workspace/join/{t}/") for t in (token, "x" * 43))
    assert closed.status_code == never.status_code == 404
    assert client.post(f"/workspace/join/{token}/").status_code == 404
    assert invitation.workspace.name not in closed.content.decode()


def test_another_workspaces_invitation_cannot_be_revoked(invited, client_for, outsider, viewer) -> None:
    invitation, _ = invited
    address = f"/workspace/invitations/{invitation.pk}/revoke/"
    assert client_for(outsider).post(address).status_code == 404
    assert client_for(viewer).post(address).status_code == 403
    assert Invitation.objects.open().filter(pk=invitation.pk).exists()


def test_a_deleted_workspace_takes_nobody(invited, workspace, owner, newcomer) -> None:
    from apps.workspaces.team.lifecycle import delete_workspace

    delete_workspace(actor=owner, workspace=workspace, typed_name=workspace.name)
    with pytest.raises(NotVisible):
        invitations.accept_invitation(actor=newcomer, token=invited[1])
    assert not access.can(newcomer, workspace, access.Action.VIEW)
