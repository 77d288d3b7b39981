"""The audit trail: nobody changes it, age alone removes, admins read it, filter it and take it along."""

import csv
import io
import json
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import AnonymousUser
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from apps.workspaces import audit
from apps.workspaces.access.api_keys import create_api_key
from apps.workspaces.audit import append_only
from apps.workspaces.models import ApiKey, AuditEntry
from apps.workspaces.team.lifecycle import create_workspace

pytestmark = pytest.mark.django_db
PAGE = "/workspace/audit/"


@pytest.fixture
def entry(workspace: Any, owner: Any) -> AuditEntry:
    audit.record(owner, "thing.changed", workspace, workspace=workspace, size=3)
    return AuditEntry.objects.get(action="thing.changed")


def refused(change: Any) -> bool:
    """Whether the database refuses, and everything stays as it was."""
    before = list(AuditEntry.objects.order_by("pk").values())
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        change()
    return list(AuditEntry.objects.order_by("pk").values()) == before


def test_no_code_changes_an_entry(entry: AuditEntry, viewer: Any) -> None:
    rows = AuditEntry.objects.filter(pk=entry.pk)
    for field, value in {
        "action": "thing.forged",
        "changes": {},
        "object_label": "another",
        "object_id": "7",
        "at": timezone.now(),
        "actor": viewer,
        "address": "203.0.113.9",
        "workspace": None,
    }.items():
        assert refused(lambda field=field, value=value: rows.update(**{field: value})), field


def test_no_code_deletes_an_entry(entry: AuditEntry, workspace: Any) -> None:
    assert refused(entry.delete)
    assert refused(AuditEntry.objects.all().delete)
    with connection.cursor() as cursor:
        assert refused(lambda: cursor.execute("DELETE FROM workspaces_auditentry"))


def test_nothing_is_written_over_an_entry(entry: AuditEntry) -> None:
    """Neither by the ORM's upsert nor by what SQL has beside UPDATE and DELETE."""
    columns = [field.column for field in AuditEntry._meta.concrete_fields]
    names = ", ".join(columns)
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            forged = ", ".join("'forged.done'" if name == "action" else name for name in columns)
            ways = [
                f"INSERT OR REPLACE INTO workspaces_auditentry ({names}) SELECT {forged} FROM workspaces_auditentry",
                f"REPLACE INTO workspaces_auditentry ({names}) SELECT {forged} FROM workspaces_auditentry",
                "UPDATE OR REPLACE workspaces_auditentry SET id = id + 1",
            ]
        else:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            ways = ["TRUNCATE workspaces_auditentry", "TRUNCATE workspaces_workspace CASCADE"]
        for statement in ways:
            assert refused(lambda statement=statement: cursor.execute(statement)), statement
    twin = AuditEntry(pk=entry.pk, action="forged.done", at=entry.at)
    upsert = {"update_conflicts": True, "unique_fields": ["id"], "update_fields": ["action"]}
    assert refused(lambda: AuditEntry.objects.bulk_create([twin], **upsert))
    assert refused(twin.save)


def test_a_deleted_account_is_forgotten_and_its_deeds_are_not(entry: AuditEntry, owner: Any) -> None:
    rows = AuditEntry.objects.filter(pk=entry.pk)
    rows.update(actor=None, address="", object_label=append_only.FORGOTTEN)
    kept = rows.get()
    assert (kept.actor, kept.object_label, kept.changes) == (None, append_only.FORGOTTEN, {"size": 3})
    assert refused(lambda: rows.update(actor=owner)), "nobody can be blamed afterwards"


def aged(days: int) -> None:
    """An entry of that age, as if it had been written then."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO workspaces_auditentry (action, object_type, object_id, object_label, changes, address, at)"
            " VALUES ('old.done', '', '', '', '{}', '', %s)",
            [connection.ops.adapt_datetimefield_value(timezone.now() - timedelta(days=days))],
        )


def test_age_alone_removes(entry: AuditEntry, settings: Any) -> None:
    settings.AUDIT_DAYS = 30
    aged(31)
    aged(29)
    count = AuditEntry.objects.count()
    assert audit.expire_entries() == 1
    assert AuditEntry.objects.count() == count - 1
    assert AuditEntry.objects.filter(action="old.done").count() == 1
    assert refused(AuditEntry.objects.filter(action="old.done").delete), "the way is closed again"
    settings.AUDIT_DAYS = 0
    aged(9999)
    assert audit.expire_entries() == 0


def test_migrating_again_leaves_the_triggers(entry: AuditEntry) -> None:
    call_command("migrate", verbosity=0)
    assert refused(entry.delete)


def test_an_entry_knows_who_did_it_from_where_and_with_which_key(
    client_for: Any, editor: Any, workspace: Any
) -> None:
    client = client_for(editor)
    client.post("/workspace/keys/", {"name": "script", "can_write": "on"}, REMOTE_ADDR="198.51.100.7")
    made = AuditEntry.objects.get(action="api_key.created")
    assert (made.actor, made.address, made.object_type) == (editor, "198.51.100.7", "apikey")
    _key, secret = create_api_key(actor=editor, workspace=workspace, name="robot")
    client.post(
        "/api/v1/base-models/",
        {"kind": "hub", "name": "n", "family": "causal", "location": "a/b"},
        content_type="application/json",
        headers={"Authorization": f"Bearer {secret}"},
        REMOTE_ADDR="::ffff:198.51.100.8",
    )
    added = AuditEntry.objects.get(action="base_model.added")
    assert (added.actor, added.address) == (editor, "198.51.100.8")
    assert added.changes["key"].startswith("robot (mq-")
    assert secret not in json.dumps(list(AuditEntry.objects.values()), default=str)


def test_what_no_request_does_has_no_address(workspace: Any) -> None:
    audit.record(AnonymousUser(), "thing.expired", workspace, workspace=workspace)
    entry = AuditEntry.objects.get(action="thing.expired")
    assert (entry.actor, entry.address) == (None, "")


@pytest.fixture
def trail(workspace: Any, owner: Any, editor: Any, outsider: Any) -> None:
    """Entries of two people, two kinds and two days here, and one of another workspace."""
    audit.record(owner, "dataset.renamed", workspace, workspace=workspace, name="=HYPERLINK(1)")
    audit.record(editor, "dataset.deleted", workspace, workspace=workspace)
    audit.record(None, "workspace.purged", workspace, workspace=workspace)
    elsewhere = create_workspace(actor=outsider, name="Their secret team")
    audit.record(outsider, "theirs.done", elsewhere, workspace=elsewhere)


def shown(response: Any) -> set[str]:
    return {entry.action for entry in response.context["page"].object_list}


def test_the_page_filters_by_person_action_kind_and_day(
    trail: None, client_for: Any, admin: Any, editor: Any
) -> None:
    client = client_for(admin)
    everything = client.get(PAGE)
    assert {"dataset.renamed", "dataset.deleted", "workspace.purged"} <= shown(everything)
    assert "theirs.done" not in shown(everything)
    assert "Their secret team" not in everything.content.decode()
    assert shown(client.get(PAGE, {"actor": str(editor.pk)})) == {"dataset.deleted"}
    assert shown(client.get(PAGE, {"actor": "not-signed-in"})) == {"workspace.purged"}
    assert shown(client.get(PAGE, {"action": "dataset.renamed"})) == {"dataset.renamed"}
    assert "membership.set" not in shown(client.get(PAGE, {"object_type": "workspace"}))
    today, yesterday = timezone.localdate(), timezone.localdate() - timedelta(days=1)
    assert "dataset.renamed" in shown(client.get(PAGE, {"first_day": today, "last_day": today}))
    assert shown(client.get(PAGE, {"last_day": yesterday})) == set()
    assert client.get(PAGE, {"first_day": "soon"}).status_code == 422


def test_the_page_has_pages_and_keeps_the_filter(client_for: Any, admin: Any, workspace: Any) -> None:
    for n in range(60):
        audit.record(admin, "thing.done", workspace, workspace=workspace, n=n)
    client = client_for(admin)
    first = client.get(PAGE, {"action": "thing.done"})
    assert "?action=thing.done&amp;page=2" in first.content.decode()
    second = client.get(PAGE, {"action": "thing.done", "page": 2})
    assert [entry.changes["n"] for entry in second.context["page"].object_list] == list(range(9, -1, -1))


def body_of(response: Any) -> str:
    async def read() -> bytes:
        return b"".join([piece async for piece in response.streaming_content])

    return async_to_sync(read)().decode()


def test_the_export_holds_what_the_filters_leave(
    trail: None, client_for: Any, admin: Any, owner: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.workspaces.audit.log._CHUNK", 2)
    client = client_for(admin)
    response = client.get(f"{PAGE}jsonl/")
    assert response.streaming
    lines = [json.loads(line) for line in body_of(response).splitlines()]
    assert {"dataset.renamed", "dataset.deleted", "audit.exported"} <= {line["action"] for line in lines}
    assert "theirs.done" not in {line["action"] for line in lines}
    assert [line["at"] for line in lines] == sorted((line["at"] for line in lines), reverse=True)
    (row,) = csv.DictReader(
        io.StringIO(body_of(client.get(f"{PAGE}csv/", {"actor": str(owner.pk), "action": "dataset.renamed"})))
    )
    assert (row["actor"], row["action"]) == (owner.email, "dataset.renamed")
    assert json.loads(row["changes"]) == {"name": "=HYPERLINK(1)"}
    assert client.get(f"{PAGE}exe/").status_code == 404


def test_a_name_that_looks_like_a_formula_stays_a_name(client_for: Any, admin: Any, workspace: Any) -> None:
    type(workspace).objects.filter(pk=workspace.pk).update(name="=1+1")
    workspace.refresh_from_db()
    audit.record(admin, "thing.named", workspace, workspace=workspace)
    (line,) = list(audit.export(AuditEntry.objects.filter(action="thing.named"), "csv"))[1:]
    assert "'=1+1" in line.decode()


def test_editors_and_viewers_do_not_read_it(trail: None, client_for: Any, editor: Any, viewer: Any) -> None:
    for person in (editor, viewer):
        assert client_for(person).get(PAGE).status_code == 403
        assert client_for(person).get(f"{PAGE}csv/").status_code == 403
    assert not ApiKey.objects.exists()
