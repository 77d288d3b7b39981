"""The studio's pages about apps: making, publishing, sharing, looking after them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from apps.catalog.lineage import lineage_of
from apps.catalog.models import ModelVersion
from apps.core.choices import pick
from apps.core.errors import UserError
from apps.core.htmx import render_page
from apps.core.listing import BY_TIME_AND_NAME, Filter, Listing, Sort
from apps.core.verdicts import warning_of
from apps.jobs.views import status_context
from apps.publishing.defaults import (
    default_name,
    kind_of,
    settings_for,
    suggestions_for,
)
from apps.publishing.embedding import needs_https
from apps.publishing.forms import (
    AppForm,
    AppKeyForm,
    LinkForm,
    initial_of,
    models_like,
    publishable_models,
)
from apps.publishing.kinds import kind_choices
from apps.publishing.models import App, AppVersion, Feedback, Message, ShareLink
from apps.publishing.services import apps as services
from apps.publishing.services import links
from apps.publishing.views.link_rows import LINKS, RefusedForm, link_rows
from apps.workspaces import access
from apps.workspaces.access.api_keys import create_api_key, revoke_api_key
from apps.workspaces.access.rules import EDIT, MAKER, PUBLISH, VIEW, rule
from apps.workspaces.models import ApiKey
from apps.workspaces.requests import WorkspaceRequest


def _in_state(apps: Any, value: str) -> Any:
    wanted = {
        "live": Q(live_version__isnull=False)
        & Exists(ShareLink.objects.open_now().filter(app=OuterRef("pk"))),
        "closed": Q(live_version__isnull=False)
        & ~Exists(ShareLink.objects.open_now().filter(app=OuterRef("pk"))),
        "draft": Q(live_version=None),
    }
    return apps.filter(wanted[value])


APPS = Listing(
    searches=("name", "slug", "live_version__model_version__name"),
    sorts=(*BY_TIME_AND_NAME, Sort("used", _l("Most used first"), ("-conversation_count", "pk"))),
    filters=(
        Filter("type", _l("Type"), kind_choices(), lambda apps, value: apps.filter(app_type=value)),
        Filter(
            "state",
            _l("State"),
            (("live", _l("Live")), ("closed", _l("No open link")), ("draft", _l("Not published"))),
            _in_state,
        ),
    ),
    page_size=24,
)


VERSIONS = Listing(sorts=(Sort("number", "", ("-number",)),), page_size=10, prefix="versions-")
APP_KEYS = Listing(searches=("name", "prefix", "created_by__email"), page_size=10, prefix="keys-")


@rule(get=VIEW)
def app_list(request: WorkspaceRequest) -> HttpResponse:
    found = App.objects.visible_to(request.user).in_workspace(request.workspace)
    archived = request.GET.get("archived") == "1"
    shown = found.exclude(archived_at=None) if archived else found.current()
    listed = APPS.read(request, shown.with_activity().select_related("live_version__model_version"))
    context = {
        "list": listed,
        "feedback": App.objects.feedback_of(listed.page.object_list),
        "archived": archived,
        "archived_count": found.exclude(archived_at=None).count(),
        "newest_model": publishable_models(
            ModelVersion.objects.in_workspace(request.workspace).tuned()
        ).first()
        if not listed.total
        else None,
    }
    return render_page(request, "publishing/list.html", context)


@rule(get=EDIT, post=EDIT, names={"model": "model"})
def new(request: WorkspaceRequest) -> HttpResponse:
    """One page with good defaults; the first button publishes."""
    workspace = request.workspace
    models = ModelVersion.objects.in_workspace(workspace).current()
    chosen = request.POST.get("model") or request.GET.get("model")
    newest = publishable_models(models.tuned()).first()
    model = access.open_object(request, models, pk=chosen) if chosen else newest
    if model is None:
        return render(request, "publishing/no_model.html", {})
    kind, warning = kind_of(model), warning_of(model)
    proposed = settings_for(model).model_copy(update={"suggestions": suggestions_for(model)})
    form = AppForm(
        request.POST or None,
        models=models_like(models, kind),
        kind=kind,
        warning=warning,
        initial=initial_of(proposed, model, default_name(model)),
    )
    _offer_models(request, form, model)
    if request.method == "POST" and form.is_valid():
        try:
            return redirect("publishing:detail", _create(request, form).pk)
        except UserError as error:
            form.add_user_error(error)
    context = {
        "form": form,
        "model": model,
        "warning": warning,
        "lineage": lineage_of(model),
    }
    return render(request, "publishing/form.html", context, status=422 if form.errors else 200)


@transaction.atomic
def _create(request: WorkspaceRequest, form: AppForm) -> App:
    """The app, published unless it is to stay a draft; nothing of it where publishing is refused. Raises UserError."""
    user: Any = request.user
    app = services.create_app(
        actor=user,
        workspace=request.workspace,
        model_version=form.cleaned_data["model"],
        name=form.cleaned_data["name"],
        app_settings=form.app_settings(),
    )
    if "draft" not in request.POST:
        version = app.versions.get()
        services.publish(actor=user, app=app, version=version, verdict_is_confirmed=form.verdict_is_confirmed)
        links.create_share_link(actor=user, app=app)
    return app


@rule(get=EDIT, post=EDIT, of="app", names={"model": "model"}, related=("live_version",))
def edit(request: WorkspaceRequest, app: App) -> HttpResponse:
    """Saving makes the next version; visitors see it when it is published."""
    start = _version_to_start_from(app, request.GET.get("from", ""))
    models = models_like(ModelVersion.objects.in_workspace(app.workspace).current(), app.kind)
    posted = models.filter(pk=request.POST["model"]).first() if _is_uuid(request.POST.get("model")) else None
    model = posted or start.model_version
    warning = warning_of(model)
    form = AppForm(
        request.POST or None,
        models=models | ModelVersion.objects.filter(pk=start.model_version_id),
        kind=app.kind,
        warning=warning,
        initial=initial_of(start.settings, start.model_version, app.name),
    )
    _offer_models(request, form, start.model_version)
    if request.method == "POST" and form.is_valid():
        try:
            _update(request, app, form)
            return redirect("publishing:detail", app.pk)
        except UserError as error:
            form.add_user_error(error)
    context = {
        "form": form,
        "app": app,
        "model": model,
        "start": start,
        "warning": warning,
        "lineage": _lineage(app, start),
    }
    return render(request, "publishing/form.html", context, status=422 if form.errors else 200)


def _version_to_start_from(app: App, number: str) -> AppVersion:
    """The version of that number; the newest where there is none."""
    versions = app.versions.select_related("model_version__run")
    asked = versions.filter(number=number).first() if number.isdecimal() and len(number) < 10 else None
    return asked or versions[0]


def _offer_models(request: WorkspaceRequest, form: AppForm, model: ModelVersion) -> None:
    """The one that is chosen, and the first others that fit."""
    field: Any = form.fields["model"]
    chosen = [request.POST.get("model") or request.GET.get("model") or model.pk]
    pick(
        request,
        "model",
        field.queryset,
        searches=("name", "dataset_version__dataset__name"),
        chosen=chosen,
    ).offer(field)


@transaction.atomic
def _update(request: WorkspaceRequest, app: App, form: AppForm) -> None:
    """The next version, published unless it is to stay a draft. Raises UserError, and then changes nothing."""
    user: Any = request.user
    version = services.update_app(
        actor=user,
        app=app,
        model_version=form.cleaned_data["model"],
        name=form.cleaned_data["name"],
        app_settings=form.app_settings(),
    )
    if "draft" not in request.POST:
        services.publish(actor=user, app=app, version=version, verdict_is_confirmed=form.verdict_is_confirmed)


def _is_uuid(value: str | None) -> bool:
    try:
        UUID(value or "")
    except ValueError:
        return False
    return True


@rule(get=VIEW, of="app", related=("live_version",))
def detail(request: WorkspaceRequest, app: App) -> HttpResponse:
    return detail_page(request, app)


def detail_page(
    request: WorkspaceRequest,
    app: App,
    *,
    secret: str = "",
    key_form: AppKeyForm | None = None,
    link_form: LinkForm | None = None,
    refused_form: RefusedForm | None = None,
    status: int = 200,
) -> HttpResponse:
    versions = app.versions.select_related("model_version__run", "created_by", "parity_job")
    shown = versions.get(pk=app.live_version_id) if app.live_version_id else versions.first()
    assert shown is not None  # noqa: S101  (an app is made with its first version)
    open_links = LINKS.read(request, app.links.live().select_related("created_by"))
    may_publish = access.can(request.user, app.workspace, access.Action.PUBLISH)
    keys = ApiKey.objects.in_workspace(app.workspace).filter(app_id=app.pk)
    keys = keys.select_related("created_by", "made_with")
    context = {
        "app": app,
        "version": shown,
        "versions": VERSIONS.read(request, versions),
        "lineage": _lineage(app, shown),
        "links": open_links,
        "link_rows": link_rows(open_links.page, refused_form, with_forms=may_publish),
        "link_form": link_form or LinkForm(),
        "embedding_needs_https": needs_https(),
        "secret": secret,
        "key_form": key_form or AppKeyForm(),
        "keys": APP_KEYS.read(request, keys),
        "base_url": f"{settings.SITE_URL}/v1",
        "figures": _figures(app),
        "kind": app.kind,
    }
    if shown.parity_job and shown.parity is None:
        context |= status_context(shown.parity_job)
    return render(request, "publishing/detail.html", context, status=status)


def _figures(app: App) -> dict[str, int]:
    """Conversations, answers, and how many of them helped: each counted by itself, without joining one with another."""
    answers = Message.objects.filter(conversation__app=app, role=Message.Role.ASSISTANT)
    feedback = Feedback.objects.filter(message__conversation__app=app)
    return {
        "conversations": app.conversations.count(),
        "answers": answers.count(),
        **feedback.aggregate(judged=Count("pk"), helped=Count("pk", filter=Q(helped=True))),
    }


def _lineage(app: App, version: AppVersion) -> list[dict[str, str]]:
    return [*lineage_of(version.model_version), {"label": app.name, "url": "", "icon": "app-window"}]


@rule(post=PUBLISH, of="app", names={"version": "app_version"}, related=("live_version",))
def publish(request: WorkspaceRequest, app: App) -> HttpResponse:
    """Publishes the version in the form: the newest, or an older one again."""
    versions = app.versions.select_related("model_version__run")
    version = access.get_inner(versions, request.POST.get("version", ""))
    services.publish(
        actor=request.user,
        app=app,
        version=version,
        verdict_is_confirmed=bool(request.POST.get("confirm_verdict")),
    )
    if not app.links.live().exists():
        links.create_share_link(actor=request.user, app=app)
    messages.success(request, _("Version %(number)s is live.") % {"number": version.number})
    return redirect("publishing:detail", app.pk)


@rule(post=EDIT, of="app", related=("live_version",))
def check_parity(request: WorkspaceRequest, app: App) -> HttpResponse:
    version = app.live_version or app.versions.latest("number")
    services.start_parity_check(actor=request.user, version=version)
    return redirect("publishing:detail", app.pk)


@rule(post=PUBLISH, of="app", related=("live_version",))
def archive(request: WorkspaceRequest, app: App) -> HttpResponse:
    services.archive_app(actor=request.user, app=app)
    messages.success(request, _("%(app)s is archived. Its links are closed.") % {"app": app})
    return redirect("publishing:detail", app.pk)


@rule(post=PUBLISH, of="app", related=("live_version",))
def restore(request: WorkspaceRequest, app: App) -> HttpResponse:
    services.restore_app(actor=request.user, app=app)
    return redirect("publishing:detail", app.pk)


@rule(post=MAKER, of="app", related=("live_version",))
def delete(request: WorkspaceRequest, app: App) -> HttpResponse:
    services.delete_app(actor=request.user, app=app)
    messages.success(request, _("%(app)s is deleted.") % {"app": app})
    return redirect("publishing:list")


@rule(post=EDIT, of="app", related=("live_version",))
def create_key(request: WorkspaceRequest, app: App) -> HttpResponse:
    """The new key is on the page that answers, and never again."""
    form = AppKeyForm(request.POST)
    if form.is_valid():
        try:
            _key, secret = create_api_key(
                actor=request.user,
                workspace=app.workspace,
                app=app,
                **form.cleaned_data,
            )
            return detail_page(request, app, secret=secret)
        except UserError as error:
            form.add_user_error(error)
    return detail_page(request, app, key_form=form, status=422)


@rule(post=MAKER, of="app app_key", related=("live_version",))
def revoke_key(request: WorkspaceRequest, app: App, key_id: UUID) -> HttpResponse:
    key = access.get_inner(ApiKey.objects.filter(app_id=app.pk), key_id)
    revoke_api_key(actor=request.user, key=key)
    return redirect(reverse("publishing:detail", args=[app.pk]) + "#api")
