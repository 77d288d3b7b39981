"""What is sent in pieces is asynchronous to its end: ASGI would collect anything else in memory before the first byte."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as site_settings
from django.test import AsyncClient, Client


@pytest.fixture
def static_file() -> Iterator[Path]:
    """One that is larger than a piece, in the folder that the middleware serves."""
    root = Path(site_settings.STATIC_ROOT)
    root.mkdir(parents=True, exist_ok=True)
    path = root / "large.js"
    path.write_bytes(b"/* filling */\n" * 100_000)
    yield path
    path.unlink()


async def pieces_of(response: Any) -> list[bytes]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return [piece async for piece in response]


async def test_static_files_come_in_pieces(static_file: Path) -> None:
    client = AsyncClient()
    response = await client.get("/static/large.js")
    pieces = await pieces_of(response)
    assert len(pieces) > 3
    assert hashlib.sha256(b"".join(pieces)).digest() == hashlib.sha256(static_file.read_bytes()).digest()
    part = await client.get("/static/large.js", headers={"Range": "bytes=3-9"})
    assert (part.status_code, b"".join(await pieces_of(part))) == (206, b"filling")
    assert (await client.head("/static/large.js")).status_code == 200


def test_static_files_come_without_asgi_too(static_file: Path) -> None:
    assert b"".join(Client().get("/static/large.js")) == static_file.read_bytes()
