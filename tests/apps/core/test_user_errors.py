"""An error that a person can fix is said once, with the way back to the form that it is about."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.workspaces.models import Quota

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("referer", "is_ours"),
    [
        ("http://testserver{page}", True),
        ("http://elsewhere.example{page}", False),
        ("http://testserver//elsewhere.example/", False),
        ("", False),
    ],
)
def test_a_refused_form_says_why_and_leads_back(
    client_for: Any, owner: Any, workspace: Any, make_preflight: Any, referer: str, is_ours: bool
) -> None:
    preflight = make_preflight()
    Quota.objects.create(workspace=workspace, accelerator_hours=0)
    client: Client = client_for(owner)
    page = reverse("training:preflight", args=[preflight.pk])
    sent = {"referer": referer.format(page=page)} if referer else {}
    answer = client.post(reverse("training:start", args=[preflight.pk]), headers=sent)
    html = answer.content.decode()
    assert answer.status_code == 400
    assert html.count("Choose a shorter run") == 1
    assert (f'href="{page}">Go back</a>' in html) is is_ours
    assert "elsewhere.example" not in html
