"""What `@rule` refuses before the view runs."""

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.test import RequestFactory

from apps.core.errors import NotVisible
from apps.datasets.models import Dataset
from apps.workspaces.access.rules import ADMINISTRATOR, ANYONE, EDIT, OWN, SIGN_IN, VIEW, AccessRule, rule

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset(workspace: Any, owner: Any) -> Dataset:
    return Dataset.objects.create(workspace=workspace, created_by=owner, name="Rows", number=1)


@rule(get=VIEW, post=EDIT, of="dataset")
def page(_request: Any, dataset: Dataset, name: str = "") -> HttpResponse:
    return HttpResponse(f"{dataset.name} {name}")


def ask(view: Any, user: Any, method: str = "GET", **kwargs: Any) -> HttpResponse:
    request: Any = RequestFactory().generic(method, "/page/")
    request.user = user
    answer: HttpResponse = view(request, **kwargs)
    return answer


def test_the_rule_is_on_the_view() -> None:
    assert page.access_rule == AccessRule({"GET": VIEW, "POST": EDIT}, ("dataset",))  # type: ignore[attr-defined]


def test_the_view_gets_the_object_in_place_of_its_id(dataset: Dataset, viewer: Any) -> None:
    assert ask(page, viewer, pk=dataset.pk, name="shown").content == b"Rows shown"


def test_the_object_must_be_visible_and_the_role_high_enough(
    dataset: Dataset, viewer: Any, editor: Any, outsider: Any
) -> None:
    with pytest.raises(NotVisible):
        ask(page, outsider, pk=dataset.pk)
    with pytest.raises(PermissionDenied):
        ask(page, viewer, "POST", pk=dataset.pk)
    assert ask(page, editor, "POST", pk=dataset.pk).status_code == 200


def test_an_object_costs_one_query(dataset: Dataset, editor: Any, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        ask(page, editor, "POST", pk=dataset.pk)


def test_other_methods_are_refused_and_strangers_sent_to_sign_in(dataset: Dataset, viewer: Any) -> None:
    assert ask(page, viewer, "DELETE", pk=dataset.pk).status_code == 405
    assert ask(page, AnonymousUser(), pk=dataset.pk).status_code == 302


def test_rules_without_a_workspace(viewer: Any, outsider: Any) -> None:
    def view(_request: Any) -> HttpResponse:
        return HttpResponse("in")

    assert ask(rule(get=ANYONE)(view), AnonymousUser()).status_code == 200
    assert ask(rule(get=SIGN_IN)(view), AnonymousUser()).status_code == 302
    assert ask(rule(get=SIGN_IN)(view), viewer).status_code == 200
    with pytest.raises(PermissionDenied):
        ask(rule(get=ADMINISTRATOR)(view), viewer)
    outsider.is_staff = True
    assert ask(rule(get=ADMINISTRATOR)(view), outsider).status_code == 200


def test_an_action_without_an_object_is_checked_where_the_person_is(client_for: Any, admin: Any) -> None:
    from apps.workspaces.views.workspaces import delete

    assert delete.access_rule.needs == {"POST": OWN}
    assert client_for(admin).post("/workspace/delete/", {"name": "x"}).status_code == 403
