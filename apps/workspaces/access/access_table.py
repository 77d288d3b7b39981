"""The rules of Django's admin, and the roles that each rule lets in."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from django.contrib import admin

from apps.core.admin import RuledAdmin
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


def admin_may() -> dict[str, str]:
    """What an administrator may do to the rows of each model besides looking at them; without models that say nothing."""
    registered = admin.site._registry.values()
    return {one.model._meta.label_lower: one.may for one in registered if isinstance(one, RuledAdmin)}


def admin_actions() -> dict[str, tuple[str, ...]]:
    """The bulk actions that an administrator is offered in the list of each model."""
    registered = sorted(admin.site._registry.values(), key=lambda one: one.model._meta.label_lower)
    return {
        one.model._meta.label_lower: ("delete_selected",)
        for one in registered
        if isinstance(one, RuledAdmin) and "delete" in one.may.split() and one.actions is not None
    }


def admin_rules() -> dict[str, AccessRule]:
    rules = dict(ADMIN_SITE)
    for label, may in admin_may().items():
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


def roles_for(rule: StrEnum) -> Iterable[str]:
    """The roles of a workspace that meet `rule`."""
    if rule in (Needs.NOTHING, Needs.SIGN_IN):
        return list(ALLOWED)
    asked = Action.MANAGE if rule == Needs.MAKER else rule
    return [role for role, allowed in ALLOWED.items() if asked in allowed]
