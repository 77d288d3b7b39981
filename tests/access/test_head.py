"""HEAD is answered wherever GET is: the same status and headers, and no body."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.workspaces.access.url_inventory import Address
from tests.access.asking import ask, own, path_of, taken_back
from tests.access.expectations import for_each
from tests.access.world import World

pytestmark = [pytest.mark.django_db, pytest.mark.once]
SAME = ("Content-Type", "Location", "Content-Disposition", "Cache-Control", "Retry-After", "WWW-Authenticate")


@for_each(lambda address, access_rule: "GET" in access_rule.needs)
def test_head_is_get_without_its_body(world: World, address: Address) -> None:
    for person in ("anonymous", "owner", "administrator"):
        path = path_of(address, own(world, world.ours, address, person))
        headers = _key(world, address.route)
        got, head = (_answer(world.clients[person], method, path, headers) for method in ("GET", "HEAD"))
        assert head == (*got[:2], 0), f"{address.route} as {person}: {got[:2]} to GET, {head} to HEAD"


def _key(world: World, route: str) -> dict[str, str]:
    kind = "app key" if route.startswith("v1/") else ""
    return {"Authorization": f"Bearer {world.keys[kind]}"} if kind else {}


def _answer(
    client: Client, method: str, path: str, headers: dict[str, str]
) -> tuple[int, dict[str, str], int]:
    """Status, headers, and how long the body is that goes out."""
    before = dict(client.cookies)
    with taken_back():
        response = client.generic(method, path, headers=headers)
        told = {name: response.headers[name] for name in SAME if name in response.headers}
        length = 0 if response.streaming else len(response.content)
        if response.streaming:
            length = -1 if method == "HEAD" else 0
            for close in response._resource_closers:
                close()
    client.cookies.clear()
    client.cookies.update(before)
    return response.status_code, told, length


def test_what_a_view_refuses_by_name_is_answered_too(world: World) -> None:
    """A view that names GET alone, and an asynchronous one of the API."""
    assert ask(world.clients["owner"], "HEAD", "/data/").status == 200
    headers = _key(world, "v1/models")
    assert ask(world.clients["anonymous"], "HEAD", "/v1/models", headers=headers).status == 200
