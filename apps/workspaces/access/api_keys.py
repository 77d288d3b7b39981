"""API keys: creating and revoking them, and how one comes with a request, the same for every API."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from datetime import timedelta
from functools import partial

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.core.errors import UserError
from apps.workspaces import access, audit
from apps.workspaces.access import Action
from apps.workspaces.models import ApiKey, InWorkspace, Workspace
from apps.workspaces.signals import api_key_revoked

KEY_PREFIX = "mq-"
DAYS, MOST_DAYS = 90, 3650
"""How long a key is live unless its maker says otherwise, and at most; None is for good."""
HEADER = "X-API-Key"
_QUERY_NAMES = {"key", "api_key", "apikey", "api-key", "access_token", "token"}


class KeyRefused(Exception):
    """A key was sent in a way that gives it away or leaves open which one is meant; the message says how to send it."""


def has_key(headers: Mapping[str, str], query: Mapping[str, str]) -> bool:
    """Whether the request comes with something that means to be a key. Raises KeyRefused for one in the address."""
    _refuse_in_address(query)
    return bool(_secrets(headers))


def sent_key(headers: Mapping[str, str], query: Mapping[str, str]) -> ApiKey | None:
    """The live key that the request comes with. Raises KeyRefused."""
    _refuse_in_address(query)
    sent = _secrets(headers)
    if len(sent) > 1:
        raise KeyRefused(_("Send one key, not two different ones."))
    return ApiKey.objects.by_secret(sent.pop()) if sent else None


def _secrets(headers: Mapping[str, str]) -> set[str]:
    scheme, _space, secret = headers.get("Authorization", "").partition(" ")
    found = {secret.strip()} if scheme.lower() == "bearer" else set()
    if HEADER in headers:
        found.add(headers[HEADER].strip())
    return found


def _refuse_in_address(query: Mapping[str, str]) -> None:
    """Addresses are kept: by logs, proxies and browsers."""
    if any(name.lower() in _QUERY_NAMES or value.startswith(KEY_PREFIX) for name, value in query.items()):
        message = _(
            "Don't put an API key in a URL: it ends up in logs. Revoke it, and send a new one as “Authorization: Bearer …”."
        )
        raise KeyRefused(message)


@transaction.atomic
def create_api_key(
    *,
    actor: User,
    workspace: Workspace,
    name: str,
    app: InWorkspace | None = None,
    can_write: bool = True,
    days: int | None = DAYS,
) -> tuple[ApiKey, str]:
    """Return the key's row and its secret, which is shown now and never again. It opens `app` alone, where one is
    given, and expires after `days`, if any.

    One that is made with a key ends no later than that key and is revoked with it. Raises UserError (fields name, days).
    """
    access.require(actor, workspace, Action.EDIT)
    if not name.strip():
        raise UserError(_("Enter a name for the key, so that you know later what uses it."), field="name")
    if days is not None and not 1 <= days <= MOST_DAYS:
        raise UserError(_("Choose between 1 and %(most)d days.") % {"most": MOST_DAYS}, field="days")
    ends = [timezone.now() + timedelta(days=days)] if days else []
    own_key: ApiKey | None = getattr(actor, "api_key", None)
    if own_key is not None and own_key.expires_at:
        ends.append(own_key.expires_at)
    secret = KEY_PREFIX + secrets.token_urlsafe(32)
    key = ApiKey.objects.create(
        workspace=workspace,
        created_by=actor,
        name=name.strip(),
        prefix=secret[:8],
        hash=hashlib.sha256(secret.encode()).hexdigest(),
        app_id=app.pk if app else None,
        can_write=can_write,
        made_with=own_key,
        expires_at=min(ends) if ends else None,
    )
    audit.record(actor, "api_key.created", key, app=str(app or ""), can_write=can_write, days=days)
    return key, secret


@transaction.atomic
def revoke_api_key(*, actor: User, key: ApiKey) -> list[ApiKey]:
    """Revoke a key and those that were made with it: a leaked key must not go on in keys of its own. Return the latter.

    The person who made a key may revoke it, regardless of their role; so may an admin.
    """
    access.require(actor, key.workspace, Action.VIEW if key.created_by_id == actor.pk else Action.MANAGE)
    made = list(key.made_keys.filter(revoked_at=None).select_for_update())
    for each in (key, *made):
        if ApiKey.objects.filter(pk=each.pk, revoked_at=None).update(revoked_at=timezone.now()):
            audit.record(actor, "api_key.revoked", each)
            transaction.on_commit(partial(api_key_revoked.send, sender=ApiKey, key=each))
    return made
