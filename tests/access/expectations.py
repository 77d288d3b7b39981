"""What the access table says that an address answers, and the addresses to ask."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from apps.workspaces.access import ALLOWED, Action
from apps.workspaces.access.rules import AccessRule, Need, Needs
from apps.workspaces.access.url_inventory import Address, addresses
from tests.access.asking import (
    ABSENT,
    CONFIRM,
    FORBIDDEN,
    IN,
    NO_WORKSPACE,
    SIGN_IN,
    Answer,
    own,
    random_like,
)
from tests.access.world import OURS, ROLES, THEIRS, World

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
ADDRESSES = [address for address in addresses() if not address.is_socket]
MARKS_NOT_LOOKED_FOR = ("admin/", "console/")
"""Administrators look after every workspace."""


def for_each(chosen: Callable[[Address, AccessRule], Any]) -> pytest.MarkDecorator:
    """One test for each address with an entry in the table for which `chosen` is true, named like the address."""
    found = [
        address
        for address in ADDRESSES
        if address.access_rule is not None and chosen(address, address.access_rule)
    ]
    assert found, "without an address there is no test"
    return pytest.mark.parametrize("address", [pytest.param(address, id=address.key) for address in found])


def expected(person: str, access_rule: AccessRule, rule: Need, whose: str) -> set[str]:
    """What the table says that `person` is answered. `whose` is ours, theirs (the outsider's) or no one's."""
    has_object = bool(access_rule.of)
    if rule == Needs.NOTHING:
        # A page for everybody may send on to the sign-in, for instance once an address is confirmed.
        return {IN, SIGN_IN} | ({ABSENT} if access_rule.values else set())
    if rule == Needs.NO_ONE:
        return {FORBIDDEN, SIGN_IN, ABSENT}
    if rule in (Needs.LINK, Needs.INVITATION):
        found = SIGN_IN if rule == Needs.INVITATION and person == "anonymous" else IN
        return {found} if whose in ("ours", "theirs") else {ABSENT}
    if rule == Needs.APP_KEY or person == "anonymous":
        return {SIGN_IN}
    if rule == Needs.SIGN_IN:
        return {IN, CONFIRM}
    if rule == Needs.PERSON:
        return {IN, CONFIRM} if whose == "ours" else {ABSENT, CONFIRM}
    if rule == Needs.ADMINISTRATOR:
        if person != "administrator":
            return {FORBIDDEN, SIGN_IN}
        return {ABSENT} if whose == "no one's" and has_object else {IN}
    asked = Action.MANAGE if rule == Needs.MAKER else Action(rule)
    at_home = _role(person, "theirs" if person == "outsider" else "ours")
    role = _role(person, whose) if has_object else at_home
    if role is None:
        # A page may ask for the role where the person is now before it looks for the object.
        refused = {NO_WORKSPACE} if at_home is None else set() if asked in ALLOWED[at_home] else {FORBIDDEN}
        return {ABSENT} | refused
    return {IN} if asked in ALLOWED[role] else {ABSENT if access_rule.hides else FORBIDDEN}


def _role(person: str, whose: str) -> str | None:
    if whose == "ours":
        return person if person in ROLES else None
    return "owner" if whose == "theirs" and person == "outsider" else None


def ids_to_ask_for(world: World, address: Address, person: str) -> list[tuple[str, list[str]]]:
    """Whose objects to ask for, and their ids."""
    access_rule = address.access_rule
    assert access_rule is not None
    ours = own(world, world.ours, address, person)
    of_admin = address.route.startswith("admin/")
    if not access_rule.of or of_admin:
        # Whose it is makes no difference to who is let into the admin.
        return [("ours", ours)]
    theirs = own(world, world.theirs, address, person)
    unowned = [random_like(kind, known) for kind, known in zip(access_rule.of, ours, strict=False)]
    return [("ours", ours), ("theirs", theirs), ("no one's", unowned + ours[len(access_rule.of) :])]


def is_leak(person: str, address: Address, answer: Answer) -> bool:
    """Whether the answer names what lies in a workspace that this person is no member of."""
    if (
        address.route.startswith(MARKS_NOT_LOOKED_FOR)
        or Needs.LINK in (address.access_rule or AccessRule({})).needs.values()
    ):
        return False
    hidden = {OURS, THEIRS} - ({OURS} if person in ROLES else {THEIRS} if person == "outsider" else set())
    return any(mark in answer.body for mark in hidden)
