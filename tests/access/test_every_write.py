"""Every write of the site, done by whoever may, leaves an entry in the audit trail."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction
from django.db.models.signals import post_save

from apps.workspaces.access.rules import Needs
from apps.workspaces.access.url_inventory import Address, addresses
from apps.workspaces.models import AuditEntry
from tests.access.asking import IN, ask, own, path_of, taken_back
from tests.access.bodies import body_for
from tests.access.readying import READY
from tests.access.world import World

pytestmark = pytest.mark.django_db

NO_ENTRY = {
    "set_language": "which language the pages are in",
    "home:set_up": "closed once there is an owner",
    "console:network": "refused here, where no launcher listens; recorded by tests/platform/test_network.py",
    "workspaces:switch": "which of one's workspaces the pages show",
    "datasets:part": "a part of an upload; the import that uses it is recorded",
    "api:upload-list": "nothing is written before a part comes",
    "api:upload-part": "as datasets:part",
    "publishing:preview_act": "what visitors say is content",
    "publishing:embed_act": "as publishing:visit_act",
    "publishing:embed_unlock": "as publishing:visit_unlock",
    "publishing:visit_act": "what visitors say is content",
    "publishing:visit_unlock": "a visitor says a link's password; nothing is written",
}
"""Addresses that may be posted to without an entry, and why."""
OTHERS = ("admin/", "accounts/")
"""Django's and allauth's pages, whose writes are held to the trail by tests/apps/admin and tests/apps/accounts."""
BY = {"workspaces:leave": "editor"}
"""Who does what the owner cannot: the last one stays."""


def _writes() -> list[tuple[Address, str]]:
    return [
        (address, method)
        for address in addresses()
        if address.access_rule and not address.is_socket and not address.route.startswith(OTHERS)
        for method, rule in address.access_rule.needs.items()
        if method not in ("GET", "OPEN") and rule not in (Needs.APP_KEY, Needs.NO_ONE)
    ]


def _entries_of(world: World, address: Address, method: str, person: str) -> tuple[str, int, int]:
    """The answer in a word, its status, and how many entries it left."""
    counted: list[int] = []

    def count(**_: Any) -> None:
        counted.append(1)

    with taken_back():
        if address.key in READY:
            ids = [str(pk) for pk in READY[address.key](world)]
        else:
            ids = own(world, world.ours, address, person)
        post_save.connect(count, sender=AuditEntry)
        try:
            sent = body_for(address.key, method, world.ours)
            answer = ask(world.clients[person], method, path_of(address, ids), sent)
        finally:
            post_save.disconnect(count, sender=AuditEntry)
    return answer.word, answer.status, len(counted)


def test_every_write_leaves_an_entry(world: World) -> None:
    missing: list[str] = []
    for address, method in _writes():
        rules = address.access_rule.needs if address.access_rule else {}
        person = "administrator" if rules[method] == Needs.ADMINISTRATOR else BY.get(address.key, "owner")
        word, status, entries = _entries_of(world, address, method, person)
        if word != IN:
            missing.append(f"{method} {address.key}: {word} {status}")
        elif not entries and address.key not in NO_ENTRY:
            missing.append(f"{method} {address.key}: no entry ({status})")
        elif entries and address.key in NO_ENTRY:
            missing.append(f"{method} {address.key} leaves an entry and need not be listed")
    assert not missing, "\n".join(missing)


def test_a_write_that_is_rolled_back_leaves_none(world: World) -> None:
    before = AuditEntry.objects.count()
    with transaction.atomic():
        world.clients["owner"].post("/workspace/new/", {"name": "Another"})
        transaction.set_rollback(True)
    assert AuditEntry.objects.count() == before
