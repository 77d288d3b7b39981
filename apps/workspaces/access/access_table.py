"""The rules of Django's admin, and the roles that each rule lets in."""

from __future__ import annotations

from collections.abc import Iterable

from apps.workspaces.access.permissions import ALLOWED, Action
from apps.workspaces.access.rules import ADMINISTRATOR, ANYONE, NO_ONE, AccessRule, Need, Needs, access_rule

ADMIN_SITE = {
    "admin:index": access_rule(get=ADMINISTRATOR),
    "admin:login": access_rule(get=ADMINISTRATOR, post=ADMINISTRATOR),
    "admin:logout": access_rule(post=ANYONE),
    "admin:password_change": access_rule(get=ADMINISTRATOR, post=ADMINISTRATOR),
    "admin:password_change_done": access_rule(get=ADMINISTRATOR),
    "admin:autocomplete": access_rule(get=ADMINISTRATOR),
    "admin:jsi18n": access_rule(get=ADMINISTRATOR),
    "admin/(?P<url>.*)$": access_rule(get=NO_ONE, values="admin_rest"),
    "admin:view_on_site": access_rule(get=ADMINISTRATOR, values="content_type_id object_id"),
    "admin:app_list": access_rule(get=ADMINISTRATOR, values="app_label"),
    "admin:auth_user_password_change": access_rule(
        get=ADMINISTRATOR, post=ADMINISTRATOR, of="admin:accounts.user"
    ),
}

_LOOKED_AT = """
account.emailaddress core.waitingmail workspaces.apikey workspaces.auditentry workspaces.counter workspaces.invitation
workspaces.workspacesecret workspaces.usageentry workspaces.usagetotal workspaces.reservation jobs.job jobs.jobevent datasets.dataset
datasets.import datasets.datasetversion catalog.basemodel catalog.modelversion catalog.export training.preflight
training.run evaluation.evaluation evaluation.comparedevaluation evaluation.comparison publishing.app
publishing.appversion publishing.sharelink publishing.conversation publishing.message publishing.feedback
"""
ADMIN_MAY: dict[str, str] = {
    "auth.group": "add change delete",
    "accounts.user": "add change delete",
    "mfa.authenticator": "delete",
    "socialaccount.socialaccount": "delete",
    "usersessions.usersession": "delete",
    "workspaces.workspace": "add change",
    "workspaces.membership": "add delete",
    "workspaces.quota": "add change delete",
    **{label: "" for label in _LOOKED_AT.split()},
}
"""What an administrator may do to the rows of each model besides looking at them."""

ADMIN_ACTIONS: dict[str, tuple[str, ...]] = dict.fromkeys(
    (
        "accounts.user",
        "auth.group",
        "mfa.authenticator",
        "socialaccount.socialaccount",
        "usersessions.usersession",
    ),
    ("delete_selected",),
)
"""The bulk actions that an administrator is offered in the list of each model."""


def admin_rules() -> dict[str, AccessRule]:
    rules = dict(ADMIN_SITE)
    for label, may in ADMIN_MAY.items():
        prefix, kind = f"admin:{label.replace('.', '_')}", f"admin:{label}"

        def rule(permission: str, allowed: str = may) -> Need:
            return ADMINISTRATOR if permission in allowed.split() else NO_ONE

        rules |= {
            f"{prefix}_changelist": access_rule(get=ADMINISTRATOR, post=ADMINISTRATOR),
            f"{prefix}_add": access_rule(get=rule("add"), post=rule("add")),
            f"{prefix}_change": access_rule(get=ADMINISTRATOR, post=rule("change"), of=kind),
            f"{prefix}_delete": access_rule(get=rule("delete"), post=rule("delete"), of=kind),
            f"{prefix}_history": access_rule(get=ADMINISTRATOR, of=kind),
            f"admin/{label.replace('.', '/')}/<path:object_id>/": access_rule(get=ADMINISTRATOR, of=kind),
        }
    return rules


def roles_for(rule: Need) -> Iterable[str]:
    """The roles of a workspace that meet `rule`."""
    if rule in (Needs.NOTHING, Needs.SIGN_IN):
        return list(ALLOWED)
    asked = Action.MANAGE if rule == Needs.MAKER else rule
    return [role for role, allowed in ALLOWED.items() if asked in allowed]
