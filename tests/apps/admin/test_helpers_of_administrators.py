"""Who helps in Django's admin with some rights, and is no superuser, gets no more of them there."""

from collections.abc import Callable
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.auth.models import Group, Permission
from django.test import Client

from apps.accounts.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def helper(db: None) -> User:
    """May do everything with accounts and groups that a permission can give."""
    user = User.objects.create_user("helper@example.com", "helper-password", name="Hal", is_staff=True)
    granted = Permission.objects.filter(
        content_type__app_label__in=("accounts", "auth", "mfa", "usersessions")
    )
    user.user_permissions.set(granted)
    return user


@pytest.fixture
def as_helper(client_for: Callable[..., Client], helper: User) -> Client:
    return client_for(helper)


def form_of(user: User, **changes: Any) -> dict[str, Any]:
    return {
        "email": user.email,
        "name": user.name,
        "language": "",
        "timezone": "",
        "is_active": "on",
        **changes,
    }


def test_they_help_whoever_may_do_no_more(as_helper: Client, outsider: User) -> None:
    address = f"/admin/accounts/user/{outsider.pk}/change/"
    assert as_helper.post(address, form_of(outsider, name="Otto Renamed")).status_code == 302
    outsider.refresh_from_db()
    assert outsider.name == "Otto Renamed"


def test_they_give_nobody_rights_themselves_included(as_helper: Client, helper: User, outsider: User) -> None:
    group = Group.objects.create(name="Everything")
    rights = {
        "is_staff": "on",
        "is_superuser": "on",
        "groups": [group.pk],
        "user_permissions": list(Permission.objects.values_list("pk", flat=True)),
    }
    before = helper.user_permissions.count()
    for user in (helper, outsider):
        as_helper.post(f"/admin/accounts/user/{user.pk}/change/", form_of(user, **rights))
        user.refresh_from_db()
        assert not user.is_superuser
        assert not user.groups.exists()
    assert helper.user_permissions.count() == before
    assert not outsider.is_staff
    assert as_helper.post("/admin/auth/group/add/", {"name": "Mine"}).status_code == 403
    changed = as_helper.post(f"/admin/auth/group/{group.pk}/change/", {"name": "Changed"})
    assert changed.status_code == 403


def test_they_change_no_superuser(as_helper: Client, owner: User) -> None:
    UserSession.objects.create(user=owner, ip="127.0.0.1", session_key="k", user_agent="")
    Authenticator.objects.create(user=owner, type="totp", data={})
    before = owner.password
    password = {"usable_password": "true", "password1": "quite long words", "password2": "quite long words"}
    page = f"/admin/accounts/user/{owner.pk}"
    assert as_helper.post(f"{page}/change/", form_of(owner, email="helper2@example.com")).status_code == 403
    assert as_helper.post(f"{page}/password/", password).status_code == 403
    assert as_helper.post(f"{page}/delete/", {"post": "yes"}).status_code == 403
    for model in (Authenticator, UserSession):
        row = model.objects.filter(user=owner).first()
        label = model._meta.label_lower.replace(".", "/")
        assert as_helper.post(f"/admin/{label}/{row.pk}/delete/", {"post": "yes"}).status_code == 403
        many = {"action": "delete_selected", "_selected_action": [str(row.pk)], "post": "yes"}
        assert as_helper.post(f"/admin/{label}/", many).status_code == 403
    many = {"action": "delete_selected", "_selected_action": [str(owner.pk)], "post": "yes"}
    assert as_helper.post("/admin/accounts/user/", many).status_code == 403
    owner.refresh_from_db()
    assert (owner.email, owner.password) == ("owner@example.com", before)
    assert Authenticator.objects.filter(user=owner).exists()


def test_without_the_permission_nothing_is_removed(helper: User, outsider: User, client_for: Any) -> None:
    helper.user_permissions.clear()
    row = Authenticator.objects.create(user=outsider, type="totp", data={})
    client = client_for(helper)
    assert client.post(f"/admin/mfa/authenticator/{row.pk}/delete/", {"post": "yes"}).status_code == 403
    assert Authenticator.objects.filter(pk=row.pk).exists()
