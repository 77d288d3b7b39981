"""Model versions: pages, files, packing, deleting."""

import hashlib
import io
import zipfile

import pytest
from asgiref.sync import async_to_sync
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from apps.catalog import services
from apps.catalog.models import Export, ModelVersion
from apps.core.errors import UserError
from apps.core.storage import storage
from apps.evaluation.models import Evaluation
from apps.jobs import services as jobs
from tests.fixtures.page_text import html_of
from workers.contracts.job_kinds.export import ExportResult

pytestmark = pytest.mark.django_db


def _evaluate(version, data, new_job, value: float) -> Evaluation:
    metric = {"value": value, "low": value - 0.02, "high": value + 0.02, "signature": ""}
    return Evaluation.objects.create(
        workspace=version.workspace,
        number=Evaluation.objects.count() + 1,
        dataset_version=data,
        model_version=version,
        storage_key="e",
        job=new_job("evaluation"),
        result={"metrics": {"macro_f1": metric}},
    )


def test_the_facts_of_a_model_come_from_its_folder(tuned) -> None:
    tuned.refresh_from_db()
    assert tuned.is_ready
    assert tuned.bytes > 5000
    assert (tuned.parameters, tuned.context_length, tuned.precision) == (3_210_000, 2048, "fp32")
    assert tuned.labels == ["account", "billing"]


def test_a_folder_without_a_model_is_refused(owner, workspace) -> None:
    version = services.create_tuned_version(
        actor=owner, workspace=workspace, family="causal", task_type="chat", origin={}, origin_label="x"
    )
    with pytest.raises(UserError, match="no readable model"):
        services.record_files(version=version)
    storage().write(f"{version.storage_key}/maquette.json", iter([b'{"family": "horse"}']))
    with pytest.raises(UserError, match="no readable model"):
        services.record_files(version=version)


def test_list_and_page_show_lineage_and_the_deciding_metric(
    client_for, viewer, tuned, base, data, new_job
) -> None:
    _evaluate(tuned, data, new_job, 0.81)
    _evaluate(tuned, data, new_job, 0.93)
    client = client_for(viewer)
    html = html_of(client.get(reverse("catalog:list")))
    assert "Macro-F1 0.930" in html
    assert "0.810" not in html
    html = html_of(client.get(tuned.get_absolute_url()))
    for part in (base.get_absolute_url(), data.get_absolute_url(), "3.2 M", "0.910 – 0.950"):
        assert part in html


def test_the_card_is_text_until_a_script_has_sanitized_it(client_for, viewer, tuned) -> None:
    html = client_for(viewer).get(tuned.get_absolute_url()).content.decode()
    assert "&lt;script&gt;alert(1)" in html
    assert "<script>alert(1)" not in html
    assert "license: other" not in html


def test_the_list_costs_the_same_however_long(
    client_for, owner, tuned, data, new_job, write_files, django_assert_max_num_queries
) -> None:
    client = client_for(owner)
    for number in range(8):
        version = services.create_tuned_version(
            actor=owner,
            workspace=tuned.workspace,
            family="classifier",
            task_type="classification",
            origin=tuned.origin,
            origin_label=f"m{number}",
            dataset_version=data,
        )
        write_files(version)
        _evaluate(version, data, new_job, 0.5)
    with django_assert_max_num_queries(14):
        response = client.get(reverse("catalog:list"))
    assert len(response.context["list"].page) == 9
    with django_assert_max_num_queries(18):
        client.get(tuned.get_absolute_url())


def test_a_model_whose_run_has_not_ended_is_not_offered(client_for, owner, workspace) -> None:
    version = services.create_tuned_version(
        actor=owner, workspace=workspace, family="causal", task_type="chat", origin={}, origin_label="Coming"
    )
    client = client_for(owner)
    assert "Coming" not in client.get(reverse("catalog:list")).content.decode()
    assert "has not ended" in client.get(version.get_absolute_url()).content.decode()
    with pytest.raises(UserError):
        services.start_export(actor=owner, version=version)


def test_an_outsider_finds_nothing_and_a_viewer_changes_nothing(client_for, outsider, viewer, tuned) -> None:
    assert client_for(outsider).get(tuned.get_absolute_url()).status_code == 404
    for name in ("edit", "archive", "delete", "export"):
        page = reverse(f"catalog:{name}", args=[tuned.pk])
        assert client_for(outsider).post(page, {"name": "x"}).status_code == 404, name
        if name != "export":
            assert client_for(viewer).post(page, {"name": "x"}).status_code == 403, name
    tuned.refresh_from_db()
    assert (tuned.name, tuned.archived_at, tuned.is_ready) == ("Ticket sorter", None, True)


def test_renaming_and_notes(client_for, editor, tuned) -> None:
    client = client_for(editor)
    page = reverse("catalog:edit", args=[tuned.pk])
    assert client.post(page, {"name": "", "notes": "n"}).status_code == 422
    client.post(page, {"name": "Sorter 2", "notes": "Better on billing"})
    tuned.refresh_from_db()
    assert (tuned.name, tuned.notes) == ("Sorter 2", "Better on billing")


def test_archiving(client_for, editor, tuned) -> None:
    client = client_for(editor)
    client.post(reverse("catalog:archive", args=[tuned.pk]), {"archived": "1"})
    assert not ModelVersion.objects.tuned().exists()
    assert "Ticket sorter" in client.get(reverse("catalog:list"), {"archived": "1"}).content.decode()


def test_deleting_frees_the_disk_and_keeps_the_lineage(
    client_for, owner, tuned, data, new_job, django_capture_on_commit_callbacks
) -> None:
    _evaluate(tuned, data, new_job, 0.93)
    client = client_for(owner)
    with django_capture_on_commit_callbacks(execute=True):
        client.post(reverse("catalog:delete", args=[tuned.pk]))
    assert not storage().exists(tuned.storage_key)
    assert not ModelVersion.objects.ready().filter(pk=tuned.pk).exists()
    html = client.get(tuned.get_absolute_url()).content.decode()
    assert "The files of this model were deleted" in html
    assert "0.930" in html
    with pytest.raises(UserError):
        services.delete_version_files(actor=owner, version=tuned)


def test_an_editor_deletes_only_what_they_made(editor, tuned) -> None:
    with pytest.raises(PermissionDenied):
        services.delete_version_files(actor=editor, version=tuned)


def test_a_model_that_an_app_answers_with_is_kept(owner, tuned) -> None:
    from apps.publishing.models import App, AppVersion

    app = App.objects.create(
        workspace=tuned.workspace, number=1, name="Front desk", slug="desk", app_type="chat"
    )
    AppVersion.objects.create(workspace=tuned.workspace, app=app, number=1, model_version=tuned)
    with pytest.raises(UserError, match="Front desk"):
        services.delete_version_files(actor=owner, version=tuned)
    assert storage().exists(tuned.storage_key)


def test_a_base_that_a_run_started_from_is_kept(owner, tuned, base, data, new_job) -> None:
    from apps.training.models import Preflight, Run

    preflight = Preflight.objects.create(
        workspace=base.workspace,
        dataset_version=data,
        base={},
        base_label="b",
        length="quick",
        job=new_job("preflight"),
    )
    Run.objects.create(
        workspace=base.workspace,
        number=1,
        name="Run 1",
        dataset_version=data,
        preflight=preflight,
        base_version=base,
        model_version=tuned,
        recipe={},
        job=new_job("run"),
    )
    with pytest.raises(UserError, match="Run 1"):
        services.delete_version_files(actor=owner, version=base)


def test_an_evaluation_under_way_keeps_the_files(owner, tuned, data, new_job) -> None:
    evaluation = _evaluate(tuned, data, new_job, 0.5)
    evaluation.job.state = "running"
    evaluation.job.save()
    with pytest.raises(UserError, match="is using this model"):
        services.delete_version_files(actor=owner, version=tuned)


def _finish_export(export: Export, content: bytes) -> None:
    job = jobs.claim(job_id=str(export.job_id), worker="test")
    storage().write(f"{export.storage_key}/Ticket-sorter.zip", iter([content]))
    result = ExportResult(filename="Ticket-sorter.zip", bytes=len(content), sha256="0" * 64)
    jobs.finish(job, result=result.model_dump(mode="json"))


def test_packing_once_and_downloading_in_pieces(client_for, viewer, outsider, tuned, sent_tasks) -> None:
    client = client_for(viewer)
    page = reverse("catalog:export", args=[tuned.pk])
    client.post(page)
    client.post(page)
    export = Export.objects.get()
    download = reverse("catalog:download", args=[export.pk])
    assert client.get(download).status_code == 404
    content = b"z" * 3_000_000
    _finish_export(export, content)
    assert download in client.get(tuned.get_absolute_url()).content.decode()
    response = client.get(download)
    assert response["Content-Disposition"] == 'attachment; filename="Ticket-sorter.zip"'
    received = _pieces(response)
    assert b"".join(received) == content
    assert max(map(len, received)) <= 1 << 20
    assert client_for(outsider).get(download).status_code == 404


def test_the_export_job_packs_the_folder_with_its_card_first(client_for, viewer, tuned, run_job) -> None:
    client = client_for(viewer)
    client.post(reverse("catalog:export", args=[tuned.pk]))
    export = Export.objects.get()
    assert run_job(export.job).state == "succeeded"
    export.refresh_from_db()
    content = _content(client.get(reverse("catalog:download", args=[export.pk])))
    names = zipfile.ZipFile(io.BytesIO(content)).namelist()
    assert names[0] == "Ticket-sorter/README.md"
    assert set(names) == {
        f"Ticket-sorter/{name}" for name in ("README.md", "maquette.json", "model.safetensors")
    }
    assert hashlib.sha256(content).hexdigest() == export.result["sha256"]


def _pieces(response) -> list[bytes]:
    async def collected() -> list[bytes]:
        return [piece async for piece in response]

    return async_to_sync(collected)()


def _content(response) -> bytes:
    return b"".join(_pieces(response))


def test_deleting_takes_the_packed_copy_along(owner, tuned, django_capture_on_commit_callbacks) -> None:
    export = services.start_export(actor=owner, version=tuned)
    _finish_export(export, b"zip")
    with django_capture_on_commit_callbacks(execute=True):
        services.delete_version_files(actor=owner, version=tuned)
    assert not storage().exists(export.storage_key)
    assert not Export.objects.exists()


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("Ticket sorter", "Ticket-sorter"),
        ("../../etc/x", "etcx"),
        ("翻译 模型", "翻译-模型"),
        ("हिन्दी मॉडल", "हिन्दी-मॉडल"),
        ("แยกอารมณ์ที่ดี", "แยกอารมณ์ที่ดี"),
        ("???", "model-9"),
        ("...", "model-9"),
    ],
)
def test_archive_names_suit_every_system(name: str, file: str) -> None:
    assert services.archive_name(ModelVersion(name=name, number=9)) == file


def test_admin_shows_and_changes_nothing(client_for, owner, tuned) -> None:
    client = client_for(owner)
    assert client.get(reverse("admin:catalog_modelversion_changelist"), {"q": "Ticket"}).status_code == 200
    assert client.get(reverse("admin:catalog_modelversion_change", args=[tuned.pk])).status_code == 200
    assert client.get(reverse("admin:catalog_modelversion_add")).status_code == 403
    assert client.get(reverse("admin:catalog_basemodel_changelist")).status_code == 200
    assert client.get(reverse("admin:catalog_export_changelist")).status_code == 200
