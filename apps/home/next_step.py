"""The one thing to do next: what the newest piece of work in a workspace is waiting for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from apps.core.verdicts import verdict_text
from apps.datasets.models import Dataset
from apps.jobs.states import State
from apps.publishing.models import App
from apps.training.models import Run


@dataclass(frozen=True)
class NextStep:
    text: str
    action: str
    url: str
    icon: str


def next_step(datasets: Sequence[Dataset], runs: Sequence[Run], apps: Sequence[App]) -> NextStep | None:
    """From the newest of each, newest first. None where nothing waits: it is under way, or in use."""
    newest: list[tuple[object, Dataset | Run | App]] = []
    if datasets:
        upload = datasets[0].open_import or datasets[0].latest
        newest.append(((upload or datasets[0]).created_at, datasets[0]))
    newest += [(things[0].created_at, things[0]) for things in (runs, apps) if things]
    if not newest:
        return None
    thing = max(newest, key=lambda pair: str(pair[0]))[1]
    if isinstance(thing, Dataset):
        return _of_dataset(thing)
    return _of_run(thing) if isinstance(thing, Run) else _of_app(thing)


def _of_dataset(dataset: Dataset) -> NextStep | None:
    name = {"name": dataset.name}
    waiting = dataset.open_import
    if waiting is not None:
        page = reverse("datasets:import", args=[waiting.pk])
        if waiting.job.state == State.SUCCEEDED:
            text = _("“%(name)s” has been read. Confirm its columns next.") % name
            return NextStep(text, _("Confirm columns"), page, "columns")
        if waiting.job.is_ended:
            return NextStep(_("“%(name)s” could not be read.") % name, _("See why"), page, "alert-circle")
        return None
    if dataset.latest is None:
        return None
    query = urlencode({"data": dataset.latest.pk})
    text = _("“%(name)s” is ready for training.") % name
    return NextStep(text, _("Train a model"), f"{reverse('training:new')}?{query}", "school")


def _of_run(run: Run) -> NextStep | None:
    name = {"name": run.name}
    page = reverse("training:detail", args=[run.pk])
    found = verdict_text(run.result)
    if found is not None and found.warns:
        text = _("“%(name)s” has finished. %(verdict)s") % {**name, "verdict": found.summary}
        return NextStep(text, _("View run"), page, "alert-triangle")
    if run.job.state == State.SUCCEEDED and run.model_version.is_ready:
        text = _("“%(name)s” has finished. Compare its model with the base model, then publish it.") % name
        return NextStep(text, _("View model"), run.model_version.get_absolute_url(), "brain")
    if run.job.is_ended and run.job.state != State.CANCELLED:
        return NextStep(_("“%(name)s” did not finish.") % name, _("See why"), page, "alert-circle")
    return None


def _of_app(app: App) -> NextStep | None:
    if app.live_version_id:
        return None
    text = _("“%(name)s” is a draft. Preview it, then publish it.") % {"name": app.name}
    return NextStep(text, _("Open app"), reverse("publishing:detail", args=[app.pk]), "send")
