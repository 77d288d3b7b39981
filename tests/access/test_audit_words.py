"""Every code that the source writes into the audit trail has words, which pages and filters show; exports keep the codes."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.utils.translation import gettext, override

from apps.publishing.services.links import create_share_link
from apps.workspaces import audit
from apps.workspaces.access.api_keys import create_api_key
from apps.workspaces.audit.words import (
    ACTIONS,
    NAMES,
    action_words,
    change_words,
    kind_words,
    label_words,
)
from apps.workspaces.models import AuditEntry, Quota
from apps.workspaces.team.members import transfer_ownership
from tests.access.test_audit_trail import body_of

APPS = Path(__file__).parents[2] / "apps"
RECORDS = ("record", "tell", "_take_out")
"""What writes an entry: the action is the second argument, or for the last one the third."""
HANDED_ON = {
    "workspaces/team/account_lifecycle.py record",
    "workspaces/team/members.py record",
    "accounts/admin.py tell",
}
"""Calls whose action was given by somebody whose call is looked at too, or by `removed_action`."""
NOT_CHANGES = {"by", "workspace"}


def _calls() -> Iterator[tuple[str, str, ast.Call]]:
    """File, name and call of everything that writes an entry."""
    for path in sorted(APPS.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                name = ast.unparse(node.func)
                short = name.rsplit(".", 1)[-1]
                if short in RECORDS and (short != "record" or name == "audit.record"):
                    yield str(path.relative_to(APPS)), short, node


def _texts(node: ast.AST) -> set[str]:
    """The codes that an expression may be: itself, or both arms of an if-else."""
    if isinstance(node, ast.IfExp):
        return _texts(node.body) | _texts(node.orelse)
    return {node.value} if isinstance(node, ast.Constant) and isinstance(node.value, str) else set()


def _removed_actions() -> set[str]:
    """Class attributes of the admin that say what a removal is recorded as."""
    return {
        text
        for node in ast.walk(ast.parse((APPS / "accounts/admin.py").read_text()))
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "removed_action"
        for text in _texts(node.value)
    }


def test_every_code_of_the_source_has_words_and_every_word_a_code() -> None:
    codes, unknown = _removed_actions(), []
    for file, name, call in _calls():
        found = _texts(call.args[2 if name == "_take_out" else 1])
        codes |= found
        if not found and f"{file} {name}" not in HANDED_ON:
            unknown.append(f"{file}:{call.lineno} {ast.unparse(call)[:100]}")
    assert unknown == [], "say the action as a text, so that it can be given words"
    assert len(codes) > 70
    assert codes - set(ACTIONS) == set(), "no words in the audit_words.py of the app that records them"
    assert set(ACTIONS) - codes == set(), "nothing records these"


def test_every_name_of_a_change_has_words() -> None:
    """Those that stand in the calls, and those that are put together before."""
    names = {"key", "reason", "host"} | {
        keyword.arg for _file, _name, call in _calls() for keyword in call.keywords if keyword.arg
    }
    limits = {field.name for field in Quota._meta.fields} - {"id", "created_at", "workspace"}
    assert (names | limits) - NOT_CHANGES - {"actor", "action"} == set(NAMES)


def test_no_two_codes_read_the_same() -> None:
    for language in ("en", "zh-hans"):
        with override(language):
            words = [action_words(code) for code in ACTIONS]
            assert len(set(words)) == len(words), language


def test_what_is_not_known_is_shown_as_it_is() -> None:
    assert action_words("thing.done_by_a_later_release") == "thing.done_by_a_later_release"
    assert kind_words("") == ""
    assert (kind_words("apikey"), kind_words("nosuchmodel")) == ("API key", "nosuchmodel")


def said(object_type: str = "", **changes: Any) -> dict[str, str]:
    return dict(change_words(AuditEntry(object_type=object_type, changes=changes)))


def test_values_are_said_in_words() -> None:
    assert said("membership", before="owner", role="editor") == {"before": "Owner", "role": "Editor"}
    assert said("apikey", can_write=False, days=None, app="") == {"may write": "no", "days": "–"}
    assert said("import", bytes=2_500_000, other=3) == {"size": "2.5 MB", "other": "3"}
    assert said("job", kind="preflight", reason="hours") == {
        "kind": "Pre-flight",
        "reason": "training hours used up",
    }
    assert said("workspacesecret", kind="hub_token") == {"kind": "Hub token"}
    assert said("user", kind="totp", methods=["password", "mfa"]) == {
        "kind": "authenticator app",
        "by": "password, second step",
    }
    assert said("user", fields=["language", "timezone"]) == {"fields": "language, time zone"}
    confirmed = said("datasetversion", task_type="classification", roles={"a text": "input", "why": "ignore"})
    assert confirmed == {
        "task": "Classification",
        "columns": "a text: Input, why: Not used",
    }


def test_names_of_people_and_things_are_no_codes() -> None:
    """A workspace may be called after a role, a file like a kind of job."""
    assert said("workspace", before="editor") == {"before": "editor"}
    assert said("app", kind="import", name="Data") == {"kind": "import", "name": "Data"}
    with override("zh-hans"):
        assert label_words(AuditEntry(object_type="app", object_label="Data")) == "Data"


def test_the_studios_own_names_are_in_the_readers_language() -> None:
    with override("zh-hans"):
        baseline = AuditEntry(object_type="evaluation", object_label="Trivial baseline: Letters v1")
        assert label_words(baseline) == f"{gettext('Trivial baseline')}: Letters v1"
        assert "Trivial" not in label_words(baseline)
        label = "p@example.com, editor"
        words = label_words(AuditEntry(object_type="membership", object_label=label))
        assert words != label
        assert "p@example.com" in words
        # Entries name what a job worked on. Names are not translated.
        assert label_words(AuditEntry(object_type="job", object_label="a.csv")) == "a.csv"


@pytest.mark.django_db
def test_a_key_and_a_link_name_their_app(owner: Any, app: Any) -> None:
    create_api_key(actor=owner, workspace=app.workspace, name="bot", app=app)
    create_share_link(actor=owner, app=app)
    for action in ("api_key.created", "share_link.created"):
        assert dict(change_words(AuditEntry.objects.get(action=action)))["app"] == app.name


@pytest.mark.django_db
def test_who_got_a_workspace_is_named_until_they_are_gone(owner: Any, admin: Any, workspace: Any) -> None:
    transfer_ownership(actor=owner, membership=admin.memberships.get(workspace=workspace))
    entry = AuditEntry.objects.get(action="workspace.transferred")
    assert change_words(entry) == [("to", admin.short_name)]
    entry.changes = {"to": str(uuid4())}
    assert change_words(entry) == [("to", "–")]


@pytest.mark.django_db
def test_pages_and_filters_speak_and_the_export_keeps_codes(
    client_for: Any, admin: Any, owner: Any, workspace: Any
) -> None:
    audit.record(owner, "dataset.unarchived", workspace, workspace=workspace, can_write=True)
    client = client_for(admin)
    words = "Restored an archived dataset"
    for address in ("/workspace/", "/workspace/audit/"):
        html = client.get(address).content.decode()
        assert words in html
        assert "<code>dataset.unarchived" not in html
    chosen = client.get("/workspace/audit/", {"action": "dataset.unarchived"})
    assert f'<option value="dataset.unarchived" selected>{words}</option>' in chosen.content.decode()
    assert [entry.action for entry in chosen.context["page"]] == ["dataset.unarchived"]
    choices = [label for code, label in chosen.context["form"].fields["action"].choices if code]
    assert choices == sorted(choices, key=str.lower)
    line, *_rest = body_of(client.get("/workspace/audit/jsonl/?action=dataset.unarchived")).splitlines()
    assert json.loads(line)["action"] == "dataset.unarchived"
    assert words in client_for(owner).get("/admin/workspaces/auditentry/").content.decode()
