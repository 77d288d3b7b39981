"""What a page costs does not grow with what people added: every address that can be read is asked in a world with one
of everything, and again with thousands of everything and 200,000 messages."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.workspaces.access.rules import Needs
from apps.workspaces.access.url_inventory import Address, addresses
from tests.access import crowd
from tests.access.asking import own, path_of
from tests.access.readying import READY
from tests.access.world import World

pytestmark = [pytest.mark.django_db, pytest.mark.once]
LARGEST_BYTES = 300_000
TIMES, FLOOR_SECONDS = 10, 0.3
"""A page may take ten times what it takes in the small world. Below the floor nothing is compared: to count 200,000 messages
once takes most of it."""
clock = time.process_time if connection.vendor == "sqlite" else time.perf_counter
"""SQLite works in this process: its time is the page's own, whatever else runs on the machine."""
QUERIES_MORE = 6
MOST_JOINS = 7
"""In one query. To plan eight takes Postgres 200 ms, however few rows there are."""
TRIES = 3
DOWNLOADS = (
    "datasets:source",
    "datasets:import_file",
    "datasets:version_file",
    "evaluation:file",
    "training:file",
    "training:folder",
    "evaluation:comparison_file",
    "catalog:download",
)
NOT_PAGES = (
    *DOWNLOADS,
    "workspaces:audit_export",
    "account_download_export",
    "openid_connect",
    "api:export-file",
    "api:import-file",
    "api:datasetversion-file",
    "api:evaluation-file",
    "api:run-file",
    "api:run-folder",
    "api:comparison-file",
)
"""Files, which are as long as what is in them, and the way to another site."""


@dataclass(frozen=True)
class Cost:
    seconds: float
    queries: int
    bytes: int
    status: int
    joins: int


def readable(world: World) -> list[tuple[str, str, str]]:
    """Name, path and person of every address with a GET."""
    found = []
    for address in addresses():
        if address.is_socket or address.access_rule is None or "GET" not in address.access_rule.needs:
            continue
        if address.key.startswith(NOT_PAGES) or address.key.endswith("_stream"):
            continue
        person = _person(address)
        if person is None:
            continue
        values = (
            READY[address.key](world) if address.key in READY else own(world, world.ours, address, person)
        )
        found.append((address.key, path_of(address, [str(value) for value in values]), person))
    return found


def _person(address: Address) -> str | None:
    assert address.access_rule is not None
    rule = address.access_rule.needs["GET"]
    if rule in (Needs.NO_ONE, Needs.APP_KEY):
        return None
    if rule in (Needs.LINK, Needs.NOTHING):
        return "anonymous"
    return "administrator" if rule == Needs.ADMINISTRATOR else "owner"


def cost_of(client: Any, path: str) -> Cost:
    with CaptureQueriesContext(connection) as queries:
        began = clock()
        answer = client.get(path)
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        seconds = clock() - began
    joins = max((query["sql"].count(" JOIN ") for query in queries), default=0)
    return Cost(seconds, len(queries), len(body), answer.status_code, joins)


def cost_within(client: Any, path: str, limit: float) -> Cost:
    """Asked again when it took longer than `limit` seconds: now and then a page pays for the garbage of those before it."""
    for _ in range(TRIES):
        cost = cost_of(client, path)
        if cost.seconds <= limit:
            break
    return cost


def test_no_page_grows_with_what_people_added(world: World) -> None:
    asked = readable(world)
    for _key, path, person in asked:
        cost_of(world.clients[person], path)
    empty = {key: cost_of(world.clients[person], path) for key, path, person in asked}
    crowd.fill(world)
    assert not crowd.too_few()
    wrong = []
    for key, path, person in asked:
        before = empty[key]
        limit = max(FLOOR_SECONDS, TIMES * before.seconds)
        after = cost_within(world.clients[person], path, limit)
        told = f"{key} {path}: {before} -> {after}"
        if after.status != before.status:
            wrong.append(f"answers differently: {told}")
        if after.bytes > LARGEST_BYTES:
            wrong.append(f"too large: {told}")
        if after.queries > before.queries + QUERIES_MORE:
            wrong.append(f"too many queries: {told}")
        if after.joins > MOST_JOINS:
            wrong.append(f"joins too many tables in one query: {told}")
        if after.seconds > limit:
            wrong.append(f"too slow: {told}")
    assert len(asked) > 100
    assert not wrong, "\n".join(wrong)
