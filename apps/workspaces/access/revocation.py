"""Tells what is open that something it rests on has changed: a membership, an account, a session, a key, a workspace.

It listens to the rows themselves, so that no way of writing them (a page, the admin, a cascade) is forgotten.
"""

from typing import Any

from django.contrib.sessions.models import Session
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from apps.accounts.models import User
from apps.workspaces.access import live_access
from apps.workspaces.models import ApiKey, Membership, Workspace
from apps.workspaces.signals import api_key_revoked, membership_narrowed, workspace_closed


@receiver(post_delete, sender=Membership)
@receiver(post_save, sender=Membership)
def membership_changed(instance: Membership, created: bool = False, **_: Any) -> None:
    if not created:
        live_access.hint(live_access.of_user(instance.user_id))


@receiver(membership_narrowed)
def member_narrowed(user: User, **_: Any) -> None:
    live_access.hint(live_access.of_user(user.pk))


@receiver(post_delete, sender=User)
@receiver(post_save, sender=User)
def account_changed(
    instance: User, created: bool = False, update_fields: frozenset[str] | None = None, **_: Any
) -> None:
    if not created and set(update_fields or ()) != {"last_login"}:
        live_access.hint(live_access.of_user(instance.pk))


@receiver(post_delete, sender=Session)
def session_ended(instance: Session, **_: Any) -> None:
    live_access.hint(live_access.of_session(instance.session_key))


@receiver(post_delete, sender=ApiKey)
@receiver(post_save, sender=ApiKey)
def key_changed(instance: ApiKey, created: bool = False, **_: Any) -> None:
    if not created:
        live_access.hint(live_access.of_key(instance.pk))


@receiver(api_key_revoked)
def key_revoked(key: ApiKey, **_: Any) -> None:
    live_access.hint(live_access.of_key(key.pk))


@receiver(workspace_closed)
def workspace_is_closed(workspace: Workspace, **_: Any) -> None:
    live_access.hint(live_access.of_workspace(workspace.pk))
