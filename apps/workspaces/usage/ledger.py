"""The usage ledger and the limits on it. Other apps say here what was taken, promised and given back.

Every limit is checked under a row lock, held until the caller's transaction ends, so that of many requests at the
same moment exactly as many pass as there is room for: storage, training and tokens under the lock of their
UsageTotal, runs and members under the lock of the workspace. Amounts are whole bytes, seconds and tokens.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import models, transaction
from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.core.errors import UserError
from apps.core.site_days import beginning_of, site_today
from apps.workspaces import audit
from apps.workspaces.models import (
    Invitation,
    Membership,
    Quota,
    Reservation,
    UsageEntry,
    UsageKind,
    UsageTotal,
    Workspace,
)

UNITS = {UsageKind.STORAGE: "bytes", UsageKind.ACCELERATOR: "seconds", UsageKind.TOKENS: "tokens"}
FOREVER = date(2000, 1, 1)
GB = 10**9
HOUR = 3600
_BYTES_PER_TOKEN = 3

_gauges: dict[str, Callable[[Workspace], int]] = {}

Source = models.Model | tuple[str, str]
"""What took it: a row, or its kind and id."""


class OverQuota(UserError):
    """There is no room for what was asked."""

    def __init__(self, kind: str, *, field: str | None = None) -> None:
        tomorrow = _seconds_until_tomorrow() if kind == UsageKind.TOKENS else None
        super().__init__(_refusal(kind), field=field, code="quota_exceeded", retry_after=tomorrow)
        self.kind = kind


def _seconds_until_tomorrow() -> int:
    midnight = beginning_of(site_today() + timedelta(days=1))
    return max(1, int((midnight - timezone.now()).total_seconds()))


def _refusal(kind: str) -> str:
    words = {
        UsageKind.STORAGE: _(
            "The storage of this workspace is full. Delete datasets or models that are no longer needed, or ask an administrator for more."
        ),
        UsageKind.RUNS: _(
            "This workspace has reached its limit of waiting and running runs. Wait until a run ends, or stop one."
        ),
        UsageKind.ACCELERATOR: _(
            "This would take more training hours than this workspace has left this month. Choose a shorter run, wait for next month, or ask an administrator for more."
        ),
        UsageKind.TOKENS: _(
            "This workspace has used up its quota for today. Try again tomorrow, or ask its owner to raise the quota."
        ),
        UsageKind.MEMBERS: _(
            "This workspace has reached its limit of members and open invitations. Remove one, or ask an administrator for more."
        ),
    }
    return words[UsageKind(kind)]


def register_gauge(kind: str, count: Callable[[Workspace], int]) -> None:
    """An app above says how many of `kind` there are now, for limits on what is counted rather than summed."""
    _gauges[kind] = count


def limits_of(workspace: Workspace) -> dict[str, int | None]:
    """The limit of each kind, in its unit; None where there is none."""
    return _limits(Quota.objects.filter(workspace=workspace).first())


def _limits(quota: Quota | None) -> dict[str, int | None]:
    if quota is not None and quota.is_unlimited:
        return dict.fromkeys(UsageKind.values)

    def limit(name: str, factor: int = 1) -> int | None:
        own = getattr(quota, name, None)
        value = settings.QUOTAS[name] if own is None else own
        return None if value is None else round(value * factor)

    return {
        UsageKind.STORAGE: limit("storage_gb", GB),
        UsageKind.RUNS: limit("runs"),
        UsageKind.ACCELERATOR: limit("accelerator_hours", HOUR),
        UsageKind.TOKENS: limit("tokens_per_day"),
        UsageKind.MEMBERS: limit("members"),
    }


def period_of(kind: str, today: date | None = None) -> date:
    """The day, the first of the month, or the one period that never ends; days begin by the site's TIME_ZONE."""
    today = today or site_today()
    return {UsageKind.TOKENS: today, UsageKind.ACCELERATOR: today.replace(day=1)}.get(
        UsageKind(kind), FOREVER
    )


def count_now(workspace: Workspace, kind: str) -> int:
    """Members and open invitations, or what the gauge of an app above says."""
    if kind == UsageKind.MEMBERS:
        return members_of(workspace) + Invitation.objects.open().filter(workspace=workspace).count()
    return _gauges[kind](workspace)


def members_of(workspace: Workspace) -> int:
    return Membership.objects.filter(workspace=workspace).count()


def lock_workspace(workspace_id: UUID) -> Workspace:
    """Lock the workspace: transactions that change members, or count against a limit, take turns."""
    return Workspace.objects.select_for_update(no_key=True).get(pk=workspace_id)


def require_one_more(workspace: Workspace, kind: str, *, field: str | None = None) -> None:
    """Call inside the transaction that makes the one. Raises OverQuota."""
    limit = limits_of(lock_workspace(workspace.pk))[kind]
    if limit is not None and count_now(workspace, kind) >= limit:
        raise OverQuota(kind, field=field)


def room_for_bytes(workspace: Workspace) -> int | None:
    """Bytes that may still be stored, for refusing early; None where there is no limit."""
    limit = limits_of(workspace)[UsageKind.STORAGE]
    if limit is None:
        return None
    total = UsageTotal.objects.filter(workspace=workspace, kind=UsageKind.STORAGE).first()
    return max(0, limit - (total.used if total else 0))


def require_storage(workspace: Workspace, *, field: str | None = None) -> None:
    """Before work that will store something of unknown size. Raises OverQuota once the storage is full."""
    if room_for_bytes(workspace) == 0:
        raise OverQuota(UsageKind.STORAGE, field=field)


@transaction.atomic
def set_stored(
    *, workspace: Workspace, source: Source, amount: int, is_limited: bool = False, field: str | None = None
) -> None:
    """Say how many bytes `source` takes from now on; 0 once it is deleted. The ledger gets the difference.

    `is_limited` refuses what does not fit (OverQuota); without it, what a worker has already made is only counted.
    """
    total = _locked_total(workspace, UsageKind.STORAGE)
    kind, name = _named(source)
    lines = UsageEntry.objects.filter(kind=UsageKind.STORAGE, object_id=name, object_type=kind)
    change = amount - (lines.aggregate(sum=Sum("amount"))["sum"] or 0)
    if is_limited:
        _require_room(total, change, field)
    _add_line(total, change, (kind, name))


@transaction.atomic
def forget_stored(workspace: Workspace) -> None:
    """Everything that the workspace stored is deleted with it."""
    total = _locked_total(workspace, UsageKind.STORAGE)
    _add_line(total, -total.used, _named(workspace))
    promising = UsageTotal.objects.filter(workspace=workspace).exclude(reserved=0).order_by("period")
    for total in promising.select_for_update():
        Reservation.objects.filter(total=total).delete()
        UsageTotal.objects.filter(pk=total.pk).update(reserved=0)


@transaction.atomic
def reserve(*, workspace: Workspace, kind: str, amount: int, key: str, source: Source) -> None:
    """Promise room to something that begins now; the same `key` again is the same promise. Raises OverQuota."""
    total = _locked_total(workspace, kind)
    if Reservation.objects.filter(key=key).exists():
        return
    _require_room(total, amount)
    object_type, object_id = _named(source)
    Reservation.objects.create(
        total=total, key=key, amount=amount, object_type=object_type, object_id=object_id
    )
    UsageTotal.objects.filter(pk=total.pk).update(reserved=models.F("reserved") + amount)


@transaction.atomic
def stretch(*, key: str, needed: int, ahead: int = 0, since: datetime | None = None) -> bool:
    """Let a promise grow to what its work has taken by now; False where the limit leaves no room for that.

    `ahead` is added as far as there is room, so that not every call writes. Of hours, `since` says when the work began:
    when the month has ended meanwhile, what was taken is counted in that month, and the rest promised in the new one.
    """
    known = Reservation.objects.select_related("total").filter(key=key).first()
    if known is None or (_is_current(known.total) and known.amount >= needed):
        return True
    if (locked := _locked_promise(key)) is None:
        return True
    promised, total = locked
    needed = _not_counted_yet(promised, needed, since)
    if not _is_current(total):
        _carry_over(promised, total, needed)
        return True
    if promised.amount >= needed:
        return True
    more = _as_far_as_there_is_room(total, needed + ahead - promised.amount)
    Reservation.objects.filter(pk=promised.pk).update(amount=promised.amount + more)
    UsageTotal.objects.filter(pk=total.pk).update(reserved=models.F("reserved") + more)
    return promised.amount + more >= needed


def room_of_promise(*, key: str, taken: int, since: datetime | None = None) -> int | None:
    """How much more the work behind a promise can take in this period; None where nothing limits it. `since` is as for `stretch`.

    Work of others that outgrows its promise takes from the same room, so this is the most.
    """
    promised = Reservation.objects.select_related("total__workspace__quota").filter(key=key).first()
    if promised is None:
        return None
    total = promised.total
    limit = _limits(getattr(total.workspace, "quota", None))[total.kind]
    if limit is None or not _is_current(total):
        return None
    free = max(0, limit - total.used - total.reserved)
    return max(0, promised.amount + free - _not_counted_yet(promised, taken, since))


def period_ends(kind: str) -> datetime | None:
    """When what was taken of this kind stops counting; None for what never does."""
    period, days = period_of(kind), {UsageKind.TOKENS: 1, UsageKind.ACCELERATOR: 32}.get(UsageKind(kind))
    if days is None:
        return None
    after = period_of(kind, period + timedelta(days=days))
    return beginning_of(after)


def _locked_promise(key: str) -> tuple[Reservation, UsageTotal] | None:
    """The promise and the total that it is in, whose row is locked; None where it was settled before.

    Of this row alone: who starts a run holds the workspace, and waits for the total.
    """
    totals = UsageTotal.objects.select_for_update(of=("self",)).filter(reservations__key=key)
    while total := totals.first():
        current = Reservation.objects.filter(key=key).first()
        # Another one may have carried it over while we waited; it is never carried back.
        if current is None:
            return None
        if current.total_id == total.pk:
            return current, total
    return None


def _is_current(total: UsageTotal) -> bool:
    return total.period == period_of(total.kind)


def _not_counted_yet(promised: Reservation, seconds: int, since: datetime | None) -> int:
    """Of so many seconds of work, those after its promise was carried into another month."""
    if promised.carried_at is None or since is None:
        return seconds
    return seconds - min(seconds, max(0, round((promised.carried_at - since).total_seconds())))


def _carry_over(promised: Reservation, total: UsageTotal, taken: int) -> None:
    """Count in the old period, promise the rest in the new one. The old total is locked, and of two it always is first."""
    _add_line(total, taken, (promised.object_type, promised.object_id), freed=promised.amount)
    now = _locked_total(total.workspace, total.kind)
    rest = _as_far_as_there_is_room(now, max(0, promised.amount - taken))
    Reservation.objects.filter(pk=promised.pk).update(total=now, amount=rest, carried_at=timezone.now())
    UsageTotal.objects.filter(pk=now.pk).update(reserved=models.F("reserved") + rest)


def _as_far_as_there_is_room(total: UsageTotal, amount: int) -> int:
    """The total's row is locked."""
    limit = limits_of(total.workspace)[total.kind]
    return amount if limit is None else max(0, min(amount, limit - total.used - total.reserved))


@transaction.atomic
def spend(*, key: str, amount: int, is_last: bool = True, since: datetime | None = None) -> None:
    """Count what was really taken against its promise; with `is_last` the rest of the promise is given back.

    `since` is as for `stretch`. Nothing happens where the promise was settled before: of two writers the first one counts.
    """
    if (locked := _locked_promise(key)) is None:
        return
    promised, total = locked
    amount = _not_counted_yet(promised, amount, since)
    freed = promised.amount if is_last else min(amount, promised.amount)
    if is_last:
        promised.delete()
    else:
        Reservation.objects.filter(pk=promised.pk).update(amount=promised.amount - freed)
    _add_line(total, amount, (promised.object_type, promised.object_id), freed=freed)


def guess_tokens(text: str) -> int:
    """About how many tokens a text has, for promises; what a model really read is counted afterwards."""
    return -(-len(text.encode()) // _BYTES_PER_TOKEN)


def promised(keys: list[str]) -> int:
    """How much is promised under these keys together."""
    return Reservation.objects.filter(key__in=keys).aggregate(sum=Sum("amount"))["sum"] or 0


def forget_promises(*, before: datetime) -> int:
    """Give back promises of answers whose process was killed; return how many."""
    stale = Reservation.objects.filter(created_at__lt=before, total__kind=UsageKind.TOKENS)
    keys = list(stale.values_list("key", flat=True))
    for key in keys:
        spend(key=key, amount=0)
    return len(keys)


@transaction.atomic
def set_quota(*, actor: User, quota: Quota) -> None:
    """Keep the limits of a workspace; administrators only, from Django's admin."""
    quota.save()
    fields = ("is_unlimited", "storage_gb", "runs", "accelerator_hours", "tokens_per_day", "members")
    audit.record(actor, "quota.set", quota, **{name: getattr(quota, name) for name in fields})


def _locked_total(workspace: Workspace, kind: str) -> UsageTotal:
    """Its row, locked, with the workspace and its quota as they are now."""
    which: dict[str, Any] = {"workspace": workspace, "kind": kind, "period": period_of(kind)}
    totals = UsageTotal.objects.select_for_update(of=("self",)).select_related("workspace__quota")
    total = totals.filter(**which).first()
    if total is None:
        UsageTotal.objects.get_or_create(**which)
        total = totals.get(**which)
    return total


def _require_room(total: UsageTotal, amount: int, field: str | None = None) -> None:
    limit = _limits(getattr(total.workspace, "quota", None))[total.kind]
    if limit is not None and amount > 0 and total.used + total.reserved + amount > limit:
        raise OverQuota(total.kind, field=field)


def _add_line(total: UsageTotal, amount: int, source: tuple[str, str], *, freed: int = 0) -> None:
    """`freed` was promised for it. The total's row is locked."""
    if amount:
        UsageEntry.objects.create(
            workspace_id=total.workspace_id,
            kind=total.kind,
            amount=amount,
            unit=UNITS[UsageKind(total.kind)],
            object_type=source[0],
            object_id=source[1],
        )
    if amount or freed:
        used, reserved = models.F("used") + amount, models.F("reserved") - freed
        UsageTotal.objects.filter(pk=total.pk).update(used=used, reserved=reserved)


def _named(source: Source) -> tuple[str, str]:
    if isinstance(source, models.Model):
        return source._meta.model_name or "", str(source.pk)
    return source
