"""The ledger and its limits: what is counted, what is refused, and that requests at the same moment pass in turn."""

import re
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.utils import timezone

from apps.core.errors import NotVisible, UserError
from apps.workspaces import usage
from apps.workspaces.models import (
    AuditEntry,
    Membership,
    Quota,
    Reservation,
    Role,
    UsageEntry,
    UsageKind,
    UsageTotal,
)
from apps.workspaces.team import invitations, members
from apps.workspaces.usage import OverQuota
from apps.workspaces.usage.report import meters, tight_meters
from tests.fixtures.patience import PATIENCE_SECONDS

pytestmark = pytest.mark.django_db

AT_ONCE = 8
parallel = pytest.mark.skipif(
    connection.vendor == "sqlite", reason="SQLite lets one writer in at a time anyway"
)


def limit(workspace: Any, **fields: Any) -> None:
    Quota.objects.update_or_create(workspace=workspace, defaults=fields)


def used(workspace: Any, kind: str) -> int:
    return sum(UsageEntry.objects.filter(workspace=workspace, kind=kind).values_list("amount", flat=True))


def at_once(act: Callable[[int], Any], times: int = AT_ONCE) -> int:
    """Do it in as many threads, let go at the same moment; return how many were not refused."""
    gate = threading.Barrier(times)

    def one(n: int) -> bool:
        try:
            gate.wait(timeout=PATIENCE_SECONDS)
            act(n)
        except UserError:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(times) as pool:
        return sum(pool.map(one, range(times)))


def test_storage_goes_up_and_down_with_what_is_stored(workspace) -> None:
    thing = ("thing", "1")
    for amount in (100, 40, 40, 0):
        usage.set_stored(workspace=workspace, source=thing, amount=amount)
        assert used(workspace, UsageKind.STORAGE) == amount
        assert UsageTotal.objects.get(kind=UsageKind.STORAGE).used == amount
    assert list(UsageEntry.objects.order_by("pk").values_list("amount", flat=True)) == [100, -60, -40]


def test_what_does_not_fit_is_refused_and_leaves_nothing(workspace) -> None:
    limit(workspace, storage_gb=1e-7)
    usage.set_stored(workspace=workspace, source=("thing", "1"), amount=60, is_limited=True)
    with pytest.raises(OverQuota) as refused:
        usage.set_stored(workspace=workspace, source=("thing", "2"), amount=41, is_limited=True)
    assert (refused.value.code, used(workspace, UsageKind.STORAGE)) == ("quota_exceeded", 60)
    usage.set_stored(workspace=workspace, source=("thing", "2"), amount=40, is_limited=True)
    assert usage.room_for_bytes(workspace) == 0
    with pytest.raises(OverQuota):
        usage.require_storage(workspace)
    # What a worker has made already is counted, not thrown away.
    usage.set_stored(workspace=workspace, source=("thing", "3"), amount=500)
    assert used(workspace, UsageKind.STORAGE) == 600


def test_a_promise_is_settled_once_with_what_was_taken(workspace) -> None:
    ask = {"workspace": workspace, "kind": UsageKind.TOKENS, "source": ("app", "1")}
    usage.reserve(**ask, amount=100, key="a")
    usage.reserve(**ask, amount=100, key="a")
    total = UsageTotal.objects.get(kind=UsageKind.TOKENS)
    assert (total.used, total.reserved) == (0, 100)
    usage.spend(key="a", amount=30)
    usage.spend(key="a", amount=30)
    total.refresh_from_db()
    assert (total.used, total.reserved) == (30, 0)


def test_a_promise_grows_as_far_as_there_is_room(workspace) -> None:
    limit(workspace, accelerator_hours=100 / 3600)
    ask = {"workspace": workspace, "kind": UsageKind.ACCELERATOR, "source": ("run", "1")}
    usage.reserve(**ask, amount=20, key="mine")
    usage.reserve(**ask, amount=30, key="another's")
    reserved = UsageTotal.objects.values_list("reserved", flat=True)
    for needed, goes_on, then in ((20, True, 50), (21, True, 91), (61, True, 91), (62, True, 100)):
        assert usage.stretch(key="mine", needed=needed, ahead=40) is goes_on
        assert reserved.get() == then, needed
    assert usage.stretch(key="mine", needed=71, ahead=40) is False
    assert reserved.get() == 100
    limit(workspace, accelerator_hours=10 / 3600)
    assert usage.stretch(key="mine", needed=70), "what was promised is kept, whatever the limit is now"
    limit(workspace, is_unlimited=True)
    assert usage.stretch(key="mine", needed=5000)
    assert usage.stretch(key="settled before", needed=9)
    usage.spend(key="mine", amount=5000)
    assert UsageTotal.objects.values_list("used", "reserved").get() == (5000, 30)


@pytest.mark.django_db(transaction=True)
@parallel
def test_of_many_promises_that_grow_at_once_as_many_as_fit_do(workspace) -> None:
    limit(workspace, accelerator_hours=(AT_ONCE * 10 + 35) / 3600)
    for n in range(AT_ONCE):
        usage.reserve(
            workspace=workspace, kind=UsageKind.ACCELERATOR, amount=10, key=str(n), source=("run", str(n))
        )

    def grow(n: int) -> None:
        if not usage.stretch(key=str(n), needed=20):
            raise UserError("no room")

    assert at_once(grow) == 3
    assert UsageTotal.objects.get().reserved == AT_ONCE * 10 + 35


@pytest.mark.django_db(transaction=True)
@parallel
def test_who_settles_waits_for_nobody_who_holds_the_workspace(workspace) -> None:
    """Somebody who starts a run holds the workspace and then wants the total: the other way round would be a deadlock."""
    usage.reserve(workspace=workspace, kind=UsageKind.ACCELERATOR, amount=9, key="k", source=("run", "1"))

    def settle() -> None:
        try:
            usage.stretch(key="k", needed=10)
            usage.spend(key="k", amount=10)
        finally:
            connection.close()

    with transaction.atomic():
        usage.lock_workspace(workspace.pk)
        other = threading.Thread(target=settle)
        other.start()
        other.join(timeout=PATIENCE_SECONDS)
        assert not other.is_alive()
    assert UsageTotal.objects.get().used == 10


def test_tokens_start_again_each_day_and_training_each_month(workspace) -> None:
    assert usage.period_of(UsageKind.TOKENS, date(2026, 3, 31)) == date(2026, 3, 31)
    assert usage.period_of(UsageKind.ACCELERATOR, date(2026, 3, 31)) == date(2026, 3, 1)
    limit(workspace, tokens_per_day=10)
    ask = {"workspace": workspace, "kind": UsageKind.TOKENS, "source": ("app", "1"), "amount": 10}
    usage.reserve(**ask, key="yesterday")
    with pytest.raises(OverQuota) as refused:
        usage.reserve(**ask, key="too much")
    assert 0 < refused.value.retry_after <= 86400
    UsageTotal.objects.update(period=timezone.localdate() - timedelta(days=1))
    usage.reserve(**ask, key="today")


def test_the_studios_limits_hold_where_a_workspace_has_none(workspace, settings) -> None:
    assert set(usage.limits_of(workspace).values()) == {None}
    settings.QUOTAS = {**settings.QUOTAS, "members": 3.0, "storage_gb": 2.0}
    assert usage.limits_of(workspace)[UsageKind.MEMBERS] == 3
    assert usage.limits_of(workspace)[UsageKind.STORAGE] == 2 * 10**9
    limit(workspace, members=5)
    assert usage.limits_of(workspace)[UsageKind.MEMBERS] == 5
    limit(workspace, is_unlimited=True)
    assert set(usage.limits_of(workspace).values()) == {None}


def test_the_ledger_is_only_added_to(workspace) -> None:
    usage.set_stored(workspace=workspace, source=("thing", "1"), amount=5)
    with pytest.raises(TypeError):
        UsageEntry.objects.update(amount=0)
    with pytest.raises(TypeError):
        UsageEntry.objects.all().delete()


def test_promises_of_killed_processes_are_given_back(workspace) -> None:
    usage.reserve(workspace=workspace, kind=UsageKind.TOKENS, source=("app", "1"), amount=9, key="k")
    assert usage.forget_promises(before=timezone.now() - timedelta(hours=1)) == 0
    Reservation.objects.update(created_at=timezone.now() - timedelta(days=2))
    assert usage.forget_promises(before=timezone.now() - timedelta(days=1)) == 1
    assert UsageTotal.objects.get().reserved == 0


def test_invitations_count_as_members(workspace, owner, outsider, viewer) -> None:
    limit(workspace, members=3)
    _, token = invitations.create_invitation(actor=owner, workspace=workspace, role=Role.VIEWER)
    with pytest.raises(OverQuota):
        invitations.create_invitation(actor=owner, workspace=workspace, role=Role.VIEWER)
    limit(workspace, members=2)
    with pytest.raises(OverQuota):
        invitations.accept_invitation(actor=outsider, token=token)
    limit(workspace, members=3)
    invitations.accept_invitation(actor=outsider, token=token)


@pytest.mark.django_db(transaction=True)
@parallel
def test_of_two_owners_who_leave_at_once_one_stays(workspace, owner, editor) -> None:
    members.set_role(
        actor=owner, membership=Membership.objects.get(user=editor, workspace=workspace), role=Role.OWNER
    )
    people = [owner, editor]
    assert at_once(lambda n: members.leave(actor=people[n], workspace=workspace), 2) == 1
    assert Membership.objects.filter(workspace=workspace, role=Role.OWNER).count() == 1


@pytest.mark.django_db(transaction=True)
@parallel
def test_of_two_owners_who_demote_each_other_one_stays(workspace, owner, editor) -> None:
    rows = [Membership.objects.get(user=user, workspace=workspace) for user in (owner, editor)]
    members.set_role(actor=owner, membership=rows[1], role=Role.OWNER)

    def demote(n: int) -> None:
        try:
            members.set_role(actor=(owner, editor)[n], membership=rows[1 - n], role=Role.VIEWER)
        except PermissionDenied as error:
            raise UserError("came second") from error

    assert at_once(demote, 2) == 1
    assert Membership.objects.filter(workspace=workspace, role=Role.OWNER).count() == 1


@pytest.mark.django_db(transaction=True)
@parallel
def test_of_two_owners_who_delete_their_accounts_at_once_one_stays(workspace, owner, admin, editor) -> None:
    from apps.accounts.services import delete_account

    people = [admin, editor]
    for person in people:
        membership = Membership.objects.get(user=person, workspace=workspace)
        members.set_role(actor=owner, membership=membership, role=Role.OWNER)
    members.leave(actor=owner, workspace=workspace)
    Membership.objects.create(workspace=workspace, user=owner, role=Role.VIEWER)
    assert at_once(lambda n: delete_account(user=people[n]), 2) == 1
    assert Membership.objects.filter(workspace=workspace, role=Role.OWNER).count() == 1


@pytest.mark.django_db(transaction=True)
@parallel
def test_one_of_many_accepts_a_link(workspace, owner) -> None:
    from apps.accounts.models import User

    people = [User.objects.create_user(f"p{n}@example.com", "a-password") for n in range(AT_ONCE)]
    _, token = invitations.create_invitation(actor=owner, workspace=workspace, role=Role.VIEWER)

    def accept(n: int) -> None:
        try:
            invitations.accept_invitation(actor=people[n], token=token)
        except NotVisible as error:
            raise UserError("came second") from error

    assert at_once(accept) == 1
    assert usage.members_of(workspace) == 2


def somebody_waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])


@pytest.mark.django_db(transaction=True)
@parallel
def test_an_invitation_is_worth_nothing_once_its_maker_was_demoted_meanwhile(
    workspace, owner, admin, outsider
) -> None:
    _, token = invitations.create_invitation(actor=admin, workspace=workspace, role=Role.ADMIN)
    came_in: list[bool] = []

    def accept() -> None:
        try:
            invitations.accept_invitation(actor=outsider, token=token)
            came_in.append(True)
        except NotVisible:
            came_in.append(False)
        finally:
            connection.close()

    with transaction.atomic():
        members.set_role(
            actor=owner, membership=Membership.objects.get(user=admin, workspace=workspace), role=Role.VIEWER
        )
        other = threading.Thread(target=accept)
        other.start()
        deadline = time.monotonic() + 20
        while not somebody_waits_for_a_lock():
            assert time.monotonic() < deadline
            time.sleep(0.02)
    other.join(timeout=PATIENCE_SECONDS)
    assert came_in == [False]


@pytest.mark.django_db(transaction=True)
@parallel
@pytest.mark.parametrize(("room", "passes"), [(0, 0), (3, 3), (20, AT_ONCE)])
def test_exactly_as_many_pass_as_there_is_room_for(room, passes, workspace, owner) -> None:
    limit(
        workspace,
        storage_gb=room * 100 / 10**9,
        tokens_per_day=room * 100,
        accelerator_hours=room * 100 / 3600,
        members=room + 1,
    )

    def store(n: int) -> None:
        usage.set_stored(workspace=workspace, source=("thing", str(n)), amount=100, is_limited=True)

    def promise(kind: str) -> Callable[[int], None]:
        return lambda n: usage.reserve(
            workspace=workspace, kind=kind, amount=100, key=f"{kind}{n}", source=("thing", str(n))
        )

    def invite(_: int) -> None:
        invitations.create_invitation(actor=owner, workspace=workspace, role=Role.VIEWER)

    assert at_once(store) == passes
    assert at_once(promise(UsageKind.TOKENS)) == passes
    assert at_once(promise(UsageKind.ACCELERATOR)) == passes
    assert at_once(invite) == passes
    totals = {total.kind: (total.used, total.reserved) for total in UsageTotal.objects.all()}
    assert totals == (
        {"storage": (passes * 100, 0), "tokens": (0, passes * 100), "accelerator": (0, passes * 100)}
        if passes
        else {}
    )
    assert used(workspace, UsageKind.STORAGE) == passes * 100


def test_the_page_shows_what_is_used_and_warns_those_who_manage(client_for, workspace, admin, viewer) -> None:
    limit(workspace, members=4, storage_gb=1.0)
    client = client_for(admin)
    usage.set_stored(workspace=workspace, source=("import", "1"), amount=799 * 10**6)
    assert tight_meters(workspace) == []
    assert "tight" not in client.get("/workspace/usage/").content.decode()
    usage.set_stored(workspace=workspace, source=("import", "1"), amount=800 * 10**6)
    assert [meter.kind for meter in tight_meters(workspace)] == [UsageKind.STORAGE]
    page = client.get("/workspace/usage/").content.decode()
    assert "800.0 MB of 1.0 GB" in page
    assert "800.0 MB of 1.0 GB used" in client.get("/").content.decode()
    assert "800.0 MB of 1.0 GB used" not in client_for(viewer).get("/").content.decode()
    usage.set_stored(workspace=workspace, source=("import", "1"), amount=2 * 10**9)
    assert "Used up" in client.get("/workspace/usage/").content.decode()
    assert {meter.kind: meter.used for meter in meters(workspace)}[UsageKind.MEMBERS] == 3


def limits_link(client: Any) -> str:
    """Where the usage page leads administrators to set limits; empty for everybody else."""
    found = re.search(
        r'href="(/admin/workspaces/quota/[^"]+)"', client.get("/workspace/usage/").content.decode()
    )
    return found[1] if found else ""


def test_an_administrator_sets_limits_and_the_trail_knows(
    client_for, owner, editor, workspace, settings
) -> None:
    settings.QUOTAS = {**settings.QUOTAS, "members": 3.0}
    client = client_for(owner)
    address = limits_link(client)
    assert limits_link(client_for(editor)) == ""
    form = client.get(address).content.decode()
    assert f'value="{workspace.pk}" selected' in form
    assert "default (3). Enter 0 to allow none" in form
    assert "default (no limit). Enter 0 to allow none" in form
    sent = {"workspace": str(workspace.pk), "storage_gb": "2.5", "members": "7"}
    assert client.post(address, sent).status_code == 302
    change = limits_link(client)
    assert change == f"/admin/workspaces/quota/{Quota.objects.get().pk}/change/"
    assert client.get(change).status_code == 200
    assert Quota.objects.get(workspace=workspace).members == 7
    entry = AuditEntry.objects.get(action="quota.set")
    assert (entry.workspace, entry.changes["storage_gb"]) == (workspace, 2.5)
    assert "Set the workspace&#x27;s own limits" in client.get("/workspace/audit/").content.decode()
    client.post(change.replace("change", "delete"), {"post": "yes"})
    assert AuditEntry.objects.get(action="quota.removed").workspace == workspace
    assert client_for(editor).get(address).status_code == 302
