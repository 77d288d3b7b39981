"""The ledger as people read it: a meter for each kind, what counts, when it starts again, and what is nearly full."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.core.site_days import site_today
from apps.core.sizes import size_text
from apps.workspaces.models import UsageEntry, UsageKind, UsageTotal, Workspace
from apps.workspaces.usage import HOUR, count_now, limits_of, period_of

TIGHT = 0.8
_COUNTED = (UsageKind.RUNS, UsageKind.MEMBERS)


@dataclass(frozen=True)
class Meter:
    """`used` includes what is promised to runs and answers under way; `limit` is None where there is none."""

    kind: UsageKind
    used: int
    limit: int | None
    resets_on: date | None

    @property
    def share(self) -> float:
        """0 to 1 and above; 1 where nothing at all is allowed."""
        if self.limit is None:
            return 0
        return self.used / self.limit if self.limit else 1

    @property
    def percent(self) -> int:
        return min(100, int(100 * self.share))

    @property
    def is_full(self) -> bool:
        return self.limit is not None and self.used >= self.limit

    @property
    def is_tight(self) -> bool:
        return self.limit is not None and self.limit > 0 and self.share >= TIGHT

    @property
    def label(self) -> str:
        return str(self.kind.label)

    @property
    def used_text(self) -> str:
        return _amount(self.kind, self.used)

    @property
    def limit_text(self) -> str:
        return "" if self.limit is None else _amount(self.kind, self.limit)

    @property
    def left_text(self) -> str:
        """What may still be taken; empty where there is no limit."""
        return "" if self.limit is None else _amount(self.kind, max(0, self.limit - self.used))

    @property
    def counts(self) -> str:
        return {
            UsageKind.STORAGE: _(
                "Uploaded files, data versions, models, packed models, results of evaluations and comparisons, and checkpoints of runs that can be resumed. Delete them to free space."
            ),
            UsageKind.RUNS: _("Runs that are waiting for a worker or running."),
            UsageKind.ACCELERATOR: _(
                "Compute time of runs and evaluations this month, with the time reserved for those that have not ended."
            ),
            UsageKind.TOKENS: _(
                "Tokens that models read and wrote today: in apps, through app keys, and when members try a model."
            ),
            UsageKind.MEMBERS: _("Members, and invitations that are open."),
        }[self.kind]


def stored_by_workspace(count: int) -> list[tuple[str, int]]:
    """The names of the `count` workspaces that keep the most, with their bytes, the largest first."""
    totals = UsageTotal.objects.filter(kind=UsageKind.STORAGE, used__gt=0)
    return list(totals.order_by("-used").values_list("workspace__name", "used")[:count])


def ledger_lines(workspace: Workspace, count: int) -> list[dict[str, Any]]:
    """The last `count` lines, newest first: {entry, amount, source}."""
    names = {
        "import": _("Upload"),
        "datasetversion": _("Data version"),
        "modelversion": _("Model"),
        "export": _("Packed model"),
        "checkpoint": _("Checkpoint"),
        "run": _("Run"),
        "evaluation": _("Evaluation"),
        "comparison": _("Comparison"),
        "app": _("App"),
    }
    return [
        {
            "entry": entry,
            "amount": f"{'+' if entry.amount > 0 else '−'}{_amount(UsageKind(entry.kind), abs(entry.amount))}",
            "source": names.get(entry.object_type, entry.object_type),
        }
        for entry in UsageEntry.objects.filter(workspace=workspace)[:count]
    ]


def _amount(kind: UsageKind, amount: int) -> str:
    if kind == UsageKind.STORAGE:
        return size_text(amount)
    if kind == UsageKind.ACCELERATOR:
        return _("%(hours).2f h") % {"hours": amount / HOUR}
    if kind == UsageKind.TOKENS:
        return ngettext("%(n)s token", "%(n)s tokens", amount) % {"n": f"{amount:,}"}
    return f"{amount:,}"


def meters(workspace: Workspace) -> list[Meter]:
    """All kinds, in the order of UsageKind."""
    return _meters(workspace, limits_of(workspace), list(UsageKind))


def meter_of(workspace: Workspace, kind: UsageKind) -> Meter:
    return _meters(workspace, limits_of(workspace), [kind])[0]


def tight_meters(workspace: Workspace) -> list[Meter]:
    """Those of which four fifths are used. Nothing is counted where nothing is limited."""
    limits = limits_of(workspace)
    limited = [kind for kind in UsageKind if limits[kind] is not None]
    return [meter for meter in _meters(workspace, limits, limited) if meter.is_tight] if limited else []


def _meters(workspace: Workspace, limits: dict[str, int | None], kinds: list[UsageKind]) -> list[Meter]:
    periods = {kind: period_of(kind) for kind in kinds}
    totals = {
        total.kind: total.used + total.reserved
        for total in UsageTotal.objects.filter(workspace=workspace, period__in=periods.values())
        if total.period == periods.get(UsageKind(total.kind))
    }
    return [
        Meter(
            kind,
            count_now(workspace, kind) if kind in _COUNTED else totals.get(kind, 0),
            limits[kind],
            _reset(kind),
        )
        for kind in kinds
    ]


def _reset(kind: UsageKind) -> date | None:
    today = site_today()
    if kind == UsageKind.TOKENS:
        return today + timedelta(days=1)
    if kind == UsageKind.ACCELERATOR:
        return (today.replace(day=1) + timedelta(days=32)).replace(day=1)
    return None
