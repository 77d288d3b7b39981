"""Documents, which nothing answers: their pages show no column of inputs."""

import json
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.datasets import services
from apps.datasets.models import DatasetVersion, Import
from tests.fixtures.page_text import html_of

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.mark.parametrize("has_beginnings", [False, True])
def test_inputs_have_a_column_only_where_there_are_any(
    upload: Callable[..., Import],
    run_job: Callable[..., object],
    client: Client,
    owner: User,
    has_beginnings: bool,
) -> None:
    rows = [{"title": f"Title {n}", "document": f"Essay {n}. The harbour was quiet."} for n in range(40)]
    import_ = upload("\n".join(map(json.dumps, rows)).encode(), "essays.jsonl")
    run_job(import_.job)
    import_ = Import.objects.get(pk=import_.pk)
    roles = {"document": "target"} | ({"title": "input"} if has_beginnings else {})
    version = services.confirm_import(actor=owner, import_=import_, task_type="generation", roles=roles)
    run_job(version.job)
    version = DatasetVersion.objects.get(pk=version.pk)
    client.force_login(owner)
    page = html_of(client.get(reverse("datasets:detail", args=[version.dataset_id])))
    assert ("Beginning" in page) == has_beginnings
    assert "Essay 7." in page
