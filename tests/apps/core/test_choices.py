"""Choices among thousands: a form offers the chosen ones and the first that match, and takes any that may be chosen."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import RequestFactory
from django.urls import reverse

from apps.core.choices import OPTIONS, pick
from apps.datasets.models import Dataset, DatasetVersion
from apps.evaluation.models import Evaluation

pytestmark = pytest.mark.django_db


@pytest.fixture
def many(workspace: Any) -> list[Dataset]:
    rows = [Dataset(workspace=workspace, number=1000 + n, name=f"Set {n}") for n in range(3 * OPTIONS)]
    return Dataset.objects.bulk_create(rows)


def names(many: Any, chosen: Any = (), **asked: str) -> list[str]:
    rows = Dataset.objects.order_by("number")
    picked = pick(RequestFactory().get("/", asked), "set", rows, searches=("name",), chosen=chosen)
    return [one.name for one in picked.options]


def test_options_are_bounded_and_what_is_chosen_stays(many: list[Dataset]) -> None:
    last = many[-1]
    assert names(many) == [f"Set {n}" for n in range(OPTIONS)]
    assert names(many, [last.pk])[0] == last.name
    assert names(many, [str(last.pk), "nonsense", "trivial"], **{"find-set": "set 41"}) == [
        last.name,
        "Set 41",
    ]


def test_an_evaluation_takes_a_model_that_only_a_search_shows(
    client_for: Any, owner: Any, make_classifier: Any, tickets: DatasetVersion
) -> None:
    wanted = make_classifier()
    for number in range(OPTIONS + 2):
        copy = type(wanted).objects.get(pk=wanted.pk)
        copy.pk, copy.number, copy.name = None, 500 + number, f"Other {number}"
        copy._state.adding = True
        copy.save()
    client, address = client_for(owner), reverse("evaluation:new")
    html = client.get(address).content.decode()
    assert str(wanted.pk) not in html
    assert html.count('name="models"') == OPTIONS + 1
    assert "Type to search for more" in html
    html = client.get(address, {"find-models": wanted.name}).content.decode()
    assert str(wanted.pk) in html
    sent = {"data": str(tickets.pk), "models": [str(wanted.pk)]}
    assert client.post(address, sent).status_code == 302
    assert Evaluation.objects.get().model_version == wanted
    assert (
        client.post(address, sent | {"models": ["0b7f4c0e-5f5c-4b4e-9d53-0c9f6a1f2b3d"]}).status_code == 422
    )
