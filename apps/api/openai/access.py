"""Who asks: the live key of one app, made by somebody who still is a member."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest
from django.utils.translation import gettext as _

from apps.api.openai.errors import ApiError
from apps.publishing.limits import LINK_PER_MINUTE, take_turn
from apps.publishing.models import App, AppVersion
from apps.workspaces import access
from apps.workspaces.access import Action
from apps.workspaces.models import ApiKey


@dataclass(frozen=True)
class Caller:
    key: ApiKey
    app: App

    @property
    def version(self) -> AppVersion:
        """The live version. Raises ApiError (404) while nothing is published."""
        version = self.app.live_version
        if version is None or self.app.archived_at:
            raise ApiError(404, "model_not_found", _("This app is not published."), param="model")
        return version


def caller_of(request: HttpRequest) -> Caller:
    """Raises ApiError (401)."""
    scheme, _space, secret = request.headers.get("Authorization", "").partition(" ")
    key = ApiKey.objects.by_secret(secret.strip()) if scheme.lower() == "bearer" else None
    if key is None or key.app_id is None or not _still_member(key):
        raise ApiError(401, "invalid_api_key", _("Send a live key of the app as `Authorization: Bearer …`."))
    app = App.objects.select_related("live_version__model_version").filter(
        pk=key.app_id, workspace_id=key.workspace_id
    )
    found = app.first()
    if found is None:
        raise ApiError(401, "invalid_api_key", _("The app of this key is gone."))
    ApiKey.objects.note_use(key)
    return Caller(key, found)


def take_turn_for(caller: Caller, model: str) -> None:
    """Let `caller` send one request to `model`. Raises ApiError (404, 429)."""
    if model != caller.app.slug:
        message = _("This key opens the model `%(slug)s`, and no other.") % {"slug": caller.app.slug}
        raise ApiError(404, "model_not_found", message, param="model")
    if not take_turn(f"key:{caller.key.pk}", str(caller.app.pk), most=LINK_PER_MINUTE):
        raise ApiError(429, "rate_limit_exceeded", _("Too many requests within this minute."), retry_after=30)


def _still_member(key: ApiKey) -> bool:
    return (
        key.created_by is not None
        and key.created_by.is_active
        and access.can(key.created_by, key.workspace, Action.VIEW)
    )
