"""What happens to a sweep between the start and the end: trials begin, are pruned, and the budget runs out.

A worker calls `advance` when a trial has ended, and upkeep does so by the clock. All that it knows is in the rows, so that a
lost message, a killed worker or a restart changes nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from apps.accounts.mail_language import language_of
from apps.accounts.models import User
from apps.catalog import services as catalog
from apps.core.errors import NotVisible, UserError
from apps.core.models import fitting
from apps.datasets.models import DatasetVersion
from apps.datasets.services import keeping as datasets
from apps.jobs import notifications, stopping
from apps.jobs.states import State, StopReason
from apps.training.models import MOST_TRIALS, Run, Sweep, SweepEnding, Trial
from apps.training.services import create_run, require_startable
from apps.training.sweeps.messages import message_about
from apps.training.sweeps.search import PastTrial
from apps.training.sweeps.space import stored_space
from apps.training.sweeps.trials import (
    past_trials,
    rounds_of,
    search_of,
    trained_seconds,
    trial_plan,
    trials_of,
)
from apps.workspaces import access, audit, usage
from apps.workspaces.access import Action
from apps.workspaces.models import UsageKind
from apps.workspaces.usage import OverQuota
from studio.celery import app as celery_app
from workers.contracts.job_kinds.preflight import PreflightResult
from workers.contracts.texts import Text

logger = logging.getLogger(__name__)

TASK, QUEUE = "training.advance_sweep", "upkeep"
MOST_FAILURES = 3
"""So many failed trials in a row end a sweep: then it is not the settings that are wrong."""


def wake_worker(sweep_id: UUID) -> None:
    """Have a worker look at the sweep now. Where the message is lost, upkeep looks soon."""
    try:
        celery_app.send_task(TASK, args=[str(sweep_id)], queue=QUEUE, retry=False, ignore_result=True)
    except Exception:
        logger.warning(
            "The workers could not be told of sweep %s: it waits for them", sweep_id, exc_info=True
        )


def advance_all() -> int:
    """Look at every sweep that has not ended; return how many there are."""
    active = list(Sweep.objects.filter(ended_at=None).values_list("pk", flat=True))
    for pk in active:
        try:
            advance(pk)
        except Exception:
            # The others go on.
            logger.exception("Sweep %s could not be advanced", pk)
    return len(active)


def advance(sweep_id: UUID | str) -> None:
    """Do what is due: prune, stop at the end of the budget, start the next trial, or end the sweep."""
    sweep = (
        Sweep.objects.select_related("preflight__workspace", "workspace", "created_by")
        .filter(pk=sweep_id)
        .first()
    )
    if sweep is None:
        return
    trials = trials_of(sweep)
    if not sweep.is_active:
        # Its last trial may have ended after it.
        _store_importances(sweep, past_trials(sweep, trials))
        return
    under_way = [trial for trial in trials if trial.run.job.is_active]
    if under_way:
        _watch(sweep, trials, [one for one in under_way if one.run.job.stop_requested_at is None])
        return
    past = past_trials(sweep, trials)
    ending = _ending_of(sweep, trials)
    if ending is None:
        _start_trial(sweep, _next_values(sweep, past), after=len(trials))
    else:
        _finish(sweep, ending)
    _store_importances(sweep, past)


def _finish(sweep: Sweep, ending: SweepEnding, detail: Text | str = "") -> None:
    with transaction.atomic():
        current = Sweep.objects.select_for_update().filter(pk=sweep.pk, ended_at=None).first()
        if current is not None:
            end_sweep(current, ending, detail=detail)


def end_sweep(
    sweep: Sweep, ending: SweepEnding, *, actor: User | None = None, detail: Text | str = ""
) -> None:
    """End a locked sweep: no more trials are started."""
    sweep.ended_at, sweep.ending, sweep.ending_detail = timezone.now(), ending, Text.parse(detail)
    sweep.save(update_fields=["ended_at", "ending", "ending_detail"])
    audit.record(actor, "sweep.ended", sweep, ending=str(ending.value))
    # A member who stops it knows that it ended.
    if sweep.created_by is not None and ending is not SweepEnding.STOPPED:
        notifications.send(sweep.created_by, sweep.workspace, lambda: message_about(sweep))


def _ending_of(sweep: Sweep, trials: Sequence[Trial]) -> SweepEnding | None:
    """Why no further trial is to begin; None where one is."""
    last = [trial.run.job for trial in trials[-MOST_FAILURES:]]
    if last and last[-1].stopped_for == StopReason.HOURS:
        return SweepEnding.HOURS
    if sweep.max_minutes and trained_seconds(trials) >= sweep.max_minutes * 60:
        return SweepEnding.MINUTES
    if len(trials) >= (sweep.most_trials or MOST_TRIALS):
        return SweepEnding.TRIALS
    if len(last) == MOST_FAILURES and all(job.has_failed for job in last):
        return SweepEnding.FAILURES
    return None


def _watch(sweep: Sweep, trials: Sequence[Trial], under_way: Sequence[Trial]) -> None:
    """Stop trials beyond the budget, and those that are worse than others were at the same point."""
    if sweep.max_minutes and trained_seconds(trials) >= sweep.max_minutes * 60:
        for trial in under_way:
            stopping.stop_for(trial.run.job, StopReason.BUDGET)
        return
    training = [trial for trial in under_way if trial.run.job.state == State.RUNNING]
    if not (sweep.prunes and training):
        return
    rounds = rounds_of([trial.run.job_id for trial in training], sweep.metric)
    if not rounds:
        return
    search, past = search_of(sweep), past_trials(sweep, trials)
    for trial in training:
        seen = PastTrial(trial.values, "running", None, rounds.get(trial.run.job_id, []))
        if search.is_hopeless(seen, past):
            stopping.stop_for(trial.run.job, StopReason.PRUNED)


def _next_values(sweep: Sweep, past: Sequence[PastTrial]) -> dict[str, Any]:
    """The plan's own values first, where they are among those that the sweep allows: so its best is no worse than them."""
    space = stored_space(sweep.space)
    usual = PreflightResult.model_validate(sweep.preflight.result).recipe.model_dump(mode="json")
    if not past and all(usual[name] in domain for name, domain in space.items()):
        return {name: usual[name] for name in space}
    return search_of(sweep).propose(past)


def _start_trial(sweep: Sweep, values: dict[str, Any], *, after: int) -> None:
    """Start the trial that follows `after` others, unless another worker did so or the sweep has ended meanwhile."""
    try:
        with transaction.atomic():
            # The data first, in the order of a deletion.
            version = datasets.hold_version(sweep.preflight.dataset_version)
            current = Sweep.objects.select_for_update().filter(pk=sweep.pk, ended_at=None).first()
            if current is None or current.trials.count() != after:
                return
            _create_trial(sweep, version, values, number=after + 1)
    except OverQuota as error:
        if error.kind != UsageKind.RUNS:
            _finish(sweep, SweepEnding.REFUSED, Text.marked(str(error.message)))
        # Other runs are in the way, and will end: the next look tries again.
    except UserError as error:
        _finish(sweep, SweepEnding.REFUSED, Text.marked(str(error.message)))
    except (PermissionDenied, NotVisible):
        _finish(sweep, SweepEnding.REFUSED, Text("training.sweep_without_member"))


def _create_trial(sweep: Sweep, version: DatasetVersion, values: dict[str, Any], *, number: int) -> None:
    preflight, user = sweep.preflight, sweep.created_by
    if user is None:
        raise PermissionDenied
    access.require(user, sweep.workspace, Action.EDIT)
    if preflight.base_version is not None:
        preflight.base_version = catalog.hold_version(preflight.base_version)
    base_version = require_startable(preflight)
    usage.require_one_more(sweep.workspace, UsageKind.RUNS)
    usage.require_storage(sweep.workspace)
    plan = trial_plan(PreflightResult.model_validate(preflight.result), values)
    refused: OverQuota | None = None
    with override(language_of(user.email)):
        name = fitting(Run, "name", _("%(sweep)s, trial %(n)d") % {"sweep": sweep.name[:120], "n": number})
        try:
            run = create_run(user, preflight, version, base_version, plan, name=name, announced=False)
        except OverQuota as error:
            refused = error
    if refused is not None:
        # Stored in English, from which every reader's language follows.
        raise OverQuota(refused.kind)
    Trial.objects.create(sweep=sweep, run=run, number=number, values=values)
    audit.record(user, "run.started", run, data=str(version), base=preflight.base_label, sweep=sweep.name)


def _store_importances(sweep: Sweep, past: Sequence[PastTrial]) -> None:
    found = search_of(sweep).importances(past)
    if found != sweep.importances:
        Sweep.objects.filter(pk=sweep.pk).update(importances=found)
