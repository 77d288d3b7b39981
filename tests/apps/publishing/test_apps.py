"""Making, publishing, sharing and closing apps: who may, and what happens then."""

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404

from apps.core.errors import UserError
from apps.publishing import tokens
from apps.publishing.defaults import settings_for
from apps.publishing.kinds.chat import ChatSettings
from apps.publishing.models import App, AppVersion, Message, ShareLink
from apps.publishing.services import apps as services
from apps.publishing.services import links, replies
from apps.workspaces.access.api_keys import create_api_key
from apps.workspaces.models import ApiKey, AuditEntry

pytestmark = pytest.mark.django_db

MAY = {"owner": None, "admin": None, "editor": None, "viewer": PermissionDenied, "outsider": Http404}


@pytest.fixture(params=list(MAY))
def person(request):
    """Each of the cast, and what they get instead when they may not."""
    return request.getfixturevalue(request.param), MAY[request.param]


def attempt(refusal, action):
    """Run `action`; True when it was allowed, as it should be."""
    if refusal is None:
        action()
        return True
    with pytest.raises(refusal):
        action()
    return False


def test_who_may_make_an_app(person, workspace, make_model):
    user, refusal = person
    model = make_model()
    made = attempt(
        refusal,
        lambda: services.create_app(
            actor=user, workspace=workspace, model_version=model, name="Desk", app_settings=ChatSettings()
        ),
    )
    assert App.objects.exists() == made
    assert AuditEntry.objects.filter(action="app.created").exists() == made


def test_who_may_publish(person, make_app):
    user, refusal = person
    app = make_app(published=False)
    done = attempt(refusal, lambda: services.publish(actor=user, app=app, version=app.versions.get()))
    app.refresh_from_db()
    assert (app.live_version is not None) == done


def test_who_may_share_and_close(person, app):
    user, refusal = person
    attempt(refusal, lambda: links.create_share_link(actor=user, app=app))
    assert ShareLink.objects.exists() == (refusal is None)


def test_who_may_close_a_link(person, link):
    user, refusal = person
    done = attempt(refusal, lambda: links.revoke_share_link(actor=user, link=link[0]))
    assert ShareLink.objects.live().exists() == (not done)


def test_who_may_delete_what_another_made(person, app):
    user, _ = person
    refusal = {"owner": None, "admin": None, "outsider": Http404}.get(
        user.email.split("@")[0], PermissionDenied
    )
    done = attempt(refusal, lambda: services.delete_app(actor=user, app=app))
    assert App.objects.exists() == (not done)


def test_editing_makes_a_version_and_leaves_the_live_one(app, editor):
    before = app.live_version
    version = services.update_app(
        actor=editor,
        app=app,
        model_version=before.model_version,
        name="Front desk",
        app_settings=ChatSettings(welcome="Good morning"),
    )
    app.refresh_from_db()
    before.refresh_from_db()
    assert (version.number, version.settings.welcome) == (2, "Good morning")
    assert app.live_version == before
    assert before.settings.welcome != "Good morning"


def test_going_back_to_an_older_version(app, owner):
    first = app.live_version
    second = services.update_app(
        actor=owner, app=app, model_version=first.model_version, name=app.name, app_settings=ChatSettings()
    )
    services.publish(actor=owner, app=app, version=second)
    services.publish(actor=owner, app=app, version=first)
    app.refresh_from_db()
    assert app.live_version == first
    assert AuditEntry.objects.filter(action="app.rolled_back").count() == 1


def test_publishing_starts_one_parity_check(app, owner):
    version = app.live_version
    version.refresh_from_db()
    assert version.parity_job.kind == "parity"
    assert version.parity_job.spec["model"] == version.model_version.storage_key
    services.publish(actor=owner, app=app, version=version)
    version.refresh_from_db()
    assert AuditEntry.objects.filter(action="app.parity_started").count() == 1


def test_the_result_of_a_parity_check_is_kept(app):
    from apps.jobs.services import claim, finish

    job = AppVersion.objects.get(app=app).parity_job
    finish(claim(job_id=str(job.pk), worker="test"), result={"passed": False, "exact_match": 0.5})
    assert AppVersion.objects.get(app=app).parity == {"passed": False, "exact_match": 0.5}


def test_a_model_of_another_workspace_is_refused(workspace, owner, outsider, make_model):
    model = make_model()
    elsewhere = outsider.memberships.get().workspace
    with pytest.raises(UserError) as caught:
        services.create_app(
            actor=outsider, workspace=elsewhere, model_version=model, name="Mine", app_settings=ChatSettings()
        )
    assert caught.value.field == "model"


def test_an_answer_that_would_fill_the_model_is_refused(workspace, owner, make_model):
    model = make_model(context_length=512)
    with pytest.raises(UserError) as caught:
        services.create_app(
            actor=owner,
            workspace=workspace,
            model_version=model,
            name="Desk",
            app_settings=ChatSettings(max_tokens=512),
        )
    assert caught.value.field == "max_tokens"


@pytest.mark.parametrize("task_type", ["chat", "instruction", "summarization", "translation", "code"])
def test_defaults_are_greedy_as_the_evaluation_is(make_model, task_type):
    assert settings_for(make_model(task_type)).temperature == 0


def test_names_without_latin_letters_get_a_slug(workspace, owner, make_model):
    app = services.create_app(
        actor=owner, workspace=workspace, model_version=make_model(), name="前台", app_settings=ChatSettings()
    )
    assert app.slug == f"app-{app.number}"


def test_a_token_is_long_found_by_hash_and_kept_encrypted(link):
    row, token = link
    assert len(token) >= 22
    assert token not in (row.token_hash, row.token_encrypted)
    assert tokens.decrypt_token(row.token_encrypted) == token
    assert ShareLink.objects.by_token(token) == row
    assert ShareLink.objects.by_token(row.token_hash) is None


def test_a_token_survives_a_new_secret_only_as_a_fallback(link, settings):
    old, settings.SECRET_KEY = settings.SECRET_KEY, "another secret key for this test only"
    assert tokens.decrypt_token(link[0].token_encrypted) is None
    settings.SECRET_KEY_FALLBACKS = [old]
    assert tokens.decrypt_token(link[0].token_encrypted) == link[1]


def test_archiving_closes_every_link(app, link, owner):
    services.archive_app(actor=owner, app=app)
    assert ShareLink.objects.by_token(link[1]) is None
    services.restore_app(actor=owner, app=app)
    assert ShareLink.objects.by_token(link[1]) == link[0]


def test_deleting_takes_conversations_and_keys_along(app, entrance, owner, workspace):
    replies.ask(entrance=entrance, text="Hello")
    key, _ = create_api_key(actor=owner, workspace=workspace, name="script", app=app)
    services.delete_app(actor=owner, app=app)
    assert not Message.objects.exists()
    assert not ApiKey.objects.get(pk=key.pk).is_live


def test_revoking_stops_the_answers_under_way(link, entrance, owner):
    turn = replies.ask(entrance=entrance, text="Hello")
    links.revoke_share_link(actor=owner, link=link[0])
    assert Message.objects.get(pk=turn.answer.pk).stop_requested
