"""Files that come in parts, and go on where they broke off."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.core.errors import UserError
from apps.core.storage import storage
from apps.datasets import services, tasks
from apps.datasets.models import Dataset, Import
from tests.apps.datasets.conftest import tickets

pytestmark = pytest.mark.django_db
BINARY = {"content_type": "application/octet-stream"}


def _part(upload_id: str, number: int) -> str:
    return reverse("datasets:part", args=[upload_id, number])


def _form(upload_id: str, parts: int) -> dict[str, object]:
    return {"upload": upload_id, "parts": parts, "filename": "tickets.csv"}


def test_parts_in_any_order_become_the_file_and_are_dropped(client_for, editor) -> None:
    client = client_for(editor)
    upload_id = services.new_upload_id()
    content = tickets()
    pieces = [content[:1000], content[1000:2000], content[2000:]]
    for number in (2, 0):
        assert client.post(_part(upload_id, number), pieces[number], **BINARY).status_code == 200
    assert client.get(reverse("datasets:parts", args=[upload_id])).json() == {"parts": [0, 2]}

    response = client.post(reverse("datasets:new"), _form(upload_id, 3))
    assert response.status_code == 422
    assert "A part of the file did not arrive" in response.content.decode()

    client.post(_part(upload_id, 1), pieces[1], **BINARY)
    response = client.post(reverse("datasets:new"), _form(upload_id, 3))
    import_ = Import.objects.get()
    assert response["Location"] == reverse("datasets:import", args=[import_.pk])
    with storage().open(import_.source_key) as stream:
        assert stream.read() == content
    assert import_.filename == "tickets.csv"
    assert services.stored_parts(actor=editor, upload_id=upload_id) == []


def test_a_part_sent_twice_counts_once(client_for, editor) -> None:
    client = client_for(editor)
    upload_id = services.new_upload_id()
    for _ in range(2):
        client.post(_part(upload_id, 0), tickets(), **BINARY)
    client.post(reverse("datasets:new"), _form(upload_id, 1))
    assert Import.objects.get().source_bytes == len(tickets())


def test_a_form_is_no_part(client_for, editor) -> None:
    """Its fields are read before the page is reached, and with them the body."""
    upload_id = services.new_upload_id()
    response = client_for(editor).post(_part(upload_id, 0), {"file": "x"})
    assert response.status_code == 400
    assert "A part of the file did not arrive" in response.json()["message"]
    assert services.stored_parts(actor=editor, upload_id=upload_id) == []


def test_nobody_completes_or_sees_the_upload_of_another(client_for, editor, admin) -> None:
    upload_id = services.new_upload_id()
    client_for(editor).post(_part(upload_id, 0), tickets(), **BINARY)
    other = client_for(admin)
    assert other.get(reverse("datasets:parts", args=[upload_id])).json() == {"parts": []}
    assert other.post(reverse("datasets:new"), _form(upload_id, 1)).status_code == 422
    assert not Dataset.objects.exists()


def test_who_may_not_upload_may_not_send_parts(client_for, viewer) -> None:
    assert client_for(viewer).post(_part(services.new_upload_id(), 0), b"x", **BINARY).status_code == 403
    assert client_for().post(_part(services.new_upload_id(), 0), b"x", **BINARY).status_code == 302


@pytest.mark.parametrize("upload_id", ["x", "20260101-", "20260101-" + "g" * 32, "2026-01-01" + "a" * 32])
def test_an_id_that_we_did_not_give_is_refused(client_for, editor, upload_id: str) -> None:
    response = client_for(editor).post(_part(upload_id, 0), b"x", **BINARY)
    assert response.status_code == 400
    assert "Reload the page" in response.json()["message"]


def test_parts_beyond_the_limit_are_refused(settings, client_for, editor) -> None:
    settings.UPLOAD_LIMIT_MB = 8
    client = client_for(editor)
    upload_id = services.new_upload_id()
    assert client.post(_part(upload_id, 1), b"x", **BINARY).status_code == 200
    assert client.post(_part(upload_id, 2), b"x", **BINARY).json()["code"] == "too_large"
    assert client.post(_part(upload_id, 0), b"x" * (services.PART_BYTES + 1), **BINARY).status_code == 400
    assert client.post(_part(upload_id, 0), b"", **BINARY).status_code == 400


def test_uploads_broken_off_days_ago_are_dropped_whoever_began_them(
    editor, admin, workspace, monkeypatch
) -> None:
    now = timezone.now()
    ids = {}
    for user, days in ((editor, 10), (admin, 5), (editor, 1)):
        monkeypatch.setattr(timezone, "now", lambda days=days: now - timedelta(days=days))
        ids[user, days] = services.new_upload_id()
        services.store_part(
            actor=user, workspace=workspace, upload_id=ids[user, days], number=0, content=b"x"
        )
    monkeypatch.setattr(timezone, "now", lambda: now)
    assert tasks.drop_old_uploads() == 2
    left = [days for (user, days), name in ids.items() if services.stored_parts(actor=user, upload_id=name)]
    assert left == [1]
    assert tasks.drop_old_uploads() == 0


def test_missing_parts_are_noticed_before_anything_is_made(editor) -> None:
    with pytest.raises(UserError, match="did not arrive"):
        services.read_parts(actor=editor, upload_id=services.new_upload_id(), count=0)
