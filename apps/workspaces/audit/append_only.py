"""Triggers that make the audit trail append-only for every connection to the database.

They refuse every DELETE but by age (through `expire`), replacing and truncating, and every UPDATE but forgetting: an actor and an address may be
emptied, a label may lose the name of a person who deleted their account. Installed after every `migrate`, because
SQLite drops a table's triggers when a migration rebuilds it.
"""

from datetime import datetime
from typing import Any

from django.db import connections, transaction

FORGOTTEN = "deleted account"
"""Stands in a label where the address of a person stood who deleted their account."""

_GATE = "CREATE TABLE IF NOT EXISTS workspaces_auditgate (before_at {moment} NOT NULL)"
_SQLITE = (
    """
CREATE TRIGGER IF NOT EXISTS workspaces_audit_no_update BEFORE UPDATE ON workspaces_auditentry WHEN
  NEW.id IS NOT OLD.id OR NEW.workspace_id IS NOT OLD.workspace_id OR NEW.action IS NOT OLD.action
  OR NEW.object_type IS NOT OLD.object_type OR NEW.object_id IS NOT OLD.object_id
  OR NEW.changes IS NOT OLD.changes OR NEW.at IS NOT OLD.at
  OR (NEW.actor_id IS NOT OLD.actor_id AND NEW.actor_id IS NOT NULL)
  OR (NEW.address IS NOT OLD.address AND NEW.address != '')
  OR (NEW.object_label IS NOT OLD.object_label AND instr(NEW.object_label, 'deleted account') = 0)
BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END
""",
    """
CREATE TRIGGER IF NOT EXISTS workspaces_audit_no_delete BEFORE DELETE ON workspaces_auditentry WHEN
  NOT EXISTS (SELECT 1 FROM workspaces_auditgate WHERE OLD.at < before_at)
BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END
""",
    # INSERT OR REPLACE deletes the row that is in its way without asking the trigger above.
    """
CREATE TRIGGER IF NOT EXISTS workspaces_audit_no_replace BEFORE INSERT ON workspaces_auditentry WHEN
  EXISTS (SELECT 1 FROM workspaces_auditentry WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END
""",
)
_POSTGRES = (
    """
CREATE OR REPLACE FUNCTION workspaces_audit_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    IF EXISTS (SELECT 1 FROM workspaces_auditgate WHERE OLD.at < before_at) THEN RETURN OLD; END IF;
  ELSIF to_jsonb(NEW) - ARRAY['actor_id', 'address', 'object_label']
      = to_jsonb(OLD) - ARRAY['actor_id', 'address', 'object_label']
    AND (NEW.actor_id IS NULL OR NEW.actor_id = OLD.actor_id)
    AND NEW.address IN ('', OLD.address)
    AND (NEW.object_label = OLD.object_label OR strpos(NEW.object_label, 'deleted account') > 0)
  THEN RETURN NEW;
  END IF;
  RAISE EXCEPTION 'the audit trail is append-only' USING ERRCODE = 'integrity_constraint_violation';
END $$
""",
    "DROP TRIGGER IF EXISTS workspaces_audit_guard ON workspaces_auditentry",
    """
CREATE TRIGGER workspaces_audit_guard BEFORE UPDATE OR DELETE ON workspaces_auditentry
FOR EACH ROW EXECUTE FUNCTION workspaces_audit_guard()
""",
    # TRUNCATE asks no trigger of a row.
    """
CREATE OR REPLACE FUNCTION workspaces_audit_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM workspaces_auditgate WHERE before_at > now()) THEN RETURN NULL; END IF;
  RAISE EXCEPTION 'the audit trail is append-only' USING ERRCODE = 'integrity_constraint_violation';
END $$
""",
    "DROP TRIGGER IF EXISTS workspaces_audit_stays ON workspaces_auditentry",
    """
CREATE TRIGGER workspaces_audit_stays BEFORE TRUNCATE ON workspaces_auditentry
FOR EACH STATEMENT EXECUTE FUNCTION workspaces_audit_stays()
""",
)


def install(using: str = "default", **_: Any) -> None:
    """Receiver of post_migrate."""
    connection = connections[using]
    if "workspaces_auditentry" not in connection.introspection.table_names():
        # Migrated back to before there was a trail.
        return
    is_postgres = connection.vendor == "postgresql"
    with connection.cursor() as cursor:
        cursor.execute(_GATE.format(moment="timestamptz" if is_postgres else "datetime"))
        for statement in _POSTGRES if is_postgres else _SQLITE:
            cursor.execute(statement)
        cursor.execute("DELETE FROM workspaces_auditgate")


def expire(before: datetime, using: str = "default") -> int:
    """Remove the entries of before that moment; return how many. The only way in which entries go."""
    connection = connections[using]
    with transaction.atomic(using=using), connection.cursor() as cursor:
        moment = connection.ops.adapt_datetimefield_value(before)
        cursor.execute("INSERT INTO workspaces_auditgate (before_at) VALUES (%s)", [moment])
        cursor.execute("DELETE FROM workspaces_auditentry WHERE at < %s", [moment])
        removed = cursor.rowcount
        cursor.execute("DELETE FROM workspaces_auditgate")
    return removed
