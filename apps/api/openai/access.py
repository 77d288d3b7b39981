"""Who asks: the live key of one app, made by a person who still is a member."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _

from apps.api.openai.errors import ApiError
from apps.api.throttling import wait_of_key, wait_of_stranger
from apps.core.rate_limits import Rate, count_each
from apps.publishing.models import App, AppVersion
from apps.workspaces.access import live_access
from apps.workspaces.access.api_keys import KeyRefused, sent_key
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
        version.app = self.app
        return version

    def require_asking(self) -> None:
        """Raises ApiError (403)."""
        if not self.key.can_write:
            raise ApiError(
                403,
                "read_only_key",
                _("This key can only list the app. Create one that can send requests to it."),
            )

    def require(self, model: str) -> dict[str, str]:
        """May ask `model` now; return headers that say how often. Raises ApiError (404, 429)."""
        self.require_named(model)
        return self.take_turn()

    def take_turn(self) -> dict[str, str]:
        """Count one question by the key and by the app; return headers that say what is left. Raises ApiError (429)."""
        most = settings.APP_QUESTIONS_PER_MINUTE
        names = (f"visitor:key:{self.key.pk}", f"link:{self.app.pk}")
        count = count_each([(name, Rate(most)) for name in names])
        headers = _rate_headers(most, count.left, count.resets)
        if count.wait:
            raise _too_often(count.wait, headers)
        return headers

    def require_named(self, model: str) -> None:
        """Raises ApiError (404) for every name but the app's."""
        if model != self.app.slug:
            message = _("This key gives access only to the model `%(slug)s`.") % {"slug": self.app.slug}
            raise ApiError(404, "model_not_found", message, param="model")

    def is_open(self) -> bool:
        """Whether the key still opens the app."""
        is_live = ApiKey.objects.of_members().filter(pk=self.key.pk).exists()
        return is_live and App.objects.current().filter(pk=self.app.pk).exists()

    @property
    def groups(self) -> list[str]:
        """Channel groups on which it is told that something this rests on has changed (apps.workspaces.access.live_access)."""
        rests_on = [
            live_access.of_key(self.key.pk),
            live_access.of_workspace(self.key.workspace_id),
            f"app.{self.app.pk}",
        ]
        return [*rests_on, *([live_access.of_user(self.key.created_by_id)] if self.key.created_by_id else [])]


def caller_of(request: HttpRequest) -> Caller:
    """Raises ApiError (401, 429)."""
    try:
        key = sent_key(request.headers, request.GET)
    except KeyRefused as refused:
        raise ApiError(401, "invalid_api_key", str(refused)) from refused
    if key is None and (wait := wait_of_stranger(request.META)):
        raise _too_often(wait)
    if key is None or key.app_id is None:
        raise key_refused()
    app = App.objects.select_related("live_version__model_version").filter(
        pk=key.app_id, workspace_id=key.workspace_id
    )
    found = app.first()
    if found is None:
        raise ApiError(401, "invalid_api_key", _("The app of this key no longer exists."))
    if wait := wait_of_key(key):
        raise _too_often(wait)
    ApiKey.objects.note_use(key)
    return Caller(key, found)


def key_refused() -> ApiError:
    return ApiError(401, "invalid_api_key", _("Send a valid key of the app as `Authorization: Bearer …`."))


def _rate_headers(most: int, left: int, resets: int) -> dict[str, str]:
    """As OpenAI names them."""
    return {
        "x-ratelimit-limit-requests": str(most),
        "x-ratelimit-remaining-requests": str(left),
        "x-ratelimit-reset-requests": f"{resets}s",
    }


def _too_often(wait: int, headers: dict[str, str] | None = None) -> ApiError:
    message = _("Too many requests in this minute. Wait %(seconds)d s, then try again.") % {"seconds": wait}
    return ApiError(429, "rate_limit_exceeded", message, retry_after=wait, headers=headers)
