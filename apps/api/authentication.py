"""API keys for the REST API: `Authorization: Bearer mq-…`."""

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed, Throttled
from rest_framework.request import Request

from apps.accounts.models import User
from apps.api.throttling import wait_of_stranger
from apps.workspaces.models import ApiKey


class KeyAuthentication(BaseAuthentication):
    """The user who made the key, carrying it as `api_key`, so that `workspaces.access` keeps them within it."""

    def authenticate(self, request: Request) -> tuple[User, ApiKey] | None:
        scheme, _space, secret = get_authorization_header(request).decode("latin-1").partition(" ")
        if scheme.lower() != "bearer":
            return None
        key = ApiKey.objects.by_secret(secret.strip())
        if key is None and (wait := wait_of_stranger(request.META)):
            raise Throttled(wait)
        if key is None or key.app_id is not None or key.created_by is None or not key.created_by.is_active:
            raise AuthenticationFailed(
                _("This is not a live key of a workspace. Make one under Workspace, API keys.")
            )
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
