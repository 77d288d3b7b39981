"""Every page and button of runs, evaluations, jobs and home: who gets in, and who gets which refusal."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.evaluation import services as evaluation
from apps.workspaces.models import AuditEntry

pytestmark = pytest.mark.django_db

Address = tuple[str, str]
"""Name of the address, and of the object in it."""

PAGES: list[Address] = [
    ("training:preflight", "preflight"),
    ("training:detail", "run"),
    ("training:metrics", "run"),
    ("training:samples", "run"),
    ("evaluation:detail", "evaluation"),
    ("evaluation:comparison", "comparison"),
    ("jobs:status", "job"),
    ("jobs:log", "job"),
]
FOR_EDITORS: list[Address] = [("training:again", "run")]
BUTTONS: list[Address] = [
    ("training:start", "preflight"),
    ("training:rename", "run"),
    ("training:fix", "run"),
    ("evaluation:compare_run", "model"),
    ("evaluation:delete", "evaluation"),
    ("evaluation:delete_comparison", "comparison"),
    ("jobs:stop", "job"),
    ("jobs:retry", "job"),
    ("jobs:pause", "job"),
    ("jobs:unpause", "job"),
    ("jobs:priority", "job"),
]
LISTS = ["home:home", "training:list", "evaluation:list", "jobs:notices"]
EDITORS_LISTS = ["training:new", "evaluation:new"]


@pytest.fixture
def things(owner: Any, make_run: Any, make_evaluation: Any) -> dict[str, Any]:
    run = make_run()
    made = [make_evaluation(run.base_version), make_evaluation(run.model_version)]
    return {
        "run": run.pk,
        "preflight": run.preflight_id,
        "model": run.model_version_id,
        "evaluation": made[1].pk,
        "comparison": evaluation.compare(actor=owner, evaluations=made).pk,
        "job": run.job_id,
    }


def addresses(kind: list[Address], things: dict[str, Any]) -> list[str]:
    return [reverse(name, args=[things[what]]) for name, what in kind]


def is_sign_in(response: Any) -> bool:
    return response.status_code == 302 and response["Location"].startswith("/accounts/login/")


def test_a_visitor_signs_in_first(things: dict[str, Any]) -> None:
    client = Client()
    for address in addresses(PAGES + FOR_EDITORS, things) + [reverse(name) for name in LISTS + EDITORS_LISTS]:
        assert is_sign_in(client.get(address)), address
    for address in addresses(BUTTONS, things):
        assert is_sign_in(client.post(address)), address


def test_an_outsider_finds_nothing(things: dict[str, Any], client_for: Any, outsider: Any) -> None:
    client, before = client_for(outsider), AuditEntry.objects.count()
    for address in addresses(PAGES + FOR_EDITORS, things):
        assert client.get(address).status_code == 404, address
    for address in addresses(BUTTONS, things):
        assert client.post(address, {"name": "mine"}).status_code == 404, address
    assert AuditEntry.objects.count() == before


def test_a_viewer_looks_and_changes_nothing(things: dict[str, Any], client_for: Any, viewer: Any) -> None:
    client, before = client_for(viewer), AuditEntry.objects.count()
    for address in addresses(PAGES, things) + [reverse(name) for name in LISTS]:
        assert client.get(address).status_code == 200, address
    for address in addresses(FOR_EDITORS, things) + [reverse(name) for name in EDITORS_LISTS]:
        assert client.get(address).status_code == 403, address
    for address in addresses(BUTTONS, things):
        assert client.post(address, {"name": "mine"}).status_code == 403, address
    assert AuditEntry.objects.count() == before


def test_an_editor_opens_everything(things: dict[str, Any], client_for: Any, editor: Any) -> None:
    client = client_for(editor)
    for address in addresses(PAGES, things) + [reverse(name) for name in LISTS + EDITORS_LISTS]:
        response = client.get(address)
        assert response.status_code == 200, address


def test_reading_writes_nothing_and_writing_is_no_get(
    things: dict[str, Any], client_for: Any, editor: Any
) -> None:
    client = client_for(editor)
    for address in addresses(BUTTONS, things):
        assert client.get(address).status_code == 405, address
    for address in addresses(PAGES, things):
        assert client.post(address).status_code == 405, address


def test_a_button_of_another_site_is_refused(things: dict[str, Any], editor: Any) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(editor)
    for address in addresses(BUTTONS, things):
        assert client.post(address).status_code == 403, address
