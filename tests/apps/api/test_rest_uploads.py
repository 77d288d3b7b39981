"""A file that comes in parts through the REST API, and goes on where it broke off."""

from typing import Any

import pytest

from apps.datasets import services
from apps.datasets.models import Import
from tests.apps.api.conftest import Caller, error_of
from tests.apps.api.test_rest import CSV, NOWHERE

pytestmark = pytest.mark.django_db
UNKNOWN = "20260101-" + "a" * 32


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> int:
    for module in (services, services.uploading):
        monkeypatch.setattr(module, "PART_BYTES", 500)
    return 500


def send(caller: Caller, upload: str, number: int, content: bytes) -> Any:
    address = f"/api/v1/uploads/{upload}/parts/{number}/"
    return caller.client.post(address, content, content_type="application/octet-stream")


def test_a_file_in_parts_goes_on_where_it_broke_off(caller: Caller, small_parts: int) -> None:
    source = CSV.encode()
    begun = caller.post("uploads/")
    assert begun.status_code == 201
    upload, size = begun.json()["id"], begun.json()["part_bytes"]
    parts = [source[start : start + size] for start in range(0, len(source), size)]
    assert len(parts) > 2
    assert send(caller, upload, 1, parts[1]).status_code == 204
    asked = {"upload": upload, "parts": len(parts), "filename": "lost.csv", "name": "Lost things"}
    early = caller.post("datasets/", asked)
    assert (early.status_code, error_of(early)) == (400, ("incomplete", "parts"))
    assert caller.get(f"uploads/{upload}/").json()["parts"] == [1]
    for number, part in enumerate(parts):
        assert send(caller, upload, number, part).status_code == 204
    made = caller.post("datasets/", asked)
    assert made.status_code == 201
    assert (made.json()["source_bytes"], made.json()["filename"]) == (len(source), "lost.csv")
    assert caller.get(f"uploads/{upload}/").json()["parts"] == [], "they are given back"


def test_what_is_no_part(caller: Caller, small_parts: int) -> None:
    upload = caller.post("uploads/").json()["id"]
    large = send(caller, upload, 0, b"x" * (small_parts + 1))
    assert (large.status_code, error_of(large)[0]) == (400, "too_large")
    assert error_of(send(caller, upload, 0, b""))[0] == "empty"
    other = caller.client.post(f"/api/v1/uploads/{upload}/parts/0/", b"x", content_type="text/plain")
    assert other.status_code == 415
    assert send(caller, "no-upload", 0, b"x").status_code == 404
    assert caller.get("uploads/no-upload/").status_code == 404


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({"upload": UNKNOWN}, "invalid", "parts"),
        ({"upload": UNKNOWN, "parts": 0}, "invalid", "parts"),
        ({"upload": UNKNOWN, "parts": 1}, "incomplete", "parts"),
        ({"upload": NOWHERE, "parts": 1}, "not_found", "upload"),
        ({"upload": "../../x", "parts": 1}, "not_found", "upload"),
        ({"upload": UNKNOWN, "parts": 1, "text": "a"}, "invalid", "file"),
    ],
)
def test_a_wrong_ending_is_refused_at_its_field(caller: Caller, body: Any, code: str, field: str) -> None:
    response = caller.post("datasets/", body)
    assert (response.status_code, error_of(response)) == (400, (code, field))
    assert not Import.objects.exists()


def test_nobody_completes_or_sees_what_somebody_else_began(caller: Caller, key_of: Any, owner: Any) -> None:
    upload = caller.post("uploads/").json()["id"]
    assert send(caller, upload, 0, CSV.encode()).status_code == 204
    other = Caller(key_of(owner))
    assert other.get(f"uploads/{upload}/").json()["parts"] == []
    response = other.post("datasets/", {"upload": upload, "parts": 1})
    assert error_of(response) == ("incomplete", "parts")


def test_who_only_reads_uploads_nothing(key_of: Any, editor: Any) -> None:
    reading = Caller(key_of(editor, can_write=False))
    assert reading.post("uploads/").status_code == 403
    assert reading.get(f"uploads/{UNKNOWN}/").status_code == 403
