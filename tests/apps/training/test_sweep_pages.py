"""The form, the page and the list of sweeps: who sees what, bad answers, and a bounded number of queries."""

import json
import re

import pytest
from django.urls import reverse

from apps.jobs import services as jobs
from apps.jobs.models import Job
from apps.training.models import Run, Sweep
from apps.training.sweeps.advancing import advance
from tests.apps.training.sweeping import end_trial, make_sweep, next_trial, plan
from tests.fixtures.page_text import html_of

__all__ = ["end_trial", "make_sweep", "plan"]
pytestmark = [pytest.mark.django_db, pytest.mark.once]

ANSWERS = {
    "vary-learning_rate": "on",
    "learning_rate-low": "0.0005",
    "learning_rate-high": "0.02",
    "schedule": ["cosine", "linear"],
    "trials": "6",
    "metric": "validation_loss",
    "prunes": "on",
}


def test_the_form_offers_the_ranges_of_the_recipe(plan, owner, client_for) -> None:
    html = html_of(client_for(owner).get(reverse("training:sweep_new", args=[plan.pk])))
    assert re.search(r'name="learning_rate-low"[^>]*value="0.0001"', html)
    assert re.search(r'name="learning_rate-high"[^>]*value="0.01"', html)
    assert re.search(r'name="batch_rows-high"[^>]*value="64"', html)
    assert "lora_rank" not in html, "the plan trains no adapters"
    assert "max_steps" not in html, "the plan has no such limit"
    assert reverse("training:sweep_new", args=[plan.pk]) in html_of(
        client_for(owner).get(reverse("training:preflight", args=[plan.pk]))
    )


def test_settings_of_adapters_are_offered_where_there_are_some(plan, owner, client_for) -> None:
    plan.result["recipe"]["tuning"] = "lora"
    plan.save()
    html = html_of(client_for(owner).get(reverse("training:sweep_new", args=[plan.pk])))
    assert re.search(r'name="lora_rank-high"[^>]*value="64"', html)


def test_a_sweep_is_started_from_the_form(plan, owner, client_for) -> None:
    response = client_for(owner).post(reverse("training:sweep_new", args=[plan.pk]), ANSWERS)
    sweep = Sweep.objects.get()
    assert response["Location"] == reverse("training:sweep", args=[sweep.pk])
    assert sweep.space == {"learning_rate": {"low": 0.0005, "high": 0.02}}
    assert (sweep.most_trials, sweep.max_minutes, sweep.prunes) == (6, None, True)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"vary-learning_rate": ""}, "Select at least one setting to vary."),
        ({"learning_rate-low": ""}, "Enter a number."),
        ({"learning_rate-low": "0.5"}, "The lowest value must be below the highest one."),
        ({"learning_rate-high": "9"}, "1"),
        ({"trials": ""}, "Enter a number of trials or a time budget."),
        ({"trials": "1"}, "2"),
        ({"vary-schedule": "on", "schedule": ["linear"]}, "Select at least two of these values"),
    ],
)
def test_a_bad_answer_is_refused_at_its_field(plan, owner, client_for, changed, said) -> None:
    response = client_for(owner).post(reverse("training:sweep_new", args=[plan.pk]), ANSWERS | changed)
    assert response.status_code == 422
    shown = re.findall(
        r'<div class="(?:invalid-feedback|alert)[^>]*>(.*?)</div>', html_of(response), re.DOTALL
    )
    assert any(said in one for one in shown), shown
    assert not Sweep.objects.exists()


def test_a_plan_that_is_not_ready_leads_back_to_it(ask, owner, client_for) -> None:
    waiting = ask()
    response = client_for(owner).get(reverse("training:sweep_new", args=[waiting.pk]))
    assert response["Location"] == reverse("training:preflight", args=[waiting.pk])


@pytest.fixture
def ended(make_sweep, end_trial) -> Sweep:
    """Five trials: the second is the best, the third diverged, and the last was pruned."""
    sweep = make_sweep(
        trials=6,
        space={"learning_rate": {"low": 1e-4, "high": 0.01}, "schedule": {"values": ["cosine", "linear"]}},
    )
    for loss in (0.5, 0.2, None, 0.4, 0.45):
        end_trial(next_trial(sweep), loss)
    last = next_trial(sweep)
    Job.objects.filter(pk=last.run.job_id).update(stopped_for="pruned")
    end_trial(last, 0.9, stopped="user")
    advance(sweep.pk)
    return Sweep.objects.get(pk=sweep.pk)


def test_the_page_shows_the_trials_best_first(ended, owner, client_for) -> None:
    html = html_of(client_for(owner).get(reverse("training:sweep", args=[ended.pk])))
    order = [int(n) for n in re.findall(r">Trial (\d)<", html)]
    assert order == [2, 4, 5, 1, 6, 3]
    assert "All trials have ended." in html
    assert "Pruned" in html
    assert "Train with the best settings" in html
    assert "Keep only the best model" in html
    assert "PED-ANOVA" in html, "importances"
    assert sum(ended.importances.values()) == pytest.approx(1, abs=0.01)
    chart = json.loads(re.search(r'id="sweep-points"[^>]*>(.*?)</script>', html)[1])
    assert [trial["number"] for trial in chart["trials"]] == [1, 2, 4, 5, 6]
    assert chart["settings"][1]["labels"] == ["cosine", "linear", "constant"]


def test_one_button_keeps_the_best(ended, owner, client_for) -> None:
    client = client_for(owner)
    client.post(reverse("training:sweep_keep_best", args=[ended.pk]))
    ready = [run.trial.number for run in Run.objects.filter(trial__sweep=ended) if run.model_version.is_ready]
    assert ready == [2]
    html = html_of(client.get(reverse("training:sweep", args=[ended.pk])))
    assert "Deleted models: 4." in html
    assert "Keep only the best model" not in html


def test_the_best_settings_open_the_wizard(ended, owner, client_for) -> None:
    best = ended.trials.get(number=2)
    client = client_for(owner)
    response = client.get(reverse("training:sweep_train", args=[ended.pk]))
    html = html_of(client.get(response["Location"]))
    assert re.search(rf'name="learning_rate"[^>]*value="{best.values["learning_rate"]}"', html)
    again = client.get(reverse("training:again", args=[best.run_id]))["Location"]
    assert f"learning_rate={best.values['learning_rate']}" in again


def test_without_a_complete_trial_there_is_no_best(make_sweep, end_trial, owner, client_for) -> None:
    sweep = make_sweep()
    end_trial(next_trial(sweep), None)
    client = client_for(owner)
    assert "Keep only the best model" not in html_of(client.get(reverse("training:sweep", args=[sweep.pk])))
    response = client.get(reverse("training:sweep_train", args=[sweep.pk]))
    assert response["Location"] == reverse("training:sweep", args=[sweep.pk])
    assert client.post(reverse("training:sweep_keep_best", args=[sweep.pk])).status_code == 400


def test_the_page_of_a_sweep_under_way_refreshes_and_stops(make_sweep, owner, client_for) -> None:
    sweep = make_sweep()
    trial = next_trial(sweep)
    jobs.claim(job_id=str(trial.run.job_id), worker="w")
    client, address = client_for(owner), reverse("training:sweep", args=[sweep.pk])
    part = client.get(address, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert f'data-job="{trial.run.job_id}"' in part
    client.post(reverse("training:sweep_stop", args=[sweep.pk]))
    assert "A member stopped the sweep." in client.get(address).content.decode()
    assert Job.objects.get(pk=trial.run.job_id).state == "stopping"


def test_a_viewer_sees_it_without_buttons_and_an_outsider_nothing(
    ended, viewer, outsider, client_for
) -> None:
    address = reverse("training:sweep", args=[ended.pk])
    html = html_of(client_for(viewer).get(address))
    assert "Trial 2" in html
    assert "Keep only the best model" not in html
    assert "Train with the best settings" not in html
    assert client_for(viewer).post(reverse("training:sweep_stop", args=[ended.pk])).status_code == 403
    assert client_for(viewer).get(reverse("training:sweep_new", args=[ended.preflight_id])).status_code == 403
    for name in ("sweep", "sweep_train"):
        assert client_for(outsider).get(reverse(f"training:{name}", args=[ended.pk])).status_code == 404


def test_the_list_of_runs_has_the_sweeps(ended, owner, outsider, client_for) -> None:
    html = html_of(client_for(owner).get(reverse("training:list")))
    assert reverse("training:sweep", args=[ended.pk]) in html
    assert "6 of 6" in html
    assert ended.name not in html_of(client_for(outsider).get(reverse("training:list")))


def test_the_run_of_a_trial_names_its_sweep(ended, owner, client_for) -> None:
    trial = ended.trials.get(number=6)
    html = html_of(client_for(owner).get(reverse("training:detail", args=[trial.run_id])))
    assert reverse("training:sweep", args=[ended.pk]) in html
    assert "worse than the median of the earlier trials" in html


def test_more_trials_cost_no_more_queries(ended, owner, client_for, django_assert_max_num_queries) -> None:
    client, address = client_for(owner), reverse("training:sweep", args=[ended.pk])
    client.get(address)
    with django_assert_max_num_queries(9):
        client.get(address)


def test_trials_are_not_announced_one_by_one(ended, owner, client_for) -> None:
    notices = client_for(owner).get(reverse("jobs:notices")).json()["notices"]
    assert [one for one in notices if "trial" in one["text"]] == []
