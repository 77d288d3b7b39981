"""Creating, changing and closing the share links of an app, on its page."""

from __future__ import annotations

from functools import partial
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.core.errors import UserError
from apps.publishing.forms import EmbedForm, LinkForm, LinkLimitsForm, LinkPasswordForm
from apps.publishing.models import App
from apps.publishing.services import links
from apps.publishing.views.studio import detail_page
from apps.workspaces import access
from apps.workspaces.access.rules import PUBLISH, rule
from apps.workspaces.requests import WorkspaceRequest


def _back_to(app: App) -> HttpResponse:
    return redirect(reverse("publishing:detail", args=[app.pk]) + "#share")


@rule(post=PUBLISH, of="app", related=("live_version",))
def create_link(request: WorkspaceRequest, app: App) -> HttpResponse:
    form = LinkForm(request.POST)
    if form.is_valid():
        try:
            links.create_share_link(actor=request.user, app=app, **form.cleaned_data)
            return _back_to(app)
        except UserError as error:
            form.add_user_error(error)
    return detail_page(request, app, link_form=form, status=422)


@rule(post=PUBLISH, of="app share_link", related=("live_version",))
def set_link_password(request: WorkspaceRequest, app: App, link_id: UUID) -> HttpResponse:
    """Another password for a link, or none."""
    link = access.get_inner(app.links.all(), link_id)
    form = LinkPasswordForm(request.POST)
    if not form.is_valid():
        messages.error(request, " ".join(map(str, form.errors["password"])))
    else:
        links.set_link_password(actor=request.user, link=link, **form.cleaned_data)
        messages.success(request, _("Saved. Visitors who have the link open must enter the password again."))
    return _back_to(app)


@rule(post=PUBLISH, of="app share_link", related=("live_version",))
def change_link(request: WorkspaceRequest, app: App, link_id: UUID) -> HttpResponse:
    """Another name, or other limits."""
    link = access.get_inner(app.links.live(), link_id)
    form = LinkLimitsForm(request.POST, **LinkLimitsForm.names(link))
    if form.is_valid():
        changes = form.cleaned_data
        # The field shows minutes. An end that was not touched stays as it is, also when it has passed.
        if link.expires_at and changes["expires_at"] == link.expires_at.replace(second=0, microsecond=0):
            del changes["expires_at"]
        try:
            links.change_share_link(actor=request.user, link=link, **changes)
            messages.success(request, _("The link is saved. Its limits apply from now on."))
            return _back_to(app)
        except UserError as error:
            form.add_user_error(error)
    return detail_page(request, app, refused_form=(link, form), status=422)


@rule(post=PUBLISH, of="app share_link", related=("live_version",))
def embed_link(request: WorkspaceRequest, app: App, link_id: UUID) -> HttpResponse:
    """The sites that may show the app in a frame."""
    link = access.get_inner(app.links.live(), link_id)
    form = EmbedForm(request.POST, **LinkLimitsForm.names(link))
    if form.is_taken_by(partial(links.change_share_link, actor=request.user, link=link)):
        messages.success(request, _("The allowed sites are saved."))
        return redirect(f"{reverse('publishing:detail', args=[app.pk])}?embed={link.pk}#link-{link.pk}")
    return detail_page(request, app, refused_form=(link, form), status=422)


@rule(post=PUBLISH, of="app share_link", related=("live_version",))
def pause_link(request: WorkspaceRequest, app: App, link_id: UUID) -> HttpResponse:
    link = access.get_inner(app.links.live(), link_id)
    links.pause_share_link(actor=request.user, link=link)
    messages.success(request, _("The link is paused. Open pages were disconnected."))
    return _back_to(app)


@rule(post=PUBLISH, of="app share_link", related=("live_version",))
def resume_link(request: WorkspaceRequest, app: App, link_id: UUID) -> HttpResponse:
    link = access.get_inner(app.links.live(), link_id)
    links.resume_share_link(actor=request.user, link=link)
    messages.success(request, _("The link is open again."))
    return _back_to(app)


@rule(post=PUBLISH, of="app share_link", related=("live_version",))
def revoke_link(request: WorkspaceRequest, app: App, link_id: UUID) -> HttpResponse:
    link = access.get_inner(app.links.all(), link_id)
    links.revoke_share_link(actor=request.user, link=link)
    messages.success(request, _("The link is closed. Open pages were disconnected."))
    return _back_to(app)
