"""The answer behind the charts of a run is bounded, however many steps the run recorded."""

import json
from itertools import pairwise

import pytest

from apps.jobs.models import Job, JobEvent
from apps.training import querysets

pytestmark = [pytest.mark.django_db, pytest.mark.once]
FIGURES = dict.fromkeys(
    ("train_loss", "smoothed_train_loss", "learning_rate", "gradient_norm", "gpu_utilization"), 0.12345678
) | dict.fromkeys(("tokens_per_second", "memory_bytes", "peak_memory_bytes", "gpu_temperature"), 12345678.5)


def record(job: Job, steps: int, *, validated_every: int, attempts: int) -> None:
    """Store a figure of every step, in attempts of equal length that each went on where the one before ended."""
    JobEvent.objects.bulk_create(
        (
            JobEvent(
                job=job,
                seq=step,
                attempt=1 + (step - 1) * attempts // steps,
                kind="metric",
                step=step,
                data={
                    "step": step,
                    "epoch": step / 1000,
                    "values": FIGURES
                    | ({"validation_loss": 1.5} if validated_every and step % validated_every == 0 else {}),
                },
            )
            for step in range(1, steps + 1)
        ),
        batch_size=5000,
    )


def check_answer(job: Job, steps: int, *, validated_every: int, attempts: int) -> None:
    points = querysets.metric_points(job)["points"]
    shown = [point[0] for point in points]
    assert len(shown) <= 2 * querysets.MOST_POINTS + attempts + 1
    assert shown == sorted(set(shown))
    assert (shown[0], shown[-1]) == (1, steps)
    widest = max(after - before for before, after in pairwise(shown))
    assert widest <= 2 * max(1, steps / querysets.MOST_POINTS), "the whole of it is drawn"
    validated = sum("validation_loss" in values for _step, _epoch, values in points)
    rounds = steps // validated_every if validated_every else 0
    assert min(rounds, querysets.MOST_POINTS // 2) <= validated <= rounds
    assert len(json.dumps(points)) <= 400 * len(points)


@pytest.mark.parametrize("steps", [50, 51, 1999])
@pytest.mark.parametrize("validated_every", [0, 1, 7, 100])
@pytest.mark.parametrize("attempts", [1, 4])
def test_the_answer_of_the_chart_is_bounded(make_run, monkeypatch, steps, validated_every, attempts) -> None:
    monkeypatch.setattr(querysets, "MOST_POINTS", 50)
    job = make_run(done=False).job
    record(job, steps, validated_every=validated_every, attempts=attempts)
    check_answer(job, steps, validated_every=validated_every, attempts=attempts)


def test_a_run_of_100000_points_is_answered_with_two_thousand(make_run) -> None:
    job = make_run(done=False).job
    record(job, 100_000, validated_every=10, attempts=2)
    check_answer(job, 100_000, validated_every=10, attempts=2)
