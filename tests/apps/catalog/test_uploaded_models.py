"""Models that are uploaded as zip archives: what is kept, what is refused, and how they are deleted."""

import io
import stat
import zipfile
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from apps.catalog import services
from apps.catalog.local_models import add_uploaded_base, delete_uploaded_base
from apps.catalog.models import BaseModel
from apps.core.errors import UserError
from apps.core.storage import storage
from apps.jobs.models import Job
from apps.training.wizard import base_value
from apps.workspaces import usage
from apps.workspaces.models import AuditEntry, Quota, UsageTotal
from tests.fixtures.model_archives import WHOLE, model_zip
from tests.fixtures.page_text import html_of

pytestmark = pytest.mark.django_db
PAGE = "catalog:base_upload"


@pytest.fixture(autouse=True)
def own_storage(settings, tmp_path) -> Iterator[None]:
    settings.STORAGE_URL = tmp_path.as_uri()
    storage.cache_clear()
    yield
    storage.cache_clear()


@pytest.fixture
def upload(owner, workspace):
    """Uploads an archive as the owner."""

    def send(content: bytes, name: str = "") -> BaseModel:
        file = io.BytesIO(content)
        return add_uploaded_base(
            actor=owner, workspace=workspace, file=file, filename="C:\\models\\mine.zip", name=name
        )

    return send


def _link() -> zipfile.ZipInfo:
    info = zipfile.ZipInfo("mine/vocab.txt")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


def _encrypted() -> bytes:
    """The archive with the flag of encryption at every file."""
    content = bytearray(model_zip())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = content.find(mark)
        while at >= 0:
            content[at + offset] |= 1
            at = content.find(mark, at + 1)
    return bytes(content)


@pytest.mark.parametrize("folder", ["", "mine/", "archive/mine/"])
def test_an_archive_becomes_a_base_with_the_files_that_it_needs(upload, workspace, folder) -> None:
    files = {
        **WHOLE,
        "README.md": b"#",
        "modeling_own.py": b"raise SystemExit",
        "1_Pooling/config.json": b"{}",
    }
    base = upload(model_zip(files, folder=folder))
    assert (base.name, base.location, base.family, base.model_type) == (
        "mine",
        "mine.zip",
        "classifier",
        "bert",
    )
    kept = {key.rpartition("/")[2] for key in storage().list(base.files_key)}
    assert kept == {"config.json", "model.safetensors", "tokenizer.json"}
    assert base.bytes == storage().size(base.files_key)
    assert UsageTotal.objects.get(workspace=workspace, kind="storage").used == base.bytes
    entry = AuditEntry.objects.get(action="base_model.added")
    assert entry.changes == {"kind": "upload", "location": "mine.zip"}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"no archive", "not a readable zip archive"),
        (model_zip()[:-30], "not a readable zip archive"),
        (model_zip(config=None), "no config.json in the archive"),
        (model_zip({**WHOLE, "pytorch_model.bin": b"x"}), "can run code when they are opened"),
        (model_zip({"model.safetensors": b"x"}), "has no tokenizer"),
        (model_zip({"tokenizer.json": b"{}"}), "no safetensors weights"),
        (model_zip(config={"model_type": "vit"}), "cannot open as a text model"),
        (model_zip(config={"model_type": "own", "auto_map": {"AutoModel": "own.Own"}}), "needs its own code"),
        (model_zip({**WHOLE, "../../etc/passwd": b"x"}), "outside of its folder"),
        (model_zip({**WHOLE, zipfile.ZipInfo("/etc/passwd"): b"x"}), "outside of its folder"),
        (model_zip({**WHOLE, _link(): b"/etc/passwd"}), "has a link"),
        (_encrypted(), "is encrypted"),
        (model_zip({**WHOLE, **{f"{n}.txt": b"" for n in range(1001)}}), "more than the limit of 1000"),
        (model_zip({"a/config.json": b"{}", "b/config.json": b"{}"}, config=None), "several models"),
        (
            model_zip({**WHOLE, "vocab.txt": bytes(80 << 20)}, compression=zipfile.ZIP_DEFLATED),
            "unpacks to far more than its own size",
        ),
    ],
)
def test_what_is_no_model_is_refused_at_the_field(upload, content: bytes, said: str) -> None:
    with pytest.raises(UserError, match=said) as caught:
        upload(content)
    assert caught.value.field == "file"
    assert not BaseModel.objects.exists()
    assert not storage().list("bases")


def test_a_file_that_appears_twice_is_refused(upload) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        content = model_zip({**WHOLE, zipfile.ZipInfo("mine/config.json"): b"{}"})
    with pytest.raises(UserError, match=r"two files named mine/config\.json"):
        upload(content)


def test_damaged_content_leaves_nothing(upload) -> None:
    content = model_zip().replace(b"weights", b"weightz")
    with pytest.raises(UserError, match="not a readable zip archive"):
        upload(content)
    assert not storage().list("bases")
    assert not BaseModel.objects.exists()


def test_the_quota_of_the_workspace_and_the_limit_of_uploads_hold(upload, workspace, settings) -> None:
    Quota.objects.update_or_create(workspace=workspace, defaults={"storage_gb": 0})
    with pytest.raises(usage.OverQuota) as caught:
        upload(model_zip())
    assert caught.value.field == "file"
    Quota.objects.all().delete()
    settings.UPLOAD_LIMIT_MB = 0
    with pytest.raises(UserError, match="larger than the limit of 0 MB"):
        upload(model_zip())
    assert not storage().list("bases")


def test_a_run_starts_from_its_files(upload, ask, tickets) -> None:
    base = upload(model_zip())
    asked = ask(base=base.choice)
    assert asked.job.spec["base"] == {"kind": "upload", "family": "classifier", "upload": str(base.pk)}
    assert asked.job.spec["inputs"]["files"] == base.files_key
    assert base_value(asked) == base.choice
    other = upload(model_zip())
    assert ask(base=other.choice).base_version != asked.base_version


def test_deleting_frees_the_disk_and_is_final(
    upload, ask, owner, workspace, django_capture_on_commit_callbacks
) -> None:
    base = upload(model_zip())
    asked = ask(base=base.choice)
    with pytest.raises(UserError, match="A job is using this model"):
        delete_uploaded_base(actor=owner, base_model=base)
    Job.objects.filter(pk=asked.job_id).update(state="cancelled")
    with django_capture_on_commit_callbacks(execute=True):
        delete_uploaded_base(actor=owner, base_model=base)
    base.refresh_from_db()
    assert not storage().list(base.files_key)
    assert (base.bytes, base.archived_at is None) == (0, False)
    assert UsageTotal.objects.get(workspace=workspace, kind="storage").used == 0
    assert AuditEntry.objects.filter(action="base_model.deleted").count() == 1
    with pytest.raises(UserError, match="were deleted"):
        delete_uploaded_base(actor=owner, base_model=base)
    with pytest.raises(UserError, match="Upload it again"):
        services.set_base_model_archived(actor=owner, base_model=base, archived=False)


def test_only_its_uploader_and_administrators_delete_it(upload, editor) -> None:
    with pytest.raises(PermissionDenied):
        delete_uploaded_base(actor=editor, base_model=upload(model_zip()))


class TestPage:
    def _file(self, content: bytes) -> dict[str, Any]:
        return {"file": SimpleUploadedFile("mine.zip", content), "name": " Ours "}

    def test_it_leads_to_the_wizard(self, client_for, editor, make_data) -> None:
        data = make_data("classification")
        answer = client_for(editor).post(f"{reverse(PAGE)}?data={data.pk}", self._file(model_zip()))
        base = BaseModel.objects.get()
        assert base.name == "Ours"
        assert parse_qs(urlsplit(answer["Location"]).query) == {"base": [base.choice], "data": [str(data.pk)]}
        html = html_of(client_for(editor).get(reverse("catalog:list")))
        assert reverse("catalog:base_delete", args=[base.pk]) in html

    @pytest.mark.parametrize(
        ("body", "said"),
        [
            ({"name": ""}, "Choose a zip archive."),
            ({"file": SimpleUploadedFile("mine.zip", b"")}, "This file is empty."),
            ({"file": SimpleUploadedFile("mine.zip", b"x")}, "not a readable zip archive"),
        ],
    )
    def test_errors_are_at_the_field(self, client_for, editor, body, said) -> None:
        answer = client_for(editor).post(reverse(PAGE), body)
        assert answer.status_code == 422
        assert said in str(answer.context["form"].errors["file"])

    def test_a_viewer_and_an_outsider_are_refused(self, client_for, viewer, outsider, upload) -> None:
        base = upload(model_zip())
        assert client_for(viewer).post(reverse(PAGE), self._file(model_zip())).status_code == 403
        path = reverse("catalog:base_delete", args=[base.pk])
        assert client_for(viewer).post(path).status_code == 403
        assert client_for(outsider).post(path).status_code == 404

    def test_the_form_of_ids_and_folders_offers_no_upload(self, client_for, editor) -> None:
        form = client_for(editor).get(reverse("catalog:base_new")).context["form"]
        assert [value for value, _label in form.fields["kind"].choices] == ["hub", "folder"]

    def test_a_base_that_is_no_upload_is_not_deleted(self, client_for, owner, workspace) -> None:
        base = BaseModel.objects.create(
            workspace=workspace, created_by=owner, kind="hub", name="x", family="causal", location="a/b"
        )
        client_for(owner).post(reverse("catalog:base_delete", args=[base.pk]))
        base.refresh_from_db()
        assert base.archived_at is None


@pytest.mark.parametrize("comment", [b"", b"a comment"])
def test_an_endless_list_of_files_is_not_read(upload, monkeypatch, comment) -> None:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        for number in range(20_000):
            archive.writestr(f"folder-{number:060d}/", b"")
        archive.comment = comment
    monkeypatch.setattr(zipfile, "ZipFile", lambda *_: pytest.fail("its list was read"))
    with pytest.raises(UserError) as caught:
        upload(sink.getvalue())
    assert caught.value.field == "file"


def test_damaged_content_is_refused_at_the_field(upload) -> None:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mine/config.json", b'{"model_type": "bert", "x": "' + b"abcdefgh" * 200 + b'"}')
    content = bytearray(sink.getvalue())
    content[50:60] = b"\xff" * 10
    with pytest.raises(UserError) as caught:
        upload(bytes(content))
    assert caught.value.field == "file"
    assert "readable" in str(caught.value.message)
