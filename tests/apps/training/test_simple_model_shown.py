"""The page of a run says how its classifier compares with a simple model, and offers what may help."""

import pytest
from django.urls import reverse
from django.utils.translation import override

from apps.training.models import Run
from tests.apps.conftest import primary_buttons
from tests.fixtures.page_text import html_of
from workers.contracts.simple_model import SimpleModelComparison

pytestmark = [pytest.mark.django_db, pytest.mark.once]


def _compared(run: Run, right: int, simple_right: int, p: float, *, fitted: int = 96, **result: int) -> Run:
    found = SimpleModelComparison(
        rows=120,
        right=right,
        simple_right=simple_right,
        p_value=p,
        fitted_rows=fitted,
        training_rows=96,
        seconds=1,
    )
    run.result |= {"simple_model": found.model_dump(mode="json"), **result}
    run.save()
    return run


def _page(client, run: Run) -> str:
    return html_of(client.get(reverse("training:detail", args=[run.pk])))


def test_a_better_model_is_said_to_be_better(client_for, owner, make_run) -> None:
    page = _page(client_for(owner), _compared(make_run(), 110, 90, 0.0004))
    assert "significantly better than a simple model (p &lt; 0.001)" in page
    assert "91.7 % of 120 validation rows correctly, and TF-IDF with logistic regression 75.0 %" in page
    assert "fitted on the same 96 training rows" in page
    assert "Choose a pretrained base model" not in page
    assert primary_buttons(page) == ["Compare with the base model"]


@pytest.mark.parametrize(
    ("right", "simple_right", "p", "words", "button"),
    [
        (
            92,
            90,
            0.8,
            "not significantly better than a simple model (p = 0.800)",
            "Choose a pretrained base model",
        ),
        (90, 90, 1.0, "A simple model is as good", "Choose a pretrained base model"),
        (80, 100, 0.002, "A simple model is significantly better", "Train the simple model"),
    ],
)
def test_where_a_simple_model_does_as_well_the_likely_fix_is_the_primary_button(
    right, simple_right, p, words, button, client_for, owner, make_run
) -> None:
    run = _compared(make_run(), right, simple_right, p)
    page = _page(client_for(owner), run)
    assert words in page
    assert primary_buttons(page) == [button]
    assert f"{reverse('catalog:base_recommended')}?data={run.dataset_version_id}" in page
    assert (
        f"{reverse('training:new')}?data={run.dataset_version_id}&amp;base=starter%3Alinear%3Asmall" in page
    )


def test_an_unfinished_run_is_finished_first(client_for, owner, make_run) -> None:
    run = _compared(make_run(), 90, 90, 1.0, planned_steps=100)
    run.job.checkpoint_key = "checkpoints/last"
    run.job.save()
    page = _page(client_for(owner), run)
    assert primary_buttons(page) == ["Continue training"]
    assert 'href="#continue"' in page and 'id="continue"' in page


def test_a_sample_of_the_training_rows_is_named(client_for, owner, make_run) -> None:
    page = _page(client_for(owner), _compared(make_run(), 110, 90, 0.001, fitted=40))
    assert "fitted on 40 of the 96 training rows, evenly spaced" in page


def test_a_viewer_reads_the_comparison_without_buttons(client_for, viewer, make_run) -> None:
    page = _page(client_for(viewer), _compared(make_run(), 90, 90, 1.0))
    assert "A simple model is as good" in page
    assert "Choose a pretrained base model" not in page


def test_programs_read_the_comparison_in_the_result(client_for, owner, make_run) -> None:
    run = _compared(make_run(), 90, 95, 0.3)
    found = client_for(owner).get(reverse("api:run-detail", args=[run.pk])).json()["result"]["simple_model"]
    assert (found["rows"], found["right"], found["simple_right"], found["p_value"]) == (120, 90, 95, 0.3)


def test_runs_of_earlier_releases_have_none(client_for, owner, make_run) -> None:
    assert 'id="simple-model"' not in _page(client_for(owner), make_run())


def test_the_comparison_reads_in_chinese(client_for, owner, make_run) -> None:
    run, client = _compared(make_run(), 90, 90, 1.0), client_for(owner)
    with override("zh-hans"):
        client.cookies["django_language"] = "zh-hans"
        page = _page(client, run)
    assert "逻辑回归" in page
