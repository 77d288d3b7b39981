"""Whatever changes something by a browser's cookie asks for the site's own token, so that a new address does too."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.workspaces.access.rules import Needs
from apps.workspaces.access.url_inventory import Address, addresses
from tests.access.asking import FORBIDDEN, ask, own, path_of
from tests.access.world import World

pytestmark = [pytest.mark.django_db, pytest.mark.once]

WITHOUT = {
    "set_language",
    "publishing:embed_act",
    "publishing:embed_unlock",
    "publishing:visit_act",
    "publishing:visit_unlock",
    "api:openai_chat",
    "api:openai_completions",
}
"""Pages of share links send no referrer, which the check asks for; their cookies are SameSite, and those of frames partitioned. /v1 reads no cookie."""


def answer_without_a_token(world: World, address: Address, method: str, person: str) -> str:
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.cookies.update(world.clients[person].cookies)
    return ask(client, method, path_of(address, own(world, world.ours, address, person))).word


def test_a_request_of_another_site_is_refused_at_every_address(world: World) -> None:
    tried, taken = 0, set()
    for address in addresses():
        if address.is_socket or address.access_rule is None:
            continue
        for method, rule in address.access_rule.needs.items():
            if method == "GET" or rule == Needs.NO_ONE:
                continue
            tried += 1
            person = "administrator" if rule == Needs.ADMINISTRATOR else "owner"
            if answer_without_a_token(world, address, method, person) != FORBIDDEN:
                taken.add(address.key)
    assert tried > 100
    assert taken == WITHOUT
