"""Every address that the site really has, with its rule, so that none escapes the access table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, get_resolver

from apps.workspaces.access.access_table import admin_actions, admin_may, admin_rules, roles_for
from apps.workspaces.access.rules import DECLARED, AccessRule, Needs


@dataclass(frozen=True)
class Address:
    """`key` is the qualified name of the address, or its route where it has no name."""

    key: str
    route: str
    access_rule: AccessRule | None
    is_socket: bool = False


def addresses(resolver: URLResolver | None = None, sockets: list[Any] | None = None) -> Iterator[Address]:
    """Every address of the site (or of `resolver`), Django's admin included, and every WebSocket."""
    named = admin_rules()
    for key, route, view in _walk(resolver or get_resolver(), "", ()):
        yield Address(key, route, _rule_of(view) or DECLARED.get(key) or named.get(key))
    if sockets is None:
        sockets = import_module(settings.ROOT_URLCONF).websocket_urlpatterns
    for pattern in sockets:
        route = str(pattern.pattern)
        consumer = getattr(pattern.callback, "consumer_class", None)
        yield Address(route, route, getattr(consumer, "access_rule", None), is_socket=True)


def _rule_of(view: Any) -> AccessRule | None:
    """The rule that is stated at a view, or by the methods of a viewset."""
    of_methods = getattr(getattr(view, "cls", None), "access_rule_of", None)
    if of_methods:
        stated: AccessRule | None = of_methods(view.actions, **view.initkwargs)
        return stated
    return getattr(view, "access_rule", None)


def _walk(resolver: URLResolver, prefix: str, names: tuple[str, ...]) -> Iterator[tuple[str, str, Any]]:
    for pattern in resolver.url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            inner = (*names, pattern.namespace) if pattern.namespace else names
            yield from _walk(pattern, route, inner)
        elif isinstance(pattern, URLPattern):
            yield ":".join((*names, pattern.name)) if pattern.name else route, route, pattern.callback


def unlisted() -> list[str]:
    """Addresses without a rule, and models whose admin has none."""
    models = [model._meta.label_lower for model in admin.site._registry]
    missing = sorted(set(models) - set(admin_may()))
    return [address.route for address in addresses() if address.access_rule is None] + missing


def rows() -> list[dict[str, Any]]:
    """The table as plain data, one row for each address and method."""
    listed: list[dict[str, Any]] = []
    for address in addresses():
        if address.access_rule is None:
            continue
        for method, rule in address.access_rule.needs.items():
            listed.append(
                {
                    "address": f"/{address.route}",
                    "name": address.key,
                    "method": method,
                    "objects": list(address.access_rule.of),
                    "needs": str(rule),
                    "roles": list(roles_for(rule)),
                    "visitors": rule in (Needs.NOTHING, Needs.LINK),
                }
            )
    for label, actions in admin_actions().items():
        listed += [
            {
                "address": f"/admin/{label.replace('.', '/')}/",
                "name": f"{label} {action}",
                "method": "ACTION",
                "objects": [f"admin:{label}"],
                "needs": str(Needs.ADMINISTRATOR),
                "roles": [],
                "visitors": False,
            }
            for action in actions
        ]
    return listed
