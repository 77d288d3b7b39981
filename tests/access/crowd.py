"""Fills our workspace of the world with thousands of everything that people add, by the database itself."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group
from django.contrib.sessions.models import Session
from django.db import connection, models
from django.utils import timezone

from apps.accounts.forms import MOST_PASSKEYS
from apps.accounts.models import User
from apps.core.models import WaitingMail
from apps.jobs.models import Job, JobEvent, NotificationSettings, WaitingWebhook
from apps.publishing.models import Message
from apps.training.models import Trial
from apps.training.sweeps.services import MOST_TRIALS
from apps.workspaces.models import AuditEntry, Counter, Quota, Reservation, UsageEntry, UsageTotal
from tests.access.world import VISITOR, World

MANY = 5_000
MESSAGES = 200_000
LONGEST_CONVERSATION = 1_000
EVENTS = 20_000
Id = Callable[[str], str]
"""The SQL of the id of a copy, from the SQL of its number."""
_kinds = itertools.count(1)
_IS_SQLITE = connection.vendor == "sqlite"


def _ids(kind: int) -> Id:
    """Ids that can be told from the number of a copy, so that other copies can refer to them."""
    if _IS_SQLITE:
        return lambda n: f"printf('%%08x%%024x', {kind}, {n})"
    return lambda n: f"(lpad(to_hex({kind}), 8, '0') || lpad(to_hex({n}), 24, '0'))::uuid"


def _random_text() -> str:
    return "lower(hex(randomblob(16)))" if _IS_SQLITE else "md5(random()::text)"


def clone(row: models.Model, count: int, **changes: str) -> Id:
    """Make `count` copies of a stored row; `changes` are SQL by column, in which `n.i` is the number of the copy."""
    columns = [field.column for field in row._meta.concrete_fields]
    key = row._meta.pk
    assert key is not None
    new_id = _ids(next(_kinds))
    if isinstance(key, models.UUIDField):
        changes[key.column] = new_id("n.i")
    elif key.column not in changes:
        columns.remove(key.column)
    quoted = connection.ops.quote_name
    names = ", ".join(map(quoted, columns))
    values = ", ".join(changes.get(column, f"t.{quoted(column)}") for column in columns)
    table = quoted(row._meta.db_table)
    numbers = f"WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {count - 1})"
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({names}) {numbers} SELECT {values} FROM n, {table} t WHERE t.{quoted(key.column)} = %s",
            [key.get_db_prep_value(row.pk, connection)],
        )
    return new_id


def named(name: str) -> str:
    return f"'{name} ' || n.i"


def _jobs(world: World, kind: str) -> str:
    """The SQL of the id of a job of its own for each copy."""
    job = Job.objects.filter(workspace=world.ours.workspace, kind=kind).first()
    assert job is not None, kind
    return clone(job, 2 * MANY, title=named(kind), state="'succeeded'", seen_at="t.created_at")("n.i")


OF_THE_CODE = {
    "auth.Permission": "comes with the models",
    "contenttypes.ContentType": "comes with the models",
    "account.EmailConfirmation": "links are signed, not stored",
    "socialaccount.SocialApp": "the settings name one provider",
    "socialaccount.SocialToken": "tokens of the provider are not kept",
}
"""Models whose rows are not added by people."""


def too_few() -> list[str]:
    """Models that do not have thousands of rows after `fill`, but for OF_THE_CODE."""
    counts = {model._meta.label: model._base_manager.count() for model in apps.get_models()}
    return [
        f"{label}: {count}" for label, count in counts.items() if count < MANY and label not in OF_THE_CODE
    ]


def fill(world: World) -> None:
    """Thousands of everything, most of it hanging on the one row whose page is looked at."""
    _people(world)
    _data(world)
    _models(world)
    _results(world)
    _apps(world)
    _talk(world)
    _log(world)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _people(world: World) -> None:
    things, workspace = world.ours.things, world.ours.workspace
    member = things["membership"]
    people = clone(member.user, MANY, email="'person' || n.i || '@example.com'", name=named("Person"))
    clone(member, MANY, user_id=people("n.i"))
    clone(NotificationSettings.objects.get(user=world.people["owner"]), MANY, user_id=people("n.i"))
    clone(things["invitation"], MANY, token_hash=_random_text(), email="'guest' || n.i || '@example.com'")
    clone(things["api_key"], MANY, hash=_random_text(), name=named("key"))
    for person in ("owner", "administrator"):
        user = world.people[person]
        assert user is not None
        # Membership of the viewer, whose row any user's can be made of.
        for team, name in ((workspace, "Team"), (things["deleted_workspace"], "Old team")):
            mine = clone(team, MANY, name=named(name))
            clone(member, MANY, workspace_id=mine("n.i"), user_id=_literal(user), role="'owner'")
        _signed_in_everywhere(user, person)
    clone(
        things["studio_invitation"], MANY, token_hash=_random_text(), email="'new' || n.i || '@example.com'"
    )
    clone(Group.objects.get(), MANY, name=named("Group"))
    viewer = world.people["viewer"]
    clone(SocialAccount.objects.get(user=viewer), MANY, user_id=people("n.i"), uid=_random_text())
    clone(
        EmailAddress.objects.get(user=viewer),
        MANY,
        user_id=people("n.i"),
        email="'person' || n.i || '@example.com'",
    )
    totp = Authenticator.objects.get(user=viewer, type=Authenticator.Type.TOTP)
    clone(totp, MANY, user_id=people("n.i"))
    _of_teams(world, clone(workspace, MANY, name=named("Other team")))


def _signed_in_everywhere(user: User, person: str) -> None:
    """On thousands of devices; passkeys and addresses are limited."""
    ends = timezone.now() + timedelta(days=1)
    session = Session.objects.create(session_key=f"{person} at first", session_data="", expire_date=ends)
    listed = UserSession.objects.create(
        user=user, session_key=session.session_key, ip="127.0.0.1", user_agent="a browser"
    )
    key = {"session_key": f"'{person}' || n.i"}
    clone(session, MANY, **key)
    clone(listed, MANY, **key)
    passkey = Authenticator.objects.filter(user=user, type=Authenticator.Type.WEBAUTHN).first()
    assert passkey is not None
    clone(passkey, MOST_PASSKEYS)
    address = EmailAddress.objects.filter(user=user).first()
    assert address is not None
    none = "0" if _IS_SQLITE else "false"
    clone(address, 5, email=f"'{person}' || n.i || '@example.org'", primary=none)


def _of_teams(world: World, teams: Id) -> None:
    """What a workspace has one of each."""
    workspace = world.ours.workspace
    clone(world.ours.things["secret"], MANY, workspace_id=teams("n.i"))
    counter, _ = Counter.objects.get_or_create(workspace=workspace, kind="run")
    clone(counter, MANY, workspace_id=teams("n.i"))
    quota = Quota.objects.create(workspace=workspace, is_unlimited=True)
    clone(quota, MANY, workspace_id=teams("n.i"))
    total, _ = UsageTotal.objects.get_or_create(workspace=workspace, kind="tokens", period=date(2026, 1, 1))
    clone(total, MANY, workspace_id=teams("n.i"))
    promise = Reservation.objects.create(total=total, key="one", amount=1, object_type="run", object_id="1")
    clone(promise, MANY, key=named("promise"))
    clone(WaitingMail.objects.create(sealed="a mail"), MANY)
    owner = world.people["owner"]
    assert owner is not None
    clone(WaitingWebhook.objects.create(user=owner, sealed="a request"), MANY)


def _literal(row: models.Model) -> str:
    key = row._meta.pk
    assert key is not None
    return f"'{key.get_db_prep_value(row.pk, connection)}'" + ("" if _IS_SQLITE else "::uuid")


def _data(world: World) -> None:
    things = world.ours.things
    clone(things["dataset"], MANY, number="10000 + n.i", name=named("Data"))
    clone(things["import"], MANY, job_id=_jobs(world, "import"), result="NULL")
    clone(things["dataset_version"], MANY, job_id=_jobs(world, "freeze"), number="1000 + n.i")


def _models(world: World) -> None:
    things = world.ours.things
    clone(things["base_model"], MANY, name=named("Base"))
    tuned = clone(things["model"], MANY, number="10000 + n.i", name=named("Model"))
    clone(things["model"], MANY, number="20000 + n.i", name=named("Other model"))
    clone(things["base_version"], MANY, number="30000 + n.i", name=named("Start"))
    clone(things["export"], MANY, job_id=_jobs(world, "export"))
    clone(things["preflight"], MANY, job_id=_jobs(world, "preflight"), request_hash=_random_text())
    changes = {"job_id": _jobs(world, "run"), "model_version_id": tuned("n.i")}
    runs = clone(things["run"], MANY, number="10000 + n.i", name=named("Run"), **changes)
    sweeps = clone(things["sweep"], MANY, number="10000 + n.i", name=named("Sweep"))
    ours = f"CASE WHEN n.i < {MOST_TRIALS - 1} THEN {_literal(things['sweep'])} ELSE {sweeps('n.i')} END"
    clone(Trial.objects.get(sweep=things["sweep"]), MANY, sweep_id=ours, run_id=runs("n.i"), number="2 + n.i")


def _results(world: World) -> None:
    things = world.ours.things
    evaluations = clone(
        things["evaluation"],
        MANY,
        number="10000 + n.i",
        job_id=_jobs(world, "evaluation"),
        model_version_id=_literal(things["model"]),
    )
    comparisons = clone(
        things["comparison"],
        MANY,
        number="10000 + n.i",
        job_id=_jobs(world, "comparison"),
        name=named("Comparison"),
    )
    compared = things["comparison"].compared.first()
    clone(compared, MANY, comparison_id=comparisons("n.i"), evaluation_id=evaluations("n.i"))


def _apps(world: World) -> None:
    things = world.ours.things
    clone(things["app"], MANY, number="10000 + n.i", slug="'app-' || n.i", name=named("App"))
    clone(things["app_version"], MANY, number="10000 + n.i", parity_job_id="NULL")
    clone(things["app_key"], MANY, hash=_random_text(), name=named("app key"))
    clone(things["share_link"], MANY, token_hash=_random_text(), name=named("link"))


def _talk(world: World) -> None:
    """Conversations of one app; those whose pages are looked at are long, and their visitor has many."""
    things = world.ours.things
    who = f"CASE WHEN n.i < 100 THEN '{VISITOR}' ELSE 'visitor ' || n.i END"
    talks = clone(things["conversation"], MANY, visitor_key=who)
    first = Message.objects.filter(conversation=things["conversation"]).first()
    assert first is not None
    role = "CASE n.i % 2 WHEN 0 THEN 'user' ELSE 'assistant' END".replace("%", "%%")
    turn = {"role": role, "text": named("turn"), "request_key": _random_text()}
    long = [things["conversation"], world.ours.of_member["preview_conversation", "owner"]]
    for talk in long:
        clone(first, LONGEST_CONVERSATION, conversation_id=_literal(talk), position="2 + n.i", **turn)
        said = list(talk.messages.order_by("position"))
        for before, after in itertools.pairwise(said):
            after.parent = before
        Message.objects.bulk_update(said, ["parent"], batch_size=500)
    rest = MESSAGES - LONGEST_CONVERSATION * len(long)
    messages = clone(first, rest, conversation_id=talks(f"n.i / {rest // MANY + 1}"), position="n.i", **turn)
    judged = Message.objects.get(pk=things["message"].pk).feedback
    clone(judged, MANY, message_id=messages("2 * n.i + 1"))


def _log(world: World) -> None:
    workspace, owner = world.ours.workspace, world.people["owner"]
    AuditEntry.objects.create(workspace=workspace, actor=owner, action="app.created", object_label="App")
    clone(
        AuditEntry.objects.filter(workspace=workspace, actor=owner).latest("pk"),
        MANY,
        object_label=named("App"),
    )
    entry = UsageEntry(workspace=workspace, kind="storage", amount=1, unit="bytes", object_type="run")
    entry.save()
    clone(entry, MANY, object_id="'' || n.i")
    administrator = world.people["administrator"]
    assert administrator is not None
    LogEntry.objects.create(user=administrator, action_flag=CHANGE, object_repr="Team")
    clone(LogEntry.objects.get(user=administrator, object_repr="Team"), MANY, object_repr=named("Team"))
    waiting = Job.objects.filter(workspace=workspace).first()
    assert waiting is not None
    # A queue as long as everything: pages that wait for a job say how many are before it.
    clone(waiting, MANY, state="'queued'", title=named("Waiting"), queue="'default'")
    _long_run(world.ours.things["run"].job)


def _long_run(job: Job) -> None:
    """A run of many metrics, samples and lines of its log."""
    rows = [{"row_id": f"r{n}", "input": "a", "target": "b", "output": f"c{n}"} for n in range(4)]
    kinds: list[tuple[str, dict[str, Any], int]] = [
        ("metric", {"step": 0, "epoch": 1, "values": {"loss": 0.5, "learning_rate": 0.001}}, EVENTS),
        ("metric", {"step": 0, "epoch": 1, "values": {"validation_loss": 0.5}}, EVENTS // 4),
        ("sample", {"step": 0, "rows": rows}, EVENTS // 20),
        ("log", {"level": "info", "text": "a line"}, EVENTS // 4),
    ]
    start = 10
    for kind, data, count in kinds:
        row = JobEvent.objects.create(job=job, seq=start, attempt=1, kind=kind, data=data)
        text = f"replace('{json.dumps(data)}', '\"step\": 0', '\"step\": ' || n.i)"
        clone(row, count, seq=f"{start + 1} + n.i", data=text if _IS_SQLITE else f"({text})::jsonb")
        start += count + 10
