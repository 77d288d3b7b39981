"""Every WebSocket of the site, opened as everybody, answers as the access table says."""

from __future__ import annotations

from typing import Any

import pytest
from asgiref.sync import async_to_sync
from asgiref.testing import ApplicationCommunicator
from django.test import Client

from apps.workspaces.access.rules import OPEN
from apps.workspaces.access.url_inventory import Address, addresses
from studio.asgi import application
from tests.access.asking import IN, own, path_of, taken_back
from tests.access.expectations import expected, ids_to_ask_for
from tests.access.world import PEOPLE, ROLES, World

pytestmark = pytest.mark.django_db
SOCKETS = [address for address in addresses() if address.is_socket]
HOST = b"studio.example"
WAIT_SECONDS = 10


@pytest.fixture(autouse=True)
def _connection_stays_open(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a socket looks up must see the transaction of this test, not close its connection."""
    monkeypatch.setattr("channels.db.close_old_connections", lambda: None)
    monkeypatch.setattr("apps.core.database.close_old_connections", lambda: None)


def open_socket(client: Client, path: str) -> list[dict[str, Any]]:
    """What the site sends first: [accept], [close], or [accept, close]; then the browser goes."""

    async def ask() -> list[dict[str, Any]]:
        cookie = "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())
        headers = [(b"host", HOST), (b"origin", b"http://" + HOST), (b"cookie", cookie.encode())]
        scope = {
            "type": "websocket",
            "path": path,
            "headers": headers,
            "query_string": b"",
            "subprotocols": [],
        }
        line = ApplicationCommunicator(application, scope)
        await line.send_input({"type": "websocket.connect"})
        heard = [await line.receive_output(WAIT_SECONDS)]
        if heard[0]["type"] == "websocket.accept" and not await line.receive_nothing(timeout=0.05):
            heard.append(await line.receive_output(WAIT_SECONDS))
        await line.send_input({"type": "websocket.disconnect", "code": 1000})
        await line.wait(WAIT_SECONDS)
        return heard

    with taken_back():
        return async_to_sync(ask)()


def is_open(heard: list[dict[str, Any]]) -> bool:
    return [message["type"] for message in heard] == ["websocket.accept"]


def asked(world: World, address: Address, person: str) -> dict[str, str]:
    return {whose: path_of(address, ids) for whose, ids in ids_to_ask_for(world, address, person)}


@pytest.mark.parametrize("person", PEOPLE)
def test_everybodys_sockets_open_as_the_table_says(world: World, person: str) -> None:
    wrong: list[str] = []
    for address in SOCKETS:
        access_rule = address.access_rule
        assert access_rule is not None, f"{address.route} has no line in the access table"
        told: dict[str, list[dict[str, Any]]] = {}
        for whose, path in asked(world, address, person).items():
            heard = told[whose] = open_socket(world.clients[person], path)
            right = expected(person, access_rule, access_rule.needs[OPEN], whose)
            if is_open(heard) != (IN in right):
                wrong.append(f"{address.route} ({whose}): {heard}, not {right}")
        refused = [heard for heard in told.values() if not is_open(heard)]
        if any(heard != refused[0] for heard in refused):
            wrong.append(f"{address.route}: a foreign object is told apart from a random id: {refused}")
    assert not wrong, f"as {person}:\n" + "\n".join(wrong)


def test_nobody_without_a_visitors_cookie_listens_at_a_link(world: World) -> None:
    (address,) = (socket for socket in SOCKETS if socket.route.startswith("ws/a/"))
    assert not is_open(open_socket(Client(), path_of(address, own(world, world.ours, address, ROLES[0]))))
