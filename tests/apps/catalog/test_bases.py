"""Models brought from elsewhere: what counts as an address, and who may add one."""

from importlib import import_module
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from django.apps import apps
from django.urls import reverse
from huggingface_hub.errors import HFValidationError
from huggingface_hub.utils import validate_repo_id
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from apps.catalog import services
from apps.catalog.models import BaseModel
from apps.core.errors import UserError
from tests.fixtures.page_text import html_of
from workers.contracts.recipes import FolderBase, HubBase, is_hub_id

pytestmark = pytest.mark.django_db
HUB = {"kind": "hub", "family": "seq2seq", "location": "google/flan-t5-small", "name": "", "revision": ""}


def test_a_hub_model_is_added_and_named_after_itself(client_for, editor) -> None:
    client = client_for(editor)
    assert client.post(reverse("catalog:base_new"), HUB).status_code == 302
    base = BaseModel.objects.get()
    assert base.name == "flan-t5-small"
    assert base.base == HubBase(family="seq2seq", repo_id="google/flan-t5-small", revision="main")
    assert "google/flan-t5-small" in client.get(reverse("catalog:list")).content.decode()


@pytest.mark.parametrize(
    "location",
    [
        *["https://huggingface.co/google/flan-t5-small", "../../etc", "a/b/c", "two words", "a/b?x=1"],
        *[
            "..",
            ".",
            "a/..",
            "../b",
            "a--b",
            "a..b",
            "name.git",
            "-a/b",
            "a/b-",
            ".a/b",
            "a/" + "b" * 97,
            "ü/b",
        ],
    ],
)
def test_what_is_no_hub_id_is_refused_at_its_field(client_for, editor, location: str) -> None:
    response = client_for(editor).post(reverse("catalog:base_new"), HUB | {"location": location})
    assert response.status_code == 422
    assert "owner/name" in response.context["form"].errors["location"][0]
    assert not BaseModel.objects.exists()


@pytest.mark.parametrize(
    "revision",
    [
        "..",
        ".",
        "a/../b",
        "/a",
        "a/",
        "two words",
        "a~1",
        "b" * 101,
        "a.lock",
        "a.lock/b",
        "a@{1}",
        "@",
        "a.",
    ],
)
def test_what_is_no_revision_is_refused_at_its_field(client_for, editor, revision: str) -> None:
    response = client_for(editor).post(reverse("catalog:base_new"), HUB | {"revision": revision})
    assert response.status_code == 422
    assert list(response.context["form"].errors) == ["revision"]
    assert not BaseModel.objects.exists()


@pytest.mark.parametrize("revision", ["main", "v1.0", "refs/pr/1", "a@b", "a.locked", "0" * 40])
def test_branches_tags_and_commits_are_revisions(client_for, editor, revision: str) -> None:
    assert (
        client_for(editor).post(reverse("catalog:base_new"), HUB | {"revision": revision}).status_code == 302
    )
    assert BaseModel.objects.get().base.revision == revision


@pytest.mark.parametrize("part", [".", "..", "a/..", "../a"])
def test_a_spec_holds_no_name_that_leads_out_of_its_folder(part: str) -> None:
    with pytest.raises(ValidationError):
        HubBase(family="causal", repo_id=part)
    with pytest.raises(ValidationError):
        HubBase(family="causal", repo_id="owner/name", revision=part)


def test_names_that_were_taken_before_are_archived(client_for, editor, workspace) -> None:
    kept = BaseModel.objects.create(
        workspace=workspace, kind="hub", name="A", family="causal", location="a/b"
    )
    gone = BaseModel.objects.create(workspace=workspace, kind="hub", name="B", family="causal", location="..")
    folder = BaseModel.objects.create(
        workspace=workspace, kind="folder", name="C", family="causal", location="/srv/.."
    )
    import_module("apps.catalog.migrations.0003_archive_unusable_bases").archive(apps, None)
    assert set(BaseModel.objects.current()) == {kept, folder}
    assert gone in BaseModel.objects.all()


@given(st.text(alphabet="aB0_-./é ", max_size=12))
@example("a" * 96)
@example("a" * 97)
def test_what_counts_as_a_hub_id_is_what_the_hub_client_takes(text: str) -> None:
    try:
        validate_repo_id(text)
    except HFValidationError:
        taken = False
    else:
        # Names of the Hub are ASCII; its client leaves that to the server.
        taken = text.isascii()
    assert is_hub_id(text) == taken


def test_whoever_brought_a_model_is_led_on_to_training_it(client_for, editor, make_data) -> None:
    client, data = client_for(editor), make_data("translation")
    address = f"{reverse('catalog:base_new')}?data={data.pk}"
    families = client.get(address).context["form"].fields["family"].choices
    assert [family for family, _label in families] == ["seq2seq", "causal"], "what can learn this data"
    answer = client.post(address, HUB)
    base = BaseModel.objects.get()
    assert parse_qs(urlsplit(answer["Location"]).query) == {"base": [base.choice], "data": [str(data.pk)]}
    assert f'value="{base.choice}" checked' in html_of(client.get(answer["Location"]))


def test_without_data_in_mind_it_is_asked_for_next(client_for, editor, make_data) -> None:
    client = client_for(editor)
    wizard = client.post(reverse("catalog:base_new"), HUB)["Location"]
    html = client.get(wizard).content.decode()
    assert "There is no data yet" in html
    assert "flan-t5-small is one of the base models there" in html
    assert reverse("datasets:new") in html
    make_data("classification")
    html = client.get(wizard).content.decode()
    assert "None of your data fits this model" in html
    assert "Translation" in html
    fitting = make_data("translation")
    response = client.get(wizard)
    assert list(response.context["list"].page) == [fitting]
    link = f"?data={fitting.pk}&amp;base={quote(BaseModel.objects.get().choice)}"
    assert link in response.content.decode()


def test_nobody_trains_what_others_brought(client_for, editor, outsider) -> None:
    wizard = client_for(editor).post(reverse("catalog:base_new"), HUB)["Location"]
    assert client_for(outsider).get(wizard).status_code == 404


def test_nobody_brings_a_model_for_the_data_of_others(client_for, outsider, make_data) -> None:
    address = f"{reverse('catalog:base_new')}?data={make_data().pk}"
    assert client_for(outsider).get(address).status_code == 404


def test_the_same_model_is_not_added_twice(client_for, editor) -> None:
    client = client_for(editor)
    client.post(reverse("catalog:base_new"), HUB)
    assert client.post(reverse("catalog:base_new"), HUB).status_code == 422
    assert BaseModel.objects.count() == 1


def test_a_model_that_was_added_as_one_kind_can_be_added_as_another(client_for, editor) -> None:
    client = client_for(editor)
    for family in ("classifier", "causal"):
        assert client.post(reverse("catalog:base_new"), {**HUB, "family": family}).status_code == 302
    assert {base.family for base in BaseModel.objects.all()} == {"classifier", "causal"}


def _add_folder(owner, workspace, location) -> BaseModel:
    return services.add_base_model(
        actor=owner, workspace=workspace, kind="folder", name="", family="causal", location=str(location)
    )


def test_folders_need_a_root_that_the_administrator_set(settings, owner, workspace, tmp_path: Path) -> None:
    settings.MODEL_ROOTS = []
    with pytest.raises(UserError, match="MODEL_ROOTS"):
        _add_folder(owner, workspace, tmp_path)


def test_a_folder_below_a_root_with_a_model_in_it_is_taken(
    settings, owner, workspace, tmp_path: Path
) -> None:
    settings.MODEL_ROOTS = [str(tmp_path)]
    (tmp_path / "mine").mkdir()
    with pytest.raises(UserError, match=r"config\.json"):
        _add_folder(owner, workspace, tmp_path / "mine")
    (tmp_path / "mine" / "config.json").write_text("{}")
    base = _add_folder(owner, workspace, tmp_path / "mine")
    assert base.base == FolderBase(family="causal", path=str(tmp_path / "mine"))


def test_no_path_leads_out_of_the_roots(settings, owner, workspace, tmp_path: Path) -> None:
    root, secret = tmp_path / "root", tmp_path / "secret"
    root.mkdir()
    secret.mkdir()
    (secret / "config.json").write_text("{}")
    (root / "link").symlink_to(secret)
    settings.MODEL_ROOTS = [str(root)]
    for location in (secret, root / "link", root / ".." / "secret", "relative", f"{root}-twin"):
        with pytest.raises(UserError):
            _add_folder(owner, workspace, location)


def test_archived_bases_are_not_offered_and_come_back(client_for, editor) -> None:
    client = client_for(editor)
    client.post(reverse("catalog:base_new"), HUB)
    page = reverse("catalog:base_archive", args=[BaseModel.objects.get().pk])
    client.post(page, {"archived": "1"})
    assert not BaseModel.objects.current().exists()
    client.post(page, {"archived": "0"})
    assert BaseModel.objects.current().exists()


def test_a_viewer_and_an_outsider_cannot_touch_bases(client_for, editor, viewer, outsider) -> None:
    client_for(editor).post(reverse("catalog:base_new"), HUB)
    page = reverse("catalog:base_archive", args=[BaseModel.objects.get().pk])
    assert client_for(viewer).post(reverse("catalog:base_new"), HUB).status_code == 403
    assert client_for(viewer).post(page).status_code == 403
    assert client_for(outsider).post(page).status_code == 404
    assert "flan-t5" not in client_for(outsider).get(reverse("catalog:list")).content.decode()


def test_the_list_explains_starters_without_any_model(client_for, viewer) -> None:
    html = client_for(viewer).get(reverse("catalog:list")).content.decode()
    assert "random weights" in html
    assert "No trained model yet" in html
