"""The charts of a run and of several runs in a browser."""

from __future__ import annotations

import math
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Page, expect

from apps.jobs.models import Job, JobEvent
from apps.training.models import Run
from apps.training.querysets import MOST_POINTS
from tests.access.world import World, build_world
from tests.fixtures.axe import bring_axe
from tests.fixtures.publishing import LiveSite
from tests.journeys.pages import axe, cookies_of, fits

pytestmark = pytest.mark.journey
STEPS = 100_000


@pytest.fixture
def world(site: LiveSite) -> World:
    return build_world()


@pytest.fixture
def page(world: World, site: LiveSite, browser: Browser) -> Page:
    context = browser.new_context(base_url=site.url, reduced_motion="reduce")
    context.add_cookies(cookies_of(world.clients["owner"], site))
    bring_axe(context)
    return context.new_page()


def record_figures(job: Job, steps: range) -> None:
    """Store what a run on a CPU records at these steps."""
    JobEvent.objects.filter(job=job).delete()
    JobEvent.objects.bulk_create(
        (
            JobEvent(
                job=job,
                seq=step,
                attempt=1,
                kind="metric",
                step=step,
                data={"step": step, "epoch": step / 1000, "values": figures_of(step)},
            )
            for step in steps
        ),
        batch_size=5000,
    )


def figures_of(step: int) -> dict[str, float]:
    smooth = 0.4 + 2 * math.exp(-step / 20_000)
    figures = {
        "train_loss": smooth + 0.3 * math.sin(step * 1.7),
        "smoothed_train_loss": smooth,
        "learning_rate": 3e-4 * (1 - step / STEPS),
        "gradient_norm": 1 + 0.2 * math.sin(step),
        "tokens_per_second": 5200 + 300 * math.sin(step / 900),
        "memory_bytes": 1.1e9 + 1e8 * math.sin(step / 700),
        "peak_memory_bytes": 1.2e9,
    }
    return figures | ({"validation_loss": smooth + 0.1} if step % 5000 == 0 else {})


def test_a_run_of_100000_steps_has_its_charts_without_delay(world: World, page: Page) -> None:
    record_figures(world.ours.things["run"].job, range(1, STEPS + 1))
    page.goto(f"/runs/{world.ours.things['run'].pk}/")
    figures = page.locator("[data-run-figures] figure:visible")
    expect(figures.locator("figcaption")).to_have_text(
        ["Learning rate", "Gradient norm", "Tokens per second", "Memory"]
    )
    expect(figures.nth(3)).to_contain_text("1.2 GB")
    expect(page.locator("[data-run-chart] .u-legend")).to_contain_text("training loss, smoothed")
    drawn = page.evaluate("fetch(`${location.pathname}metrics/`).then(answer => answer.json())")["points"]
    assert drawn[-1][0] == STEPS
    assert len(drawn) < 3 * MOST_POINTS
    assert not axe(page)
    page.set_viewport_size({"width": 360, "height": 800})
    assert not fits(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download CSV").click()
    lines = Path(download.value.path()).read_text(encoding="utf-8-sig").splitlines()
    assert lines[0].startswith(
        "step,epoch,time,smoothed_train_loss,train_loss,validation_loss,gradient_norm,"
    )
    assert len(lines) == STEPS + 1


def second_run(world: World) -> Run:
    """A run of the other tuned model, with a setting of its own."""
    things = world.ours.things
    run = Run.objects.get(pk=things["run"].pk)
    job = Job.objects.get(pk=run.job_id)
    job.pk, job._state.adding = uuid4(), True
    job.save()
    run.pk, run._state.adding = uuid4(), True
    run.job, run.model_version, run.number, run.name = job, things["free_model"], 902, "Quokka second run"
    run.recipe = {**run.recipe, "seed": 7}
    run.save()
    return run


def test_runs_are_compared_side_by_side(world: World, page: Page) -> None:
    record_figures(world.ours.things["run"].job, range(1, 400))
    record_figures(second_run(world).job, range(100, 10_100, 100))
    page.goto("/runs/")
    expect(page.locator("svg.sparkline")).to_have_count(2)
    assert not axe(page)
    for box in page.locator('input[name="run"]').all():
        box.check()
    page.get_by_role("button", name="Compare selected").click()
    shown = page.locator("[data-metrics]:visible")
    expect(shown.locator("figcaption")).to_have_text(
        [
            "Validation loss",
            "Training loss, smoothed",
            "Learning rate",
            "Gradient norm",
            "Tokens per second",
            "Memory",
        ]
    )
    expect(shown.nth(1).locator(".u-legend")).to_contain_text("Quokka second run")
    expect(page.locator("tr.differs")).to_have_count(1)
    assert not axe(page)
    page.set_viewport_size({"width": 360, "height": 800})
    assert not fits(page)
