"""API keys for the REST API: `Authorization: Bearer mq-…`, or `X-API-Key: mq-…`."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, Throttled
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request

from apps.accounts.models import User
from apps.api.throttling import wait_of_stranger
from apps.workspaces.access.api_keys import KeyRefused, has_key, sent_key
from apps.workspaces.models import ApiKey


class KeyAuthentication(BaseAuthentication):
    """The user who made the key, carrying it as `api_key`, so that `workspaces.access` keeps them within it."""

    def authenticate(self, request: Request) -> tuple[User, ApiKey] | None:
        try:
            if not has_key(request.headers, request.query_params):
                return None
            key = sent_key(request.headers, request.query_params)
        except KeyRefused as refused:
            raise AuthenticationFailed(str(refused)) from refused
        if key is None and (wait := wait_of_stranger(request.META)):
            raise Throttled(wait)
        if key is None or key.app_id is not None:
            raise AuthenticationFailed(
                _("This is not a valid key of a workspace. Create one under Workspace, API keys.")
            )
        if not key.can_write and request.method not in SAFE_METHODS:
            raise PermissionDenied(_("This key can only read. Create one that can also write."))
        ApiKey.objects.note_use(key)
        user: Any = key.created_by
        user.api_key = key
        return user, key

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class KeyScheme(OpenApiAuthenticationExtension):
    """How the OpenAPI page describes it."""

    target_class = KeyAuthentication
    name = "key"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "A key of a workspace."}
