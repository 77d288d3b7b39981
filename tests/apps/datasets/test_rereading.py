"""A stored file is read again, as another sheet or in another encoding, without being uploaded again."""

import io

import openpyxl
import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from apps.core.errors import UserError
from apps.core.storage import storage
from apps.datasets import services
from apps.datasets.models import Import
from apps.jobs.models import Job
from apps.jobs.runner.supervisor import supervise
from apps.jobs.states import State
from tests.apps.datasets.conftest import tickets
from tests.fixtures.page_text import html_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once]

RUSSIAN = "вопрос,ответ\n" + "".join(f"Где мой заказ {n}?,Он в пути {n}\n" for n in range(30))


def workbook() -> bytes:
    book = openpyxl.Workbook()
    for name, rows in (("Tickets", 40), ("Old", 30)):
        sheet = book.create_sheet(name)
        sheet.append(["text", "label"])
        for n in range(rows):
            sheet.append([f"{name} {n} does not work", "ab"[n % 2]])
    book.remove(book.active)
    sink = io.BytesIO()
    book.save(sink)
    return sink.getvalue()


def read(source: Import) -> Import:
    supervise(str(source.job_id))
    source.refresh_from_db()
    return source


def test_another_sheet_is_picked_on_the_page(client, owner, upload) -> None:
    source = read(upload(workbook(), "book.xlsx"))
    assert (source.result["part"], source.result["rows"]) == ("Tickets", 40)
    client.force_login(owner)
    page = reverse("datasets:import", args=[source.pk])
    assert '<option value="Old">' in client.get(page).content.decode()
    before, old_job = source.rows_key, source.job_id
    answer = client.post(reverse("datasets:reread", args=[source.pk]), {"part": "Old"})
    assert (answer.status_code, answer["Location"]) == (302, page)
    source = read(Import.objects.get(pk=source.pk))
    assert (source.result["part"], source.result["rows"]) == ("Old", 30)
    assert '<option value="Old" selected>' in client.get(page).content.decode()
    assert not Job.objects.filter(pk=old_job).exists()
    assert (storage().is_published(before), storage().is_published(source.rows_key)) == (False, True)


def test_another_encoding_is_picked(client, owner, upload) -> None:
    source = read(upload(RUSSIAN.encode("cp1251"), "orders.csv"))
    source = read(services.reread_import(actor=owner, import_=source, encoding="koi8_r"))
    assert (source.result["codec"], source.result["encoding"]) == ("koi8_r", "Cyrillic (KOI8-R)")
    source = read(services.reread_import(actor=owner, import_=source, encoding="cp1251"))
    assert [column["name"] for column in source.result["columns"]] == ["вопрос", "ответ"]
    client.force_login(owner)
    page = client.get(reverse("datasets:import", args=[source.pk])).content.decode()
    assert "Read as Cyrillic (Windows-1251)" in page
    assert "Где мой заказ 0?" in page


def test_a_reading_that_fails_can_be_chosen_differently(client, owner, upload) -> None:
    source = read(upload(RUSSIAN.encode(), "orders.csv"))
    source = read(services.reread_import(actor=owner, import_=source, encoding="utf-32"))
    assert (source.job.state, source.result) == (State.FAILED, None)
    client.force_login(owner)
    assert 'name="encoding"' in client.get(reverse("datasets:import", args=[source.pk])).content.decode()
    assert read(services.reread_import(actor=owner, import_=source)).result["rows"] == 30


def test_by_api(client, owner, upload) -> None:
    source = read(upload(workbook(), "book.xlsx"))
    client.force_login(owner)
    address = f"/api/v1/imports/{source.pk}/reread/"
    answer = client.post(address, {"part": "Old"}, content_type="application/json")
    assert (answer.status_code, answer.json()["reading"]["part"]) == (200, "Old")
    read(source)
    assert client.post(address, {"part": "Nowhere"}, content_type="application/json").status_code == 400
    assert client.post(address, {"encoding": "klingon"}, content_type="application/json").status_code == 400


def test_what_became_a_version_stays_as_it_was_read(owner, upload) -> None:
    source = read(upload(tickets(), "tickets.csv"))
    services.confirm_import(
        actor=owner, import_=source, task_type="classification", roles={"text": "input", "label": "label"}
    )
    with pytest.raises(UserError, match="Upload it again"):
        services.reread_import(actor=owner, import_=source, encoding="cp1252")


def test_a_reading_waits_for_the_one_before_it(owner, upload) -> None:
    source = upload(tickets(), "tickets.csv")
    with pytest.raises(UserError, match="still being read"):
        services.reread_import(actor=owner, import_=source)


def test_a_viewer_may_not(viewer, upload) -> None:
    source = read(upload(tickets(), "tickets.csv"))
    with pytest.raises(PermissionDenied):
        services.reread_import(actor=viewer, import_=source)


def test_discarding_frees_every_reading(owner, upload, django_capture_on_commit_callbacks) -> None:
    source = read(upload(workbook(), "book.xlsx"))
    source = read(services.reread_import(actor=owner, import_=source, part="Old"))
    with django_capture_on_commit_callbacks(execute=True):
        services.discard_import(actor=owner, import_=source)
    assert not storage().is_published(source.rows_key)


def test_the_page_says_how_a_damaged_file_was_read_and_what_its_lines_were(client, owner, upload) -> None:
    lines = ["# exported on Monday", "text,label", *(f"Grüße {n},{'ab'[n % 2]}" for n in range(600)), ""]
    content = "\n".join(lines).encode().replace("Grüße 300,".encode(), b"Gr\xfc\xdfe 300,")
    source = read(upload(content, "greetings.csv"))
    result = source.result
    assert (result["rows"], result["rejected"], result["blank"], result["comments"]) == (599, 1, 0, 1)
    client.force_login(owner)
    page = html_of(client.get(reverse("datasets:import", args=[source.pk])))
    assert "Read as UTF-8" in page
    assert "Grüße 0,a" in page
    assert "<dt>Comment lines</dt><dd>1</dd>" in page
