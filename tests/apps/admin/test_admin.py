"""Django's admin reaches every model: opens, searches, and writes only where no service must."""

import re

import pytest
from django.apps import apps
from django.contrib import admin
from django.urls import reverse
from django.utils.translation import override

from apps.core.admin import ReadOnlyAdmin

pytestmark = pytest.mark.django_db

OURS = [model for model in apps.get_models() if model.__module__.startswith("apps.")]
REGISTERED = sorted(admin.site._registry, key=lambda model: model._meta.label)
READ_ONLY = [model for model in REGISTERED if isinstance(admin.site._registry[model], ReadOnlyAdmin)]
WRITABLE = {"accounts.User", "workspaces.Workspace", "workspaces.Membership", "workspaces.Quota"}
"""What administrators write; each records what was done in the audit trail."""


def address(model, page: str, *args: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


@pytest.fixture
def something_of_everything(make_run, make_evaluation, make_app, link, new_job, owner, workspace) -> None:
    from apps.catalog.models import BaseModel
    from apps.evaluation import services
    from apps.jobs.models import JobEvent
    from apps.publishing.entrance import by_link
    from apps.publishing.services import replies
    from apps.workspaces.access.api_keys import create_api_key

    run = make_run()
    services.compare(actor=owner, evaluations=[make_evaluation(run.model_version), make_evaluation(None)])
    JobEvent.objects.create(job=run.job, seq=1, attempt=1, kind="log", data={"text": "x"})
    BaseModel.objects.create(workspace=workspace, kind="hub", name="B", family="causal", location="a/b")
    create_api_key(actor=owner, workspace=workspace, name="k")
    replies.ask(entrance=by_link(link[1], "a-visitor"), text="Hello")


def test_every_model_of_ours_is_there() -> None:
    assert [model._meta.label for model in OURS if model not in admin.site._registry] == []


def test_it_says_whose_it_is(client_for, owner) -> None:
    assert "Maquette administration" in client_for(owner).get(reverse("admin:index")).content.decode()


def names_of(model) -> list[tuple[str, str]]:
    """Whatever the admin calls a model and what it holds, with where that is from."""
    meta = model._meta
    named = [meta.app_config, *(field for field in meta.get_fields() if hasattr(field, "verbose_name"))]
    names = [(f"{meta.label}", str(meta.verbose_name)), (f"{meta.label}s", str(meta.verbose_name_plural))]
    return names + [(f"{meta.label} {getattr(one, 'name', '')}", str(one.verbose_name)) for one in named]


def test_everything_is_named_in_chinese() -> None:
    with override("zh-hans"):
        wrong = [
            (where, name)
            for model in REGISTERED
            for where, name in names_of(model)
            if not re.search("[\u4e00-\u9fff]", name) and name not in {"ID", "IP", "top-p"}
        ]
    assert not wrong


def test_lists_open_search_and_show_what_there_is(client_for, owner, something_of_everything) -> None:
    client = client_for(owner)
    for model in REGISTERED:
        for query in ({}, {"q": "some words"}, {"q": "00000000-0000-0000-0000-000000000000"}):
            response = client.get(address(model, "changelist"), query)
            assert response.status_code == 200, (model, query)
        if model.__module__.startswith("apps."):
            assert admin.site._registry[model].search_fields, model
            assert admin.site._registry[model].list_filter, model


def test_lists_cost_the_same_however_long(client_for, owner, something_of_everything) -> None:
    """Rows beyond the first cost no query: checked by copying every row that can simply be copied."""
    import copy
    import uuid

    from django.db import IntegrityError, connection, transaction
    from django.test.utils import CaptureQueriesContext

    client, grown = client_for(owner), 0
    for model in OURS:
        first = model._default_manager.first()
        client.get(address(model, "changelist"))
        with CaptureQueriesContext(
            connection,
        ) as before:
            client.get(address(model, "changelist"))
        if first is None:
            continue
        try:
            with transaction.atomic():
                for n in range(4):
                    twin = copy.copy(first)
                    twin.pk = uuid.uuid4() if model._meta.pk.get_internal_type() == "UUIDField" else None
                    twin._state.adding = True
                    for name in ("number", "seq"):
                        if hasattr(twin, name):
                            setattr(twin, name, 1000 + n)
                    twin.save(force_insert=True)
        except IntegrityError:
            continue
        grown += 1
        with CaptureQueriesContext(connection) as after:
            client.get(address(model, "changelist"))
        assert len(after) == len(before), (model, [q["sql"][:150] for q in after])
    assert grown >= 8


def test_what_a_service_must_write_is_only_looked_at(client_for, owner, something_of_everything) -> None:
    client = client_for(owner)
    for model in READ_ONLY:
        assert client.get(address(model, "add")).status_code == 403
        assert client.post(address(model, "add"), {}).status_code == 403
        row = model._default_manager.first()
        if row is None:
            continue
        assert client.get(address(model, "change", row.pk)).status_code == 200
        before = model._default_manager.filter(pk=row.pk).values().get()
        assert client.post(address(model, "change", row.pk), {"name": "changed"}).status_code == 403
        assert client.post(address(model, "delete", row.pk), {"post": "yes"}).status_code == 403
        delete = {"action": "delete_selected", "_selected_action": [str(row.pk)], "post": "yes"}
        client.post(address(model, "changelist"), delete)
        assert model._default_manager.filter(pk=row.pk).values().get() == before


def test_only_what_no_service_writes_can_be_written() -> None:
    writable = {m._meta.label for m in OURS if m in admin.site._registry} - {m._meta.label for m in READ_ONLY}
    assert writable == WRITABLE


def test_secrets_are_not_shown(client_for, owner, something_of_everything) -> None:
    from apps.publishing.models import ShareLink
    from apps.workspaces.models import ApiKey, Workspace

    client = client_for(owner)
    for model, secrets in (
        (ApiKey, ["hash"]),
        (ShareLink, ["token_hash", "token_encrypted"]),
        (Workspace, ["split_key"]),
    ):
        row = model._default_manager.first()
        html = client.get(address(model, "change", row.pk)).content.decode()
        for name in secrets:
            assert getattr(row, name) not in html


def test_only_administrators_come_in(client_for, admin, outsider, owner) -> None:
    for user in (None, admin, outsider):
        assert client_for(user).get("/admin/").status_code == 302
    assert client_for(owner).get("/admin/").status_code == 200


def test_deleting_an_account_counts_its_rows(
    client_for, owner, editor, django_assert_max_num_queries
) -> None:
    from allauth.usersessions.models import UserSession

    from apps.accounts.models import User

    client, page = client_for(owner), address(User, "delete", editor.pk)
    UserSession.objects.bulk_create(
        UserSession(user=editor, ip="192.0.2.1", session_key=f"{number:032d}") for number in range(3000)
    )
    with django_assert_max_num_queries(40):
        response = client.get(page)
    html = response.content.decode()
    assert re.search(r": 3,?000\s*</li>", html)
    assert len(html) < 100_000
    assert client.post(page, {"post": "yes"}).status_code == 302
    assert not User.objects.filter(pk=editor.pk).exists()


def test_a_member_set_here_is_in_the_audit_trail(client_for, owner, outsider, workspace) -> None:
    from apps.workspaces.models import AuditEntry, Membership

    client = client_for(owner)
    sent = {"workspace": str(workspace.pk), "user": str(outsider.pk), "role": "editor"}
    assert client.post(address(Membership, "add"), sent).status_code == 302
    membership = Membership.objects.get(user=outsider, workspace=workspace)
    client.post(address(Membership, "delete", membership.pk), {"post": "yes"})
    assert set(AuditEntry.objects.filter(object_id=str(membership.pk)).values_list("action", flat=True)) == {
        "membership.set",
        "membership.removed",
    }
