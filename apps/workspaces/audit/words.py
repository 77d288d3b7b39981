"""The audit trail in words: what was done, to what kind of thing, and the names of what changed.

The trail keeps codes, and so do exports; pages say them in the reader's language. A test holds ACTIONS against every
code that the source records.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Field, Model
from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_noop, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.core.sizes import size_text
from apps.workspaces.models import AuditEntry, Role
from workers.contracts.roles import ROLE_LABELS
from workers.contracts.roles import Role as Column
from workers.contracts.verdicts import VERDICTS

ACTIONS: dict[str, Promise] = {
    "api_key.created": _("Created an API key"),
    "api_key.revoked": _("Revoked an API key"),
    "audit.exported": _("Exported the audit trail"),
    "group.changed": _("Changed a group of administrators"),
    "group.created": _("Created a group of administrators"),
    "group.deleted": _("Deleted a group of administrators"),
    "invitation.accepted": _("Accepted an invitation"),
    "invitation.claimed": _("Signed up with an invitation by link"),
    "invitation.created": _("Invited a person"),
    "invitation.revoked": _("Revoked an invitation"),
    "membership.changed": _("Changed the role of a member"),
    "membership.left": _("Left the workspace"),
    "membership.removed": _("Removed a member"),
    "membership.set": _("Added a member"),
    "quota.removed": _("Removed the workspace's own limits"),
    "quota.set": _("Set the workspace's own limits"),
    "secret.removed": _("Removed a token"),
    "secret.replaced": _("Replaced a token"),
    "secret.set": _("Entered a token"),
    "user.administrator_made": _("Made a person an administrator"),
    "user.administrator_removed": _("Removed the rights of an administrator"),
    "user.changed": _("Changed an account"),
    "user.created": _("Created an account"),
    "user.deleted": _("Deleted an account"),
    "user.deactivated": _("Deactivated an account"),
    "user.email_changed": _("Changed the e-mail address of an account"),
    "user.email_verified": _("Confirmed an e-mail address"),
    "user.exported": _("Downloaded the data of an account"),
    "user.notifications_changed": _("Changed notifications"),
    "user.password_changed": _("Changed a password"),
    "user.password_reset": _("Reset a password"),
    "user.profile_changed": _("Changed a profile"),
    "user.provider_connected": _("Connected a sign-in method"),
    "user.provider_removed": _("Removed a sign-in method"),
    "user.reactivated": _("Reactivated an account"),
    "user.reset_link_created": _("Created a link to reset a password"),
    "user.sessions_ended": _("Ended sessions"),
    "user.sign_up_repeated": _("Received a sign-up request for an address that already has an account"),
    "user.signed_in": _("Signed in"),
    "user.signed_out": _("Signed out"),
    "user.signed_up": _("Signed up"),
    "user.two_step_added": _("Added a second sign-in step"),
    "user.two_step_removed": _("Removed a second sign-in step"),
    "user.two_step_renewed": _("Renewed the recovery codes"),
    "user.webhook_secret_renewed": _("Renewed the signing secret of a webhook"),
    "user.webhook_tested": _("Tested a webhook"),
    "workspace.changed": _("Changed a workspace"),
    "workspace.created": _("Created the workspace"),
    "workspace.deleted": _("Deleted the workspace"),
    "workspace.purged": _("Purged the deleted workspace"),
    "workspace.renamed": _("Renamed the workspace"),
    "workspace.restored": _("Restored the deleted workspace"),
    "workspace.transferred": _("Transferred the workspace"),
}

"""The actions of this app and of the accounts below it; apps above add theirs (`register_actions`)."""

NAMES: dict[str, Promise] = {
    "accelerator_hours": _("training hours a month"),
    "administrator": _("administrator"),
    "app": _("app"),
    "base": _("base"),
    "before": _("before"),
    "by_link": _("for anyone with the link"),
    "bytes": _("size"),
    "can_write": _("may write"),
    "count": _("how many"),
    "data": _("data"),
    "dataset": _("dataset"),
    "days": _("days"),
    "deleted": _("deleted"),
    "encoding": _("encoding"),
    "ending": _("reason"),
    "fields": _("fields"),
    "host": _("from"),
    "is_new": _("new user"),
    "is_unlimited": _("no limits at all"),
    "key": _("with the key"),
    "kind": _("kind"),
    "location": _("location"),
    "members": _("members"),
    "methods": _("by"),
    "model": _("model"),
    "name": _("name"),
    "password": _("password"),
    "part": _("sheet or file"),
    "priority": _("priority"),
    "reason": _("reason"),
    "role": _("role"),
    "roles": _("columns"),
    "run": _("run"),
    "runs": _("runs waiting or running"),
    "storage_gb": _("storage, GB"),
    "sweep": _("sweep"),
    "task_type": _("task"),
    "test_only": _("for testing only"),
    "to": _("to"),
    "tokens_per_day": _("tokens a day"),
    "two_step_removed": _("second step removed"),
    "verdict": _("confirmed warning"),
    "version": _("version"),
}
"""What the changes of an entry are called."""


WORDS: dict[str, dict[str, Promise]] = {
    "kind": {
        "recovery_codes": _("recovery codes"),
        "totp": _("authenticator app"),
        "webauthn": _("passkey"),
    },
    "priority": {
        "low": pgettext_lazy("priority", "Low"),
        "normal": pgettext_lazy("priority", "Normal"),
        "high": pgettext_lazy("priority", "High"),
    },
    "methods": {
        "mfa": _("second step"),
        "password": _("password"),
        "password_reset": _("new password"),
        "socialaccount": _("provider"),
    },
    "reason": {
        "budget": _("time budget of the sweep used up"),
        "hours": _("training hours used up"),
        "pruned": _("worse than other trials"),
    },
    "verdict": {code.value: _(words.badge) for code, words in VERDICTS.items()},
}
"""Codes that no field of the changed thing has words for, by the name of the change."""

NAMED_BY_THE_STUDIO = ("invitation", "workspacesecret")
"""Kinds of things whose names are the studio's own words, not a person's."""
BASELINES = (
    gettext_noop("Trivial baseline"),  # as earlier releases called it
    "Simple baseline",
    "TF-IDF + logistic regression",
    "Nearest training row",
    "Byte frequencies",
)
"""What the name of an evaluation of no model begins with."""


def register_actions(actions: Mapping[str, Promise]) -> None:
    """Add the words of the actions that an app records. For its `apps.py`."""
    ACTIONS.update(actions)


def action_words(code: str) -> str:
    """What was done; an entry of another release, whose code this one does not know, says its code."""
    return str(ACTIONS.get(code, code))


def kind_words(object_type: str) -> str:
    """The name of a kind of thing, from the name of its model."""
    model = _models().get(object_type)
    return str(model._meta.verbose_name) if model else object_type


def label_words(entry: AuditEntry) -> str:
    """The name of what it was done to, in the reader's words where it is not a person's own."""
    label: str = entry.object_label
    if entry.object_type == "membership":
        who, comma, role = label.rpartition(", ")
        return f"{who}{comma}{Role(role).label}" if role in Role.values else label
    baseline, colon, data = label.partition(": ")
    if entry.object_type == "evaluation" and baseline in BASELINES:
        return gettext(baseline) + colon + data
    return gettext(label) if entry.object_type in NAMED_BY_THE_STUDIO else label


@lru_cache(maxsize=1)
def _models() -> dict[str, type[Model]]:
    return {str(model._meta.model_name): model for model in apps.get_models()}


def change_words(entry: AuditEntry) -> list[tuple[str, str]]:
    """What changed, as (name, value), without what is empty."""
    changes: dict[str, Any] = entry.changes
    return [
        (str(NAMES.get(name, name)), _value(entry, name, value))
        for name, value in changes.items()
        if value != ""
    ]


def _value(entry: AuditEntry, name: str, value: Any) -> str:
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if isinstance(value, list):
        return ", ".join(_value(entry, name, part) for part in value)
    if isinstance(value, dict):
        return ", ".join(f"{part}: {_value(entry, name, code)}" for part, code in value.items())
    if value is None:
        return "–"
    if name == "bytes":
        return size_text(int(value))
    return _code(entry, name, str(value))


def _code(entry: AuditEntry, name: str, code: str) -> str:
    """A code in words: a field of the thing has them, or these lists; anything else is a name or a figure."""
    if code in WORDS.get(name, {}):
        return str(WORDS[name][code])
    if name == "roles" and code in list(Column):
        return gettext(ROLE_LABELS[Column(code)])
    if name == "to":
        # The trail keeps no name of another person, so that it can forget them.
        person = User.objects.filter(pk=code).first()
        return person.short_name if person else "–"
    if name == "fields":
        field = _field(entry, code)
        return str(field.verbose_name) if field else code
    field = _field(entry, "role" if name == "before" else name)
    return str(dict(field.flatchoices).get(code, code)) if field else code


def _field(entry: AuditEntry, name: str) -> Field[Any, Any] | None:
    model = _models().get(entry.object_type)
    try:
        found = model._meta.get_field(name) if model else None
    except FieldDoesNotExist:
        return None
    return found if isinstance(found, Field) else None
