"""The linear starter in the wizard, the plan, the run page and the API: settings of steps are neither asked nor shown."""

import re

import pytest
from django.urls import reverse

from apps.core.errors import UserError
from apps.training.bases import LINEAR_STARTER, choices_for
from apps.training.models import Preflight, Run
from apps.training.sweeps.space import searchable
from tests.fixtures.page_text import html_of
from workers.contracts.recipes import Recipe

pytestmark = [pytest.mark.django_db, pytest.mark.once]

LINEAR = {"kind": "linear", "inverse_penalty": 10.0}


@pytest.fixture
def linear_run(make_preflight, make_run) -> Run:
    """An ended run of the linear starter."""
    preflight = make_preflight(base=LINEAR_STARTER)
    result = preflight.result
    result["recipe"] = Recipe.model_validate({"objective": LINEAR}).model_dump(mode="json")
    preflight.save()
    return make_run(preflight=preflight)


def test_the_wizard_offers_it_after_the_starters(client_for, owner, tickets) -> None:
    offered = [choice for choice in choices_for(owner, tickets) if choice.value.startswith("starter:")]
    assert [choice.value for choice in offered][-1] == LINEAR_STARTER
    assert offered[-1].label == "Linear model"
    assert [choice.learns_at_once for choice in offered] == [False] * (len(offered) - 1) + [True]
    page = html_of(client_for(owner).get(reverse("training:new"), {"data": tickets.pk}))
    assert len(re.findall("data-without-steps", page)) == 1
    assert re.search(
        r'<div class="with-steps">(?:(?!</?div).)*<div[^>]*>\s*<label[^>]*for="id_learning_rate"',
        page,
        re.DOTALL,
    )
    assert 'name="linear-inverse_penalty"' in page


def test_answers_that_the_page_hides_do_not_count(client_for, owner, tickets) -> None:
    answers = {
        "data": tickets.pk,
        "base": LINEAR_STARTER,
        "length": "standard",
        "learning_rate": "0.5",
        "keep_best": "on",
    }
    response = client_for(owner).post(reverse("training:new"), answers)
    assert response.status_code == 302
    assert Preflight.objects.get().recipe == {}


def test_its_own_setting_is_part_of_the_recipe(client_for, owner, tickets) -> None:
    answers = {
        "data": tickets.pk,
        "base": LINEAR_STARTER,
        "length": "standard",
        "linear-inverse_penalty": "2",
    }
    client_for(owner).post(reverse("training:new"), answers)
    assert Preflight.objects.get().recipe == {"objective": {"kind": "linear", "inverse_penalty": 2.0}}


def test_a_setting_of_steps_is_refused_by_name(ask) -> None:
    with pytest.raises(UserError) as refused:
        ask(base=LINEAR_STARTER, learning_rate=0.1, epochs=3)
    assert refused.value.field == "epochs"
    assert "has no setting epochs, learning_rate" in str(refused.value)


def test_the_recipe_of_a_run_can_be_sent_again(ask, linear_run) -> None:
    asked = ask(base=LINEAR_STARTER, **linear_run.preflight.result["recipe"])
    assert asked.job.is_active


def test_plan_and_run_show_no_steps(client_for, owner, linear_run) -> None:
    client = client_for(owner)
    plan = html_of(client.get(reverse("training:preflight", args=[linear_run.preflight_id])))
    assert "words and word pairs" in plan
    page = html_of(client.get(reverse("training:detail", args=[linear_run.pk])))
    assert "Inverse regularization strength (C)" in page
    for text in ("Epochs", "Steps", "Learning rate", "LoRA rank"):
        assert text not in plan and text not in page
    assert "Loss curve" not in page
    assert "Sweep settings" not in plan and "Sweep settings" not in page
    assert searchable(Recipe.model_validate({"objective": LINEAR})) == {}


def test_it_is_not_continued(linear_run) -> None:
    linear_run.job.checkpoint_key = "checkpoints/last"
    assert not linear_run.can_continue


def test_a_linear_model_is_no_base(owner, linear_run, tickets) -> None:
    version = linear_run.model_version
    version.family = "linear"
    version.save()
    assert version.choice not in [choice.value for choice in choices_for(owner, tickets)]


def test_none_can_be_added_from_elsewhere(client_for, owner) -> None:
    page = html_of(client_for(owner).get(reverse("catalog:base_new")))
    assert 'value="classifier"' in page
    assert 'value="linear"' not in page
