"""The list of runs: how it is searched, filtered and sorted, and the figures of each row."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from django.db.models import DurationField, ExpressionWrapper, F, FloatField, Value
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, NullIf
from django.utils.translation import gettext_lazy as _l

from apps.accounts.models import User
from apps.core.listing import BY_NAME, NEWEST, OLDEST, Filter, Listing, Sort
from apps.datasets.filters import by_task
from apps.jobs.filters import by_state
from apps.jobs.states import State
from apps.training.loss_curves import loss_curves
from apps.training.models import Run
from apps.workspaces.models import Workspace

MOST_OWNERS = 100
"""The filter offers no more members. The search finds the runs of the others."""
_WIDTH, _HEIGHT, _MARGIN = 100, 28, 2


def _figure(name: str) -> Cast:
    """A number of the result, for sorting. SQLite gives JSON's null as the text "null", which would count as 0."""
    return Cast(NullIf(KT(f"result__{name}"), Value("null")), FloatField())


_SECONDS = ExpressionWrapper(F("job__ended_at") - F("job__started_at"), DurationField())
_RUNS = Listing(
    searches=("name", "dataset_version__dataset__name", "preflight__base_label", "created_by__name"),
    sorts=(
        NEWEST,
        OLDEST,
        BY_NAME,
        Sort(
            "accuracy",
            _l("Highest validation accuracy"),
            (_figure("validation_accuracy").desc(nulls_last=True), "pk"),
        ),
        Sort("loss", _l("Lowest validation loss"), (_figure("validation_loss").asc(nulls_last=True), "pk")),
        Sort("longest", _l("Longest first"), (_SECONDS.desc(nulls_last=True), "pk")),
        Sort("shortest", _l("Shortest first"), (_SECONDS.asc(nulls_last=True), "pk")),
    ),
    filters=(by_state(), by_task()),
)


def run_listing(workspace: Workspace) -> Listing:
    """The list of the runs of a workspace. It can be filtered by owner where runs have several."""
    started = Run.objects.in_workspace(workspace).values("created_by")
    owners = [(str(one.pk), one.short_name) for one in User.objects.filter(pk__in=started)[:MOST_OWNERS]]
    if len(owners) < 2:
        return _RUNS
    by_owner = Filter(
        "owner",
        _l("Started by"),
        sorted(owners, key=lambda owner: owner[1].casefold()),
        lambda rows, value: rows.filter(created_by=value),
    )
    return replace(_RUNS, filters=(*_RUNS.filters, by_owner))


@dataclass(frozen=True)
class ListedRun:
    """A row of the list; `curve` is its training loss."""

    run: Run
    curve: list[float]

    @property
    def latest(self) -> float | None:
        """The newest value of the curve."""
        return self.curve[-1] if self.curve else None

    @property
    def points(self) -> str:
        """The curve as the points of an SVG polyline; empty where there are fewer than two."""
        if len(self.curve) < 2:
            return ""
        low, high = min(self.curve), max(self.curve)
        across = _WIDTH / (len(self.curve) - 1)
        down = (_HEIGHT - 2 * _MARGIN) / ((high - low) or 1)
        return " ".join(
            f"{index * across:.1f},{_MARGIN + (high - value) * down:.1f}"
            for index, value in enumerate(self.curve)
        )


def listed_runs(runs: Iterable[Run]) -> list[ListedRun]:
    """Return the rows of one page. The curves that are not stored yet are read in one query."""
    shown = list(runs)
    unstored = [run.job_id for run in shown if run.loss_curve is None and run.job.state != State.QUEUED]
    read = loss_curves(unstored) if unstored else {}
    return [ListedRun(run, run.loss_curve or read.get(run.job_id, [])) for run in shown]
