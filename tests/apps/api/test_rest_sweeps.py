"""Sweeps through the REST API: started, read with their trials, stopped, and refused at the field."""

import pytest

from apps.training.models import Sweep
from apps.training.sweeps.advancing import advance
from tests.apps.api.conftest import error_of
from tests.apps.training.sweeping import end_trial, make_sweep, next_trial, plan

__all__ = ["end_trial", "make_sweep", "plan"]
pytestmark = pytest.mark.django_db

SPACE = {"learning_rate": {"low": 0.0001, "high": 0.01}, "schedule": {"values": ["linear", "cosine"]}}


def test_a_sweep_is_started_read_and_stopped(caller, plan, end_trial) -> None:
    asked = {
        "preflight": str(plan.pk),
        "space": SPACE,
        "trials": 5,
        "metric": "validation_loss",
        "name": "Mine",
    }
    response = caller.post("sweeps/", asked)
    assert response.status_code == 201
    made = response.json()
    assert made["space"] == {**SPACE, "schedule": {"values": ["cosine", "linear"]}}
    assert (made["most_trials"], made["prunes"], made["ending"], made["trials"]) == (5, True, "", [])
    sweep = Sweep.objects.get()
    for loss in (0.4, 0.3, None):
        end_trial(next_trial(sweep), loss)
    advance(sweep.pk)
    read = caller.get(f"sweeps/{sweep.pk}/").json()
    assert [(t["number"], t["value"], t["state"]) for t in read["trials"]] == [
        (1, 0.4, "succeeded"),
        (2, 0.3, "succeeded"),
        (3, None, "failed"),
        (4, None, "queued"),
    ]
    assert read["best"] == 2
    run = caller.get(f"runs/{read['trials'][1]['run']}/").json()
    assert run["recipe"]["learning_rate"] == read["trials"][1]["values"]["learning_rate"]
    stopped = caller.post(f"sweeps/{sweep.pk}/stop/").json()
    assert stopped["ending"] == "stopped"
    assert stopped["ending_text"] == "A member stopped the sweep."
    assert stopped["trials"][3]["state"] == "cancelled"
    listed = caller.get("sweeps/").json()
    assert listed["count"] == 1
    assert "trials" not in listed["results"][0]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"space": {}}, "space"),
        ({"space": "learning_rate"}, "space"),
        ({"space": {"learning_rate": 3}}, "space.learning_rate"),
        ({"space": {"learning_rate": {"low": 1}}}, "space.learning_rate"),
        ({"space": {"seed": {"low": 1, "high": 2}}}, "space"),
        ({"trials": None}, "trials"),
        ({"trials": 10**12}, "trials"),
        ({"minutes": -3}, "minutes"),
        ({"metric": "train_loss"}, "metric"),
        ({"preflight": "00000000-0000-0000-0000-000000000000"}, "preflight"),
    ],
)
def test_a_wrong_sweep_is_refused_at_its_field(caller, plan, changed, field) -> None:
    response = caller.post("sweeps/", {"preflight": str(plan.pk), "space": SPACE, "trials": 4} | changed)
    assert response.status_code == 400
    assert error_of(response)[1] == field
    assert not Sweep.objects.exists()
