"""The page of a run links to the run at each experiment tracker."""

import pytest
from django.urls import reverse

from apps.jobs.models import JobEvent
from tests.fixtures.page_text import html_of
from workers.contracts.texts import Text

pytestmark = [pytest.mark.django_db, pytest.mark.once]


def test_the_page_links_to_the_run_at_each_tracker(client_for, owner, make_run) -> None:
    run, client = make_run(), client_for(owner)
    page = reverse("training:detail", args=[run.pk])
    assert "Open in" not in html_of(client.get(page))
    addresses = {"MLflow": "https://mlflow.example.org/#/runs/1", "Other": "javascript:alert(1)"}
    # An attempt that goes on says it again.
    for number, (tracker, address) in enumerate([*addresses.items(), *addresses.items()]):
        text = Text("training.tracked_at", tracker=tracker, address=address)
        data = {"level": "info", "text": text.dump()}
        JobEvent.objects.create(job=run.job, seq=1000 + number, attempt=1, kind="log", data=data)
    html = html_of(client.get(page))
    assert html.count('href="https://mlflow.example.org/#/runs/1"') == 1
    assert "Open in MLflow" in html
    assert "Open in Other" not in html
