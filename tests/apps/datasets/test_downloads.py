"""Rows and outputs as files, from pages and by API: equal to what is stored, bounded in memory, for members alone."""

import csv
import io
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from asgiref.sync import async_to_sync
from django.urls import reverse

from apps.core.storage import storage
from apps.core.tables import Table, csv_chunks
from apps.datasets import services
from apps.workspaces.access.api_keys import create_api_key
from tests.apps.api.conftest import Caller
from tests.apps.datasets.conftest import tickets

pytestmark = [pytest.mark.django_db, pytest.mark.once]
ROOT = "/api/v1/"
KINDS = ("import rejected", "version rejected", "version kept", "evaluation outputs")


def caller_of(user: Any) -> Caller:
    """A script with a key of the user's own workspace."""
    workspace = user.memberships.get().workspace
    return Caller(create_api_key(actor=user, workspace=workspace, name="script")[1])


@pytest.fixture
def stored(owner, upload, run_job, make_evaluation, succeed) -> dict[str, Any]:
    """What each kind of file is of, with a name in Hindi and a cell that looks like a formula."""
    import_ = upload(tickets() + b'\n"no label",\n"=1+1",\n')
    run_job(import_.job)
    import_.refresh_from_db()
    import_.dataset.name = "हिन्दी डेटा"
    import_.dataset.save()
    version = services.confirm_import(
        actor=owner, import_=import_, task_type="classification", roles={"text": "input", "label": "label"}
    )
    run_job(version.job)
    version.refresh_from_db()
    return {"import": import_, "version": version, "evaluation": make_evaluation(None)}


def addresses(stored: dict[str, Any], kind: str, extension: str) -> tuple[str, str]:
    """The page's address and the API's."""
    of, table = kind.split()
    page = {
        "import": "datasets:import_file",
        "version": "datasets:version_file",
        "evaluation": "evaluation:file",
    }[of]
    api = {"import": "imports", "version": "dataset-versions", "evaluation": "evaluations"}[of]
    name = f"{table}.{extension}"
    return reverse(page, args=[stored[of].pk, name]), f"{ROOT}{api}/{stored[of].pk}/files/{name}/"


def key_of(stored: dict[str, Any], kind: str) -> str:
    of, table = kind.split()
    folder = stored[of].rows_key if of == "import" else stored[of].storage_key
    name = {"kept": "data", "rejected": "rejected", "outputs": "outputs"}[table]
    return f"{folder}/{name}.parquet"


def body(response: Any) -> bytes:
    async def collected() -> bytes:
        return b"".join([chunk async for chunk in response])

    return async_to_sync(collected)()


def test_every_kind_of_file_reads_back_equal_to_the_stored_rows(stored, client_for, viewer, editor) -> None:
    client, caller = client_for(viewer), caller_of(editor)
    for kind in KINDS:
        with storage().open(key_of(stored, kind)) as stream:
            content = stream.read()
        page, api = addresses(stored, kind, "parquet")
        for response in (client.get(page), caller.get(api.removeprefix(ROOT))):
            assert response["Content-Type"] == "application/vnd.apache.parquet"
            assert body(response) == content, kind
            assert int(response["Content-Length"]) == len(content)

        page, api = addresses(stored, kind, "csv")
        sent = [body(client.get(page)), body(caller.get(api.removeprefix(ROOT)))]
        assert sent[0] == sent[1]
        read = list(csv.DictReader(io.StringIO(sent[0].decode("utf-8-sig"), newline="")))
        rows = pq.read_table(io.BytesIO(content)).to_pylist()
        assert len(read) == len(rows), kind
        for told, row in zip(read, rows, strict=True):
            check_cells(told, row)


def check_cells(told: dict[str, str], row: dict[str, Any]) -> None:
    """A line of the CSV file shows the stored row, and nothing that a spreadsheet would compute."""
    for column, cell in told.items():
        value = row[column]
        if isinstance(value, list):
            (message,) = value
            value = message["content"]
        value = "" if value is None else str(value)
        assert cell in (value, f"'{value}")
        assert not cell.startswith("=")


def test_an_outsider_finds_no_file(stored, client_for, outsider) -> None:
    client, caller = client_for(outsider), caller_of(outsider)
    for kind in KINDS:
        for extension in ("csv", "parquet"):
            page, api = addresses(stored, kind, extension)
            assert client.get(page).status_code == 404, kind
            assert caller.get(api.removeprefix(ROOT)).status_code == 404, kind


def test_another_name_or_format_is_not_found(stored, client_for, owner) -> None:
    client, caller = client_for(owner), caller_of(owner)
    for kind in KINDS:
        table = kind.split()[1]
        for extension in ("exe", "", "csv.parquet", "CSV", "csv%2F..%2Fdata.parquet"):
            page, api = addresses(stored, kind, extension)
            assert client.get(page).status_code == 404, (kind, extension)
            assert caller.get(api.removeprefix(ROOT)).status_code == 404, (kind, extension)
        page, api = addresses(stored, kind, "csv")
        assert client.get(page.replace(table, "secrets")).status_code == 404, kind
        assert caller.get(api.removeprefix(ROOT).replace(table, "secrets")).status_code == 404, kind


def test_a_file_is_an_attachment_under_a_name_of_any_script(stored, client_for, owner) -> None:
    header = client_for(owner).get(addresses(stored, "version kept", "csv")[0])["Content-Disposition"]
    assert header.startswith("attachment; filename*=utf-8''%E0%A4%B9%E0%A4%BF%E0%A4%A8%E0%A5%8D")
    assert header.endswith("-v1-kept.csv")


def test_what_is_not_made_yet_is_not_found(upload, make_evaluation, client_for, owner) -> None:
    waiting = {"import": upload(tickets()), "evaluation": make_evaluation(None, done=False)}
    for kind in ("import rejected", "evaluation outputs"):
        assert client_for(owner).get(addresses(waiting, kind, "csv")[0]).status_code == 404


def test_a_download_asks_few_queries(stored, client_for, owner, django_assert_max_num_queries) -> None:
    client = client_for(owner)
    for kind in KINDS:
        with django_assert_max_num_queries(8):
            assert client.get(addresses(stored, kind, "csv")[0]).status_code == 200


def test_a_hundred_thousand_rows_are_never_held_together(tmp_path) -> None:
    rows, text = 100_000, "x" * 200
    path = tmp_path / "outputs.parquet"
    table = pa.table({"line": range(rows), "output": [f"{i} {text}" for i in range(rows)]})
    pq.write_table(table, path, compression="zstd", row_group_size=10_000)
    del table
    total = largest = count = 0
    for chunk in csv_chunks(path, Table("", "outputs.parquet", ("line", "output"))):
        total, largest, count = total + len(chunk), max(largest, len(chunk)), count + chunk.count(b"\r\n")
    assert count == rows + 1
    assert largest < total / 100
