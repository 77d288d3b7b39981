"""From a file to a frozen version, with the real child processes; and everything that can be wrong with a file."""

import errno
import json
import re
from collections.abc import Iterator

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import Http404
from django.urls import reverse

from apps.core.errors import UserError
from apps.core.storage import storage
from apps.datasets import services
from apps.datasets.models import Dataset, DatasetVersion, Import
from apps.workspaces.models import AuditEntry
from tests.apps.datasets.conftest import tickets
from tests.fixtures.page_text import html_of

pytestmark = [pytest.mark.django_db, pytest.mark.once]


def test_upload_confirm_and_freeze_through_the_pages(client_for, editor, run_job) -> None:
    client = client_for(editor)
    response = client.post(reverse("datasets:new"), {"file": SimpleUploadedFile("my_tickets.csv", tickets())})
    import_ = Import.objects.get()
    page = reverse("datasets:import", args=[import_.pk])
    assert response["Location"] == page
    assert "Reading my_tickets.csv" in html_of(client.get(page))

    assert run_job(import_.job).state == "succeeded"
    html = html_of(client.get(page))
    assert 'value="classification" checked' in html
    assert "My invoice number 0 does not work" in html

    response = client.post(page, {"task_type": "classification", "role-0": "input", "role-1": "label"})
    version = DatasetVersion.objects.get()
    assert response["Location"] == version.get_absolute_url()
    assert run_job(version.job).state == "succeeded"

    version.refresh_from_db()
    assert version.rows == 60
    assert min(version.rows_train, version.rows_validation, version.rows_test) > 0
    assert version.labels == ["account", "billing", "connection"]
    assert version.bytes > 0
    html = html_of(client.get(version.get_absolute_url()))
    assert "my tickets" in html
    assert "My router number 2 does not work" in html
    assert set(AuditEntry.objects.values_list("action", flat=True)) >= {
        "dataset.created",
        "import.started",
        "dataset_version.confirmed",
    }


def test_an_estimated_number_of_different_values_is_marked_as_one(client_for, editor, run_job) -> None:
    rows = "".join(f"ticket number {n} is open,{('billing', 'account')[n % 2]}\n" for n in range(30_000))
    content = f"text,label\n{rows}".encode()
    client = client_for(editor)
    client.post(reverse("datasets:new"), {"file": SimpleUploadedFile("many.csv", content)})
    import_ = Import.objects.get()
    assert run_job(import_.job).state == "succeeded"
    import_.refresh_from_db()
    counted = {each["name"]: each["distinct_is_estimate"] for each in import_.result["columns"]}
    assert counted == {"text": True, "label": False}
    page = html_of(client.get(reverse("datasets:import", args=[import_.pk])))
    text, label = re.findall(r'<span class="term">([^<]*?) distinct · ≈ \d+ characters', page)
    assert re.fullmatch(r"≈ (29|30|31)(\.\d)?\W?k", text)
    assert label == "2"


def test_pasted_text_is_read_like_a_file(client_for, editor, run_job) -> None:
    client_for(editor).post(reverse("datasets:new"), {"text": tickets().decode(), "name": "From the chat"})
    import_ = Import.objects.get()
    assert import_.dataset.name == "From the chat"
    assert run_job(import_.job).state == "succeeded"
    import_.refresh_from_db()
    assert import_.parsed.rows == 60


def test_a_chinese_file_in_gb18030_keeps_its_text(upload, run_job, client_for, owner) -> None:
    lines = ["问题,回答", *(f"第{i}个问题：图书馆几点开门？,上午{i % 12}点开门。" for i in range(40))]
    import_ = upload("\n".join(lines).encode("gb18030"), "图书馆.csv")
    assert run_job(import_.job).state == "succeeded"
    html = client_for(owner).get(reverse("datasets:import", args=[import_.pk])).content.decode()
    assert "第1个问题：图书馆几点开门？" in html
    assert "问题" in html


def test_columns_that_differ_by_case_alone_show_their_own_rows(upload, run_job, client_for, owner) -> None:
    import_ = upload(
        ("Text,text,label\n" + "".join(f"big {n},small {n},{'ab'[n % 2]}\n" for n in range(30))).encode()
    )
    run_job(import_.job)
    page = client_for(owner).get(f"/data/imports/{import_.pk}/").content.decode()
    assert "big 3" in page and "small 3" in page


def test_sample_rows_of_conversations_read_as_turns(upload, run_job, client_for, owner) -> None:
    turns = [{"from": "human", "value": "Where is “it”?"}, {"from": "gpt", "value": "Here. " + "so " * 300}]
    import_ = upload(
        "".join(json.dumps({"conversations": turns}) + "\n" for _ in range(30)).encode(), "talk.jsonl"
    )
    run_job(import_.job)
    page = client_for(owner).get(reverse("datasets:import", args=[import_.pk])).content.decode()
    assert '<span class="term">human</span>Where is “it”?</div>' in page
    assert "so …</div>" in page or "s…</div>" in page


def test_sample_turns_that_are_lists_of_parts_read_as_their_texts(upload, run_job, client_for, owner) -> None:
    parts = [{"type": "text", "value": "Look:"}, {"type": "image_url", "image_url": {"url": "x"}}]
    turns = [{"role": "user", "content": parts}, {"role": "assistant", "content": [{"text": "A cat."}]}]
    import_ = upload(json.dumps([{"messages": turns}] * 3).encode(), "talk.json")
    run_job(import_.job)
    page = client_for(owner).get(reverse("datasets:import", args=[import_.pk])).content.decode()
    assert '<span class="term">user</span>Look:\n[image_url]</div>' in page
    assert '<span class="term">assistant</span>A cat.</div>' in page


def test_a_picture_called_csv_fails_in_plain_words_and_offers_another_file(
    upload, run_job, client_for, owner
) -> None:
    import_ = upload(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20)
    job = run_job(import_.job)
    assert job.state == "failed"
    html = client_for(owner).get(reverse("datasets:import", args=[import_.pk])).content.decode()
    assert "PNG image" in html
    assert "Traceback" not in html.split("Technical details")[0]
    assert reverse("datasets:upload", args=[import_.dataset_id]) in html


def test_too_few_rows_fail_and_the_columns_can_be_chosen_again(upload, run_job, owner, client_for) -> None:
    import_ = upload(tickets(3))
    run_job(import_.job)
    import_.refresh_from_db()
    roles = {"text": "input", "label": "label"}
    version = services.confirm_import(actor=owner, import_=import_, task_type="classification", roles=roles)
    job = run_job(version.job)
    assert job.state == "failed"
    assert job.error_message
    html = client_for(owner).get(version.get_absolute_url()).content.decode()
    assert reverse("datasets:import", args=[import_.pk]) in html
    second = services.confirm_import(actor=owner, import_=import_, task_type="classification", roles=roles)
    assert second.number == 1
    assert list(DatasetVersion.objects.all()) == [second]


def test_an_empty_file_is_refused_at_once_and_leaves_nothing(client_for, editor) -> None:
    before = storage().list("imports")
    response = client_for(editor).post(reverse("datasets:new"), {"file": SimpleUploadedFile("a.csv", b"")})
    assert response.status_code == 422
    assert "empty" in response.context["form"].errors["file"][0]
    assert not Dataset.objects.exists()
    assert storage().list("imports") == before


def test_a_form_with_neither_file_nor_text_says_so(client_for, editor) -> None:
    response = client_for(editor).post(reverse("datasets:new"), {"text": "  "})
    assert response.status_code == 422
    assert "Choose a file" in response.content.decode()


def test_a_file_over_the_limit_is_cut_off_while_it_comes(settings, owner, workspace) -> None:
    settings.UPLOAD_LIMIT_MB = 1
    before = storage().list("imports")
    sent = []

    def endless() -> Iterator[bytes]:
        while True:
            sent.append(1)
            yield b"x" * (1 << 18)

    with pytest.raises(UserError) as caught:
        services.start_import(actor=owner, workspace=workspace, filename="big.csv", chunks=endless())
    assert (caught.value.field, caught.value.code) == ("file", "too_large")
    assert len(sent) == 5
    assert storage().list("imports") == before
    assert not Dataset.objects.exists()


def test_a_full_disk_is_said_in_words(owner, workspace) -> None:
    before = storage().list("imports")

    def chunks() -> Iterator[bytes]:
        yield b"text,label\n"
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(UserError, match="disk is full"):
        services.start_import(actor=owner, workspace=workspace, filename="a.csv", chunks=chunks())
    assert storage().list("imports") == before


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\data\\t.csv", "t.csv"),
        ("a\r\nSet-Cookie: x.csv", "aSet-Cookie: x.csv"),
        ("", "data"),
    ],
)
def test_file_names_lose_folders_and_control_characters(owner, workspace, name: str, kept: str) -> None:
    import_ = services.start_import(
        actor=owner, workspace=workspace, filename=name, chunks=iter([b"a,b\n1,2\n"])
    )
    assert import_.filename == kept


def test_a_second_upload_becomes_the_next_version(frozen, upload, run_job, owner) -> None:
    import_ = upload(tickets(80), "more.csv", dataset=frozen.dataset)
    run_job(import_.job)
    import_.refresh_from_db()
    second = services.confirm_import(
        actor=owner, import_=import_, task_type="classification", roles=frozen.roles
    )
    assert (second.dataset, second.number) == (frozen.dataset, 2)
    assert frozen.dataset.imports.count() == 2


def test_the_job_of_an_import_carries_no_text_of_the_file(parsed) -> None:
    assert parsed.job.spec["inputs"] == {"source": parsed.source_key}
    assert parsed.source_bytes == len(tickets())
    with storage().open(parsed.source_key) as stream:
        assert stream.read() == tickets()


@pytest.mark.parametrize(
    ("task_type", "roles", "field"),
    [
        ("classification", {"text": "input"}, "roles"),
        ("classification", {"text": "input", "label": "input"}, "roles"),
        ("classification", {"text": "input", "label": "target"}, "roles"),
        ("classification", {"nothing": "input", "label": "label"}, "roles"),
        ("translation", {"text": "wizard", "label": "target"}, "roles"),
        ("astrology", {"text": "input", "label": "label"}, "task_type"),
    ],
)
def test_roles_that_cannot_teach_the_task_are_refused(parsed, owner, task_type, roles, field) -> None:
    with pytest.raises(UserError) as caught:
        services.confirm_import(actor=owner, import_=parsed, task_type=task_type, roles=roles)
    assert caught.value.field == field
    assert not DatasetVersion.objects.exists()


def test_the_page_keeps_what_was_chosen_and_names_what_is_missing(parsed, client_for, owner) -> None:
    page = reverse("datasets:import", args=[parsed.pk])
    response = client_for(owner).post(
        page, {"task_type": "translation", "role-0": "input", "role-1": "ignore"}
    )
    assert response.status_code == 422
    html = html_of(response)
    assert "Choose which column is “Translation”" in html
    assert 'value="translation" checked' in html


def test_an_import_is_confirmed_once(frozen, owner) -> None:
    with pytest.raises(UserError, match="already version 1"):
        services.confirm_import(
            actor=owner, import_=frozen.source, task_type="classification", roles=frozen.roles
        )


def test_the_page_offers_no_second_confirmation_while_rows_are_frozen(parsed, owner, client_for) -> None:
    services.confirm_import(
        actor=owner, import_=parsed, task_type="classification", roles={"text": "input", "label": "label"}
    )
    html = client_for(owner).get(reverse("datasets:import", args=[parsed.pk])).content.decode()
    assert "are being saved as tickets v1" in html
    assert "data-missing" not in html


def test_an_import_that_is_not_read_yet_cannot_be_confirmed(upload, owner) -> None:
    with pytest.raises(UserError, match="still being read"):
        services.confirm_import(actor=owner, import_=upload(tickets()), task_type="chat", roles={})


def test_who_may_only_look_cannot_upload_or_confirm(parsed, client_for, viewer, workspace) -> None:
    client = client_for(viewer)
    page = reverse("datasets:import", args=[parsed.pk])
    assert client.get(page).status_code == 200
    assert client.post(page, {"task_type": "chat"}).status_code == 403
    assert client.post(reverse("datasets:new"), {"text": "a,b"}).status_code == 403
    assert client.post(reverse("datasets:upload", args=[parsed.dataset_id]), {"text": "a"}).status_code == 403
    with pytest.raises(PermissionDenied):
        services.start_import(actor=viewer, workspace=workspace, filename="a", chunks=iter([b"a"]))


def test_an_upload_into_somebody_elses_dataset_is_not_found(parsed, client_for, outsider) -> None:
    client = client_for(outsider)
    for name, pk in [
        ("import", parsed.pk),
        ("source", parsed.pk),
        ("upload", parsed.dataset_id),
    ]:
        assert client.get(reverse(f"datasets:{name}", args=[pk])).status_code == 404
    with pytest.raises(Http404):
        services.start_import(
            actor=outsider,
            workspace=outsider.memberships.get().workspace,
            filename="a",
            chunks=iter([b"a"]),
            dataset=parsed.dataset,
        )


def test_throwing_an_upload_away_frees_the_disk_and_its_empty_dataset(
    parsed, client_for, owner, django_capture_on_commit_callbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        response = client_for(owner).post(reverse("datasets:discard", args=[parsed.pk]))
    assert response["Location"] == reverse("datasets:list")
    assert not Dataset.objects.exists()
    assert not storage().list(parsed.source_key.rpartition("/")[0])


def test_data_for_testing_only_is_not_offered_for_training(parsed, client_for, editor, run_job) -> None:
    client = client_for(editor)
    page = reverse("datasets:import", args=[parsed.pk])
    assert 'name="test_only"' in client.get(page).content.decode()
    sent = {"task_type": "classification", "role-0": "input", "role-1": "label", "test_only": "1"}
    assert client.post(page, sent).status_code == 302
    version = DatasetVersion.objects.get(source=parsed)
    run_job(version.job)
    version.refresh_from_db()
    assert (version.rows_train, version.rows_validation, version.rows_test) == (0, 0, 60)
    assert version.is_test_set
    assert list(DatasetVersion.objects.ready()) == [version]
    assert not DatasetVersion.objects.trainable()
    detail = client.get(version.get_absolute_url()).content.decode()
    assert reverse("training:new") not in detail
    assert f"{reverse('evaluation:new')}?data={version.pk}" in detail
    wizard = client.get(reverse("training:new"), {"data": version.pk})
    assert "for testing only" in wizard.content.decode()
