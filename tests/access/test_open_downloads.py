"""A file that is on its way ends within seconds of what let it in: a role, a session, a key, a workspace."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client

from apps.catalog.models import Export
from apps.datasets.models import Dataset, DatasetVersion, Import
from apps.workspaces.access import live_access
from apps.workspaces.access.api_keys import create_api_key, revoke_api_key
from apps.workspaces.models import ApiKey, Membership, Role
from apps.workspaces.team import lifecycle, members

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once]
SIZE = 400 << 20
"""Bytes: far more than the buffers between two ends of a connection hold."""
PATIENCE_SECONDS = 20


@pytest.fixture(autouse=True)
def _only_hints(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody looks by the clock, so that what ends is ended by its hint."""
    monkeypatch.setattr(live_access, "LOOK_SECONDS", 600.0)


def _large(key: str) -> None:
    """A file in the store that takes no disk."""
    path = Path(urlsplit(settings.STORAGE_URL).path) / key
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.truncate(SIZE)


@pytest.fixture
def addresses(workspace: Any, new_job: Any, make_model: Any) -> dict[str, str]:
    """Where a large source, a large data version and a large packed model are fetched."""
    dataset = Dataset.objects.create(workspace=workspace, number=1, name="Letters")
    source = Import.objects.create(
        workspace=workspace,
        dataset=dataset,
        filename="letters.csv",
        source_key="large/source",
        source_bytes=SIZE,
        job=new_job("import"),
    )
    version = DatasetVersion.objects.create(
        workspace=workspace,
        dataset=dataset,
        source=source,
        number=1,
        task_type="classification",
        roles={},
        storage_key="large/version",
        job=new_job("freeze"),
        rows_train=1,
    )
    packed = Export.objects.create(
        workspace=workspace,
        model_version=make_model(),
        job=new_job("export"),
        storage_key="large/export",
        result={"filename": "model.zip", "bytes": SIZE},
    )
    for key in (source.source_key, f"{version.storage_key}/data.parquet", packed.file_key):
        _large(key)
    return {
        "source": f"/data/imports/{source.pk}/source/",
        "version": f"/data/versions/{version.pk}/files/kept.parquet",
        "export": f"/models/exports/{packed.pk}/",
        "export by key": f"/api/v1/exports/{packed.pk}/file/",
    }


@contextlib.asynccontextmanager
async def fetching(live_site: Any, path: str, headers: dict[str, str]) -> AsyncIterator[Any]:
    """The rest of a file whose first bytes have come."""
    async with (
        httpx.AsyncClient(base_url=live_site.url, headers=headers, timeout=30) as http,
        http.stream("GET", path) as response,
    ):
        assert response.status_code == 200, await response.aread()
        rest = response.aiter_raw()
        assert await anext(rest)
        yield rest


async def received(rest: Any) -> tuple[int, bool]:
    """How many bytes came, and whether the file came to its end."""
    count = 0
    async with asyncio.timeout(PATIENCE_SECONDS):
        try:
            async for piece in rest:
                count += len(piece)
        except httpx.RemoteProtocolError:
            return count, False
    return count, True


async def is_broken_off(rest: Any, end: Callable[[], object]) -> bool:
    await sync_to_async(end)()
    await asyncio.sleep(0.5)  # the hint travels while nobody reads
    count, is_whole = await received(rest)
    return not is_whole and count < SIZE / 2


def cookie_of(user: Any) -> dict[str, str]:
    client = Client()
    client.force_login(user)
    return {"Cookie": f"sessionid={client.cookies['sessionid'].value}"}


def ends_of(workspace: Any, owner: Any, viewer: Any) -> dict[str, Callable[[], object]]:
    membership = Membership.objects.get(workspace=workspace, user=viewer)
    return {
        "removed": lambda: members.remove_member(actor=owner, membership=membership),
        "signed out": lambda: Session.objects.all().delete(),
        "account closed": lambda: [setattr(viewer, "is_active", False), viewer.save()],
        "workspace deleted": lambda: lifecycle.delete_workspace(
            actor=owner, workspace=workspace, typed_name=workspace.name
        ),
    }


@pytest.mark.parametrize(
    ("file", "end"),
    [
        ("source", "removed"),
        ("version", "signed out"),
        ("export", "account closed"),
        ("export", "workspace deleted"),
    ],
)
async def test_a_download_under_way_ends_with_what_let_it_in(
    live_site: Any, workspace: Any, owner: Any, viewer: Any, addresses: dict[str, str], file: str, end: str
) -> None:
    headers = await sync_to_async(cookie_of)(viewer)
    ends = await sync_to_async(ends_of)(workspace, owner, viewer)
    async with fetching(live_site, addresses[file], headers) as rest:
        assert await is_broken_off(rest, ends[end])


@pytest.mark.parametrize("end", ["revoked", "maker removed"])
async def test_a_download_by_key_ends_with_the_key(
    live_site: Any, workspace: Any, editor: Any, addresses: dict[str, str], end: str
) -> None:
    key, secret = await sync_to_async(create_api_key)(
        actor=editor, workspace=workspace, name="k", can_write=False
    )
    ends: dict[str, Callable[[], object]] = {
        "revoked": lambda: revoke_api_key(actor=editor, key=ApiKey.objects.get(pk=key.pk)),
        "maker removed": lambda: Membership.objects.get(user=editor).delete(),
    }
    headers = {"Authorization": f"Bearer {secret}"}
    async with fetching(live_site, addresses["export by key"], headers) as rest:
        assert await is_broken_off(rest, ends[end])


async def test_what_it_does_not_rest_on_ends_no_download(
    live_site: Any, workspace: Any, owner: Any, editor: Any, viewer: Any, addresses: dict[str, str]
) -> None:
    headers = await sync_to_async(cookie_of)(editor)
    mine = await Membership.objects.aget(workspace=workspace, user=editor)
    theirs = await Membership.objects.aget(workspace=workspace, user=viewer)

    def change() -> None:
        members.set_role(actor=owner, membership=mine, role=Role.VIEWER)
        members.remove_member(actor=owner, membership=theirs)

    async with fetching(live_site, addresses["export"], headers) as rest:
        await sync_to_async(change)()
        _count, is_whole = await received(rest)
    assert is_whole
