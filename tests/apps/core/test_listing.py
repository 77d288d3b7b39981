"""Lists: search, filters, sorting and pages stand in the address, and what the address asks wrongly is ignored."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client, RequestFactory
from django.urls import reverse

from apps.core.listing import BY_TIME_AND_NAME, Filter, Listing
from apps.datasets.models import Dataset
from apps.publishing.defaults import settings_for
from apps.publishing.services.apps import create_app
from apps.workspaces.numbering import next_number

pytestmark = pytest.mark.django_db
LISTS = {
    "datasets:list": "Search datasets",
    "catalog:list": "Search models",
    "training:list": "Search runs",
    "evaluation:list": "Search evaluations",
    "publishing:list": "Search apps",
}
LISTING = Listing(
    searches=("name", "description"),
    filters=(
        Filter(
            "kind",
            "Kind",
            (("tickets", "Tickets"), ("poems", "Poems")),
            lambda rows, value: rows.filter(description=value),
        ),
    ),
    page_size=4,
)


@pytest.fixture
def make(workspace: Any) -> Any:
    def create(name: str, description: str = "") -> Dataset:
        number = next_number(workspace, "dataset")
        return Dataset.objects.create(workspace=workspace, number=number, name=name, description=description)

    return create


def read(listing: Listing, **asked: str) -> Any:
    return listing.read(RequestFactory().get("/", asked), Dataset.objects.all())


def names(shown: Any) -> list[str]:
    return [row.name for row in shown.page]


def test_every_word_has_to_be_in_one_of_the_fields(make: Any) -> None:
    make("Front desk", "questions of guests")
    make("Front garden")
    assert names(read(LISTING, q="FRONT guests")) == ["Front desk"]
    assert names(read(LISTING, q="front 100%")) == []
    assert len(names(read(LISTING, q="  "))) == 2


def test_filters_sorting_and_pages_combine(make: Any) -> None:
    for number in range(9):
        make(f"Set {number}", "tickets" if number % 2 else "poems")
    shown = read(LISTING, kind="poems", sort="name")
    assert names(shown) == ["Set 0", "Set 2", "Set 4", "Set 6"]
    assert (shown.total, shown.is_narrowed) == (5, True)
    assert names(read(LISTING, kind="poems", sort="name", page="2")) == ["Set 8"]
    assert shown.query == "kind=poems&sort=name&"
    assert names(read(LISTING, sort="oldest"))[0] == "Set 0"
    assert names(read(LISTING))[0] == "Set 8"


@pytest.mark.parametrize(
    "asked", [{"page": "x"}, {"page": "-1"}, {"sort": "evil"}, {"kind": "evil"}, {"q": "\x00"}]
)
def test_what_is_asked_wrongly_is_ignored(make: Any, asked: dict[str, str]) -> None:
    make("One")
    assert read(LISTING, **asked).total in (0, 1)


def test_two_lists_on_a_page_keep_each_others_place(make: Any) -> None:
    for number in range(9):
        make(f"Set {number}")
    other = Listing(searches=("name",), sorts=BY_TIME_AND_NAME, page_size=4, prefix="b-")
    asked = {"q": "set", "page": "2", "b-q": "5", "archived": "1"}
    first, second = read(LISTING, **asked), read(other, **asked)
    assert names(second) == ["Set 5"]
    assert first.page.number == 2
    assert first.query == "b-q=5&archived=1&q=set&"
    assert second.query == "q=set&page=2&archived=1&b-q=5&"
    assert first.id != second.id


@pytest.mark.parametrize("name", LISTS)
def test_every_list_answers_what_nothing_matches(
    client_for: Any, owner: Any, everything: None, name: str
) -> None:
    client: Client = client_for(owner)
    html = client.get(reverse(name)).content.decode()
    assert LISTS[name] in html
    html = client.get(reverse(name), {"q": "nothing is called like this"}).content.decode()
    assert "0 matches" in html
    assert "Clear search and filters" in html
    for asked in ({"sort": "name"}, {"sort": "oldest"}, {"state": "failed"}, {"task": "classification"}):
        assert client.get(reverse(name), asked).status_code == 200


@pytest.fixture
def everything(make_data: Any, make_run: Any, make_classifier: Any, make_evaluation: Any, owner: Any) -> None:
    """Two of each, so that there is something to search."""
    make_data()
    first = make_run()
    make_run(preflight=first.preflight)
    for _ in range(2):
        model = make_classifier()
        make_evaluation(model)
        create_app(
            actor=owner,
            workspace=model.workspace,
            model_version=model,
            name="Desk",
            app_settings=settings_for(model),
        )
