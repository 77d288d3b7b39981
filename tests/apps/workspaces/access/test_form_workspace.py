"""A page says which workspace it shows, and what is sent from it happens there."""

import re
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client, RequestFactory

from apps.accounts.models import User
from apps.datasets.models import Dataset
from apps.workspaces import access
from apps.workspaces.access.middleware import WorkspaceMiddleware
from apps.workspaces.models import Invitation, Membership, Workspace, WorkspaceSecret
from apps.workspaces.team import lifecycle, members
from apps.workspaces.team.secrets import set_secret
from tests.fixtures.page_text import html_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def second(editor: User) -> Workspace:
    return lifecycle.create_workspace(actor=editor, name="Second")


@pytest.fixture
def client(client_for: Any, editor: User, workspace: Workspace, second: Workspace) -> Client:
    """Of somebody who owns the second workspace and edits in the first, where they are now."""
    signed_in: Client = client_for(editor)
    switch(signed_in, workspace)
    return signed_in


def switch(client: Client, workspace: Workspace) -> None:
    client.post("/workspace/switch/", {"workspace": str(workspace.pk)})


def where(client: Client, path: str = "/workspace/", **headers: str) -> Workspace:
    return client.get(path, headers=headers).context["membership"].workspace  # type: ignore[no-any-return]


def fields_of(client: Client, path: str) -> list[dict[str, str]]:
    """What the forms of a page say of the workspace, one for each form that is posted."""
    page = html_of(client.get(path))
    forms = re.findall(r'<form method="post".*?</form>', page, re.DOTALL)
    assert forms
    return [dict(re.findall(r'name="(in_workspace)" value="([^"]+)"', form)) for form in forms]


def test_a_person_of_many_workspaces_comes_to_each(
    client: Client, editor: User, workspace: Workspace
) -> None:
    """The menu of every page lists the first ones, and no page reads all of them."""
    many = Workspace.objects.bulk_create(Workspace(name=f"Team {number:02}") for number in range(20))
    Membership.objects.bulk_create(Membership(workspace=one, user=editor, role="owner") for one in many)
    switch(client, many[19])
    page = client.get("/workspace/")
    assert page.context["membership"].workspace == many[19]
    assert len(page.context["memberships"]) == 10
    assert where(client, "/workspace/") == many[19]
    client.post("/workspace/new/", {"in_workspace": str(many[18].pk), "name": "Another"})
    switch(client, workspace)
    assert where(client) == workspace


@pytest.mark.parametrize("path", ["/workspace/", "/workspace/settings/", "/workspace/keys/", "/data/new/"])
def test_every_form_says_where_it_was_shown(client: Client, second: Workspace, path: str) -> None:
    switch(client, second)
    assert fields_of(client, path) == [{"in_workspace": str(second.pk)}] * len(fields_of(client, path))


def test_a_form_of_a_tab_that_was_left_open_acts_in_its_own_workspace(
    client: Client, workspace: Workspace, second: Workspace
) -> None:
    switch(client, second)
    left_open = fields_of(client, "/workspace/")[0]
    switch(client, workspace)
    client.post("/workspace/invitations/", {**left_open, "role": "viewer", "days": "7"})
    assert Invitation.objects.get().workspace == second
    assert where(client) == second, "and goes on there"
    switch(client, workspace)
    client.post("/workspace/leave/", left_open)
    assert Membership.objects.filter(workspace=workspace, user__email="editor@example.com").exists()


def test_what_is_revoked_from_a_tab_that_was_left_open_leads_to_its_own_workspace(
    client: Client, editor: User, workspace: Workspace, second: Workspace
) -> None:
    """The object in the address says the workspace as well: it is not taken for the one that the person is in."""
    set_secret(
        actor=editor, workspace=second, kind=WorkspaceSecret.Kind.HUB_TOKEN, value="hf_0123456789abcdef"
    )
    switch(client, second)
    left_open = fields_of(client, "/workspace/")[0]
    secret = WorkspaceSecret.objects.get(workspace=second)
    switch(client, workspace)
    removed = client.post(f"/workspace/secrets/{secret.pk}/remove/", left_open)
    assert removed.status_code == 302
    assert not WorkspaceSecret.objects.exists()
    assert where(client) == second


def test_what_is_sent_from_a_workspace_that_one_left_happens_nowhere(
    client: Client, editor: User, workspace: Workspace, second: Workspace
) -> None:
    left_open = fields_of(client, "/data/new/")[0]
    members.leave(actor=editor, workspace=workspace)
    sent = {**left_open, "text": "question,answer\nWhen?,At nine.\n"}
    assert client.post("/data/new/", sent).status_code == 404
    assert not Dataset.objects.exists()
    sent["in_workspace"] = "nonsense"
    assert client.post("/data/new/", sent).status_code == 404


def test_parts_of_an_upload_go_where_the_page_was_shown(
    client: Client, editor: User, second: Workspace
) -> None:
    members.add_member(
        actor=editor, workspace=second, user=User.objects.get(email="owner@example.com"), role="owner"
    )
    own = Membership.objects.get(user=editor, workspace=second)
    members.set_role(actor=editor, membership=own, role="viewer")
    part = f"/data/uploads/{'a' * 32}/0/"
    sent = {"data": b"question", "content_type": "application/octet-stream"}
    shown = {"X-Workspace": str(second.pk)}
    assert client.get(part.removesuffix("0/"), headers=shown).status_code == 403
    refused = client.post(part, **sent, headers=shown)
    assert refused.status_code == 403


def test_the_page_of_something_shows_its_workspace(
    client: Client, editor: User, workspace: Workspace, second: Workspace
) -> None:
    page = f"/data/{Dataset.objects.create(workspace=workspace, created_by=editor, name='Rows', number=1).pk}/edit/"
    switch(client, second)
    assert where(client) == second
    client.get(page, headers={"HX-Request": "true"})
    assert where(client) == second, "what a page asks for by itself moves nobody"
    assert where(client, page) == workspace
    assert where(client) == workspace


def test_the_preview_of_an_app_shows_its_workspace(
    client: Client, workspace: Workspace, second: Workspace, make_app: Any
) -> None:
    app = make_app()
    switch(client, second)
    assert client.get(f"/apps/{app.pk}/preview/").status_code == 200
    assert where(client) == workspace == app.workspace


def test_reading_an_object_moves_nobody(
    client: Client, editor: User, workspace: Workspace, second: Workspace
) -> None:
    dataset = Dataset.objects.create(workspace=workspace, created_by=editor, name="Rows", number=1)
    switch(client, second)
    request = RequestFactory().get("/", headers={"Accept": "text/html"})
    request.user, request.session = editor, client.session
    request.htmx = False  # type: ignore[attr-defined]

    def answer(request: Any) -> HttpResponse:
        assert access.get_visible(Dataset.objects.all(), request.user, pk=dataset.pk) == dataset
        return HttpResponse("read by a service")

    WorkspaceMiddleware(answer)(request)
    assert request.session["workspace"] == str(second.pk)
    assert client.get(f"/api/v1/datasets/{dataset.pk}/").status_code == 200
    assert where(client) == second
