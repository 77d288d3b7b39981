"""Runs side by side: who can be compared, which settings differ, and what the page costs."""

import json
from uuid import uuid4

import pytest
from django.urls import reverse

from apps.training.models import Run
from apps.training.run_comparison import CHARTS, MOST_RUNS, compared_settings
from tests.fixtures.page_text import html_of

pytestmark = [pytest.mark.django_db, pytest.mark.once]
COMPARE = "training:compare"


@pytest.fixture
def two(make_run) -> list[Run]:
    """Two runs of the same data with other settings."""
    return [make_run(name="first <1>", batch_rows=8), make_run(name="second", batch_rows=16, seed=7)]


def compare(client, *runs: Run, **asked):
    return client.get(reverse(COMPARE), {"run": [run.pk for run in runs], **asked})


def test_the_settings_that_differ_come_first_and_are_marked(two, client_for, viewer) -> None:
    response = compare(client_for(viewer), *two)
    differing = {setting.name: setting.values for setting in response.context["differing"]}
    assert differing == {"seed": [str(two[0].recipe["seed"]), "7"]}
    html = html_of(response)
    assert html.count('class="differs"') == 1
    assert "first &lt;1&gt;" in html
    same = {setting.name for setting in response.context["same"]}
    assert "batch_rows" in same, "both ran with the batch that their pre-flight chose"
    assert "seed" not in same


def test_a_setting_that_one_run_lacks_differs(two) -> None:
    first, second = two
    second.recipe = {**first.recipe, "objective": {"kind": "seq2seq", "max_target_length": 64}}
    first.recipe = {**first.recipe, "objective": None}
    differing = {row.name: row.values for row in compared_settings([first, second]) if row.differs}
    assert differing["max_target_length"] == ["–", "64"]


def test_the_charts_get_the_address_of_every_run(two, client_for, owner) -> None:
    response = compare(client_for(owner), *two)
    lines = json.loads(response.context["lines"])
    assert [line["name"] for line in lines] == ["first <1>", "second"]
    assert [line["address"] for line in lines] == [reverse("training:metrics", args=[run.pk]) for run in two]
    assert [line["isActive"] for line in lines] == [False, False]
    assert {"validation_loss", "smoothed_train_loss train_loss", "gpu_utilization"} <= {
        chart.names for chart in CHARTS
    }


def test_runs_of_others_and_unknown_ids_are_left_out(two, client_for, outsider, owner) -> None:
    assert list(compare(client_for(outsider), *two).context["runs"]) == []
    response = client_for(owner).get(
        reverse(COMPARE), {"run": [str(two[0].pk), str(uuid4()), "no id", str(two[0].pk)]}
    )
    assert [run.pk for run in response.context["runs"]] == [two[0].pk]
    assert "Select two or more runs" in response.content.decode()


def test_without_runs_the_page_says_how_to_select_them(client_for, owner) -> None:
    assert "Select two or more runs" in client_for(owner).get(reverse(COMPARE)).content.decode()


def test_no_more_runs_than_can_be_told_apart_are_shown(
    make_run, client_for, owner, django_assert_max_num_queries
) -> None:
    first = make_run()
    runs = [first, *(make_run(preflight=first.preflight) for _ in range(MOST_RUNS))]
    client = client_for(owner)
    compare(client, first)
    with django_assert_max_num_queries(10):
        response = compare(client, *runs)
    assert list(response.context["runs"]) == runs[:MOST_RUNS]
    assert f"{MOST_RUNS + 1} runs are selected, but at most {MOST_RUNS} can be compared." in html_of(response)
