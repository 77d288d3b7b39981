"""A method that the access table does not name does nothing, at every page, API call and admin page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from apps.workspaces.access.url_inventory import Address
from tests.access.asking import ABSENT, CONFIRM, FORBIDDEN, NO_METHOD, NO_WORKSPACE, SIGN_IN, ask, path_of
from tests.access.expectations import METHODS, expected, for_each, ids_to_ask_for, is_leak
from tests.access.world import World

pytestmark = [pytest.mark.django_db, pytest.mark.once]
REFUSED = {NO_METHOD, SIGN_IN, ABSENT, NO_WORKSPACE, FORBIDDEN, CONFIRM}
ASKING = ("anonymous", "outsider", "owner", "administrator")
"""Roles are ordered: what does nothing for the owner does nothing for an editor."""
LIKE_A_GET = "admin/"
"""Django's admin answers a method that it does not know as it answers a GET, to whom that is open."""
KEPT_ANYWAY = ("django_session", "usersessions_usersession")
"""What any request may write: that somebody was here."""


@for_each(lambda address, access_rule: set(METHODS) - set(access_rule.needs))
def test_methods_that_the_table_does_not_name_do_nothing(world: World, address: Address) -> None:
    """PUT, PATCH, DELETE and whatever else has no line: refused, or as a GET; nothing is written."""
    assert address.access_rule is not None
    wrong: list[str] = []
    for person in ASKING:
        for whose, ids in ids_to_ask_for(world, address, person):
            right = REFUSED | _answers_to_any_method(person, address, whose)
            for method in set(METHODS) - set(address.access_rule.needs):
                asked = f"as {person}: {method} {address.route} ({whose})"
                written: list[str] = []
                with connection.execute_wrapper(noting_writes(written)):
                    answer = ask(world.clients[person], method, path_of(address, ids), {"name": "Forged"})
                if answer.word not in right:
                    wrong.append(f"{asked}: {answer.status}")
                if is_leak(person, address, answer):
                    wrong.append(f"{asked} names what {person} must not see")
                wrong += [f"{asked} wrote: {sql}" for sql in written]
    assert not wrong, "\n".join(wrong)


def _answers_to_any_method(person: str, address: Address, whose: str) -> set[str]:
    if not address.route.startswith(LIKE_A_GET):
        return set()
    assert address.access_rule is not None
    needs = address.access_rule.needs
    return expected(person, address.access_rule, needs.get("GET") or next(iter(needs.values())), whose)


def noting_writes(found: list[str]) -> Callable[..., Any]:
    """For `execute_wrapper`: keeps what is written, and costs less than keeping every query."""

    def note(execute: Callable[..., Any], sql: str, parameters: Any, many: bool, context: Any) -> Any:
        if sql.startswith(("INSERT", "UPDATE", "DELETE")) and not any(t in sql[:80] for t in KEPT_ANYWAY):
            found.append(sql[:120])
        return execute(sql, parameters, many, context)

    return note
