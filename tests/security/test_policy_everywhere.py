"""Every address of the access table answers under the enforced policy, so that a new page is looked at by itself."""

from __future__ import annotations

import copy

import pytest
from django.test import Client

from apps.workspaces.access.url_inventory import Address, addresses
from tests.access.asking import own, path_of, taken_back
from tests.access.world import World
from tests.security.policy import assert_allowed

pytestmark = pytest.mark.django_db

PAGES = [
    address
    for address in addresses()
    if not address.is_socket and address.access_rule and "GET" in address.access_rule.needs
]
PEOPLE = ("anonymous", "owner", "administrator")


@pytest.mark.parametrize("address", PAGES, ids=lambda address: address.key)
def test_an_address_keeps_the_policy_for_everybody(address: Address, world: World) -> None:
    for person in PEOPLE:
        path = path_of(address, own(world, world.ours, address, person))
        # Of its own: a page that signs out takes no cookie from the tests that follow.
        client = Client(raise_request_exception=False)
        client.cookies = copy.deepcopy(world.clients[person].cookies)
        with taken_back():
            response = client.get(path)
            assert response.status_code < 500, path
            assert_allowed(response, f"{path} for {person}")
            # ASGI collects anything else in memory before the first byte.
            assert not response.streaming or response.is_async, path


def test_the_walk_sees_pages_of_every_part(world: World) -> None:
    found = {address.route.split("/")[0] for address in PAGES}
    assert {
        "admin",
        "accounts",
        "workspace",
        "data",
        "models",
        "runs",
        "evaluations",
        "apps",
        "a",
        "console",
    } <= found
    assert len(PAGES) > 100
