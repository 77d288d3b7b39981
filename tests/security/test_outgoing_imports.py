"""Imports from an address, by the page and by the API: the job that fetches, what it says, what it may take."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connections

from apps.core.rate_limits import Rate
from apps.core.storage import storage
from apps.datasets.models import Import
from apps.datasets.sources import address_of
from apps.jobs.models import Job
from apps.jobs.runner.supervisor import supervise
from apps.jobs.states import State
from apps.jobs.stopping import request_stop
from apps.workspaces.models import AuditEntry
from apps.workspaces.usage import GB
from tests.fixtures.sites import ROWS, Site


def fetched(made: Import) -> Import:
    """The import after its job, done by a real child process."""
    supervise(str(made.job_id))
    return Import.objects.select_related("job", "dataset").get(pk=made.pk)


@pytest.mark.django_db(transaction=True)
def test_the_page_imports_from_an_address_by_a_job(site: Site, client_for: Any, editor: Any) -> None:
    site.answers["/download"] = (
        200,
        {"Content-Disposition": 'attachment; filename="opening hours.csv"'},
        ROWS,
    )
    client = client_for(editor)
    response = client.post("/data/new/", {"address": f"{site.url}/download?key=secret"})
    made = Import.objects.select_related("job").get()
    assert response["Location"] == f"/data/imports/{made.pk}/"
    # A request asks nobody for anything; what is asked for lies sealed until a worker takes it.
    assert not site.asked
    assert "secret" not in f"{made.job.spec} {made.job.title} {made.address_encrypted}"
    assert address_of(made.job) == f"{site.url}/download?key=secret"
    assert client.get(f"/data/imports/{made.pk}/source/").status_code == 404
    assert "fetches the file from its address" in client.get(response["Location"]).content.decode()

    made = fetched(made)
    assert (made.job.state, made.filename) == (State.SUCCEEDED, "opening hours.csv")
    assert (made.source_bytes, made.dataset.name) == (len(ROWS), "opening hours")
    assert (made.result["rows"], made.address_encrypted) == (1, "")
    with storage().open(made.source_key) as stream:
        assert stream.read() == ROWS
    assert b"".join(client.get(f"/data/imports/{made.pk}/source/")) == ROWS
    entry = AuditEntry.objects.get(action="import.started")
    assert entry.changes == {"dataset": "download", "host": "127.0.0.1"}


@pytest.mark.django_db(transaction=True)
def test_the_job_says_what_was_wrong_and_tells_nothing_about_the_network(
    site: Site, new_site: Callable[[], Site], client_for: Any, editor: Any, caplog: pytest.LogCaptureFixture
) -> None:
    secret = new_site()
    site.redirect("/away", f"{secret.url}/rows.csv?token=hidden")
    client = client_for(editor)
    client.post("/data/new/", {"address": f"{site.url}/away", "name": "Rows"})
    made = fetched(Import.objects.get())
    assert (made.job.state, made.job.error_code, made.job.error_field) == (
        State.FAILED,
        "address_refused",
        "address",
    )
    assert not secret.asked
    page = client.get(f"/data/imports/{made.pk}/").content.decode()
    assert "not allowed to open this address" in page
    assert "Nothing was stored" in page
    assert str(secret.port) not in page
    assert f"port {secret.port} is not open" in caplog.text
    assert "hidden" not in caplog.text
    site.answers["/away"] = (200, {}, ROWS)
    client.post(f"/jobs/{made.job_id}/retry/")
    assert fetched(made).job.state == State.SUCCEEDED


@pytest.mark.django_db
def test_the_page_says_what_was_wrong_with_the_address(client_for: Any, editor: Any) -> None:
    response = client_for(editor).post("/data/new/", {"address": "http://169.254.169.254/latest/meta-data/"})
    assert response.status_code == 422
    assert "not allowed to open this address" in response.content.decode()
    assert not Import.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("says_its_size", [True, False])
def test_the_api_imports_from_an_address_within_the_limit(
    says_its_size: bool, site: Site, client_for: Any, editor: Any, viewer: Any, settings: Any
) -> None:
    headers = {} if says_its_size else {"Content-Length": ""}
    site.answers["/large.csv"] = (200, headers, ROWS + bytes(2 << 20))
    ask = {
        "path": "/api/v1/datasets/",
        "data": {"address": f"{site.url}/large.csv"},
        "content_type": "application/json",
    }
    assert client_for(viewer).post(**ask).status_code == 403
    assert client_for(None).post(**ask).status_code == 401
    settings.UPLOAD_LIMIT_MB = 1
    answer = client_for(editor).post(**ask)
    assert (answer.status_code, answer.json()["source_bytes"]) == (201, 0)
    made = fetched(Import.objects.get())
    assert (made.job.state, made.job.error_code) == (State.FAILED, "too_large")
    assert not storage().list(f"imports/{made.pk}")


@pytest.mark.django_db(transaction=True)
def test_what_is_fetched_counts_and_must_fit_once_it_is_here(
    site: Site, client_for: Any, editor: Any, workspace: Any, settings: Any
) -> None:
    client = client_for(editor)
    settings.QUOTAS = {**settings.QUOTAS, "storage_gb": 1.5 * len(ROWS) / GB}
    for _ in range(2):
        client.post("/data/new/", {"address": f"{site.url}/rows.csv"})
    # Both were asked for while there was room for one; whatever their order, one of them finds none.
    ended = [fetched(made) for made in Import.objects.order_by("created_at")]
    assert [made.job.state for made in ended] == [State.SUCCEEDED, State.FAILED]
    assert ended[1].job.error_field == "address"
    assert not storage().list(f"imports/{ended[1].pk}")


@pytest.mark.django_db(transaction=True)
def test_a_download_is_stopped_on_its_page(site: Site, client_for: Any, editor: Any) -> None:
    client_for(editor).post("/data/new/", {"address": f"{site.url}/body"})
    made = Import.objects.select_related("job").get()

    def stop() -> None:
        while not site.asked:
            time.sleep(0.05)
        request_stop(actor=editor, job=made.job)
        connections.close_all()

    stopper = threading.Thread(target=stop)
    stopper.start()
    assert fetched(made).job.state == State.CANCELLED
    stopper.join()


@pytest.mark.django_db
def test_a_waiting_address_follows_when_the_keys_change(
    site: Site, client_for: Any, editor: Any, settings: Any
) -> None:
    client_for(editor).post("/data/new/", {"address": f"{site.url}/rows.csv"})
    settings.SECRETS_KEYS = ["a new one"]
    call_command("rotate_secrets", verbosity=0)
    settings.SECRET_KEY = "another"
    assert address_of(Job.objects.get()) == f"{site.url}/rows.csv"


@pytest.mark.django_db
def test_nobody_searches_a_network_with_it(
    site: Site, client_for: Any, editor: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.datasets.services.fetching.FETCHES", Rate(1, 3600))
    client, ask = client_for(editor), {"address": f"{site.url}/rows.csv"}
    assert client.post("/api/v1/datasets/", ask, content_type="application/json").status_code == 201
    refused = client.post("/api/v1/datasets/", ask, content_type="application/json")
    assert refused.status_code == 429
    assert int(refused["Retry-After"]) >= 1
