"""Opening and closing ways into an app."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypedDict, Unpack

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.core.errors import UserError
from apps.core.models import fitting
from apps.core.passwords import trim
from apps.publishing.embedding import cleaned_sites
from apps.publishing.limits import LEAST_PASSWORD_CHARACTERS, MOST_PASSWORD_CHARACTERS, MOST_TOKENS, MOST_USES
from apps.publishing.models import App, ShareLink
from apps.publishing.services.closing import stop_replies
from apps.publishing.tokens import decrypt_token, encrypt_token, hash_token, new_token
from apps.workspaces import access, audit
from apps.workspaces.access import Action, live_access


class LinkLimits(TypedDict, total=False):
    """What a link allows. None: no limit."""

    expires_at: datetime | None
    members_only: bool
    max_uses_per_day: int | None
    max_uses_per_visitor: int | None
    max_uses: int | None
    token_budget: int | None
    embed_sites: list[str]


class LinkChanges(LinkLimits, total=False):
    """What can be changed of a link, but for its password."""

    name: str


@transaction.atomic
def create_share_link(
    *, actor: User, app: App, name: str = "", password: str = "", **limits: Unpack[LinkLimits]
) -> tuple[ShareLink, str]:
    """Return the link and its token. Raises UserError when nothing is published yet, the password is too short, or a limit
    would let no one ask."""
    access.require(actor, app.workspace, Action.PUBLISH)
    if app.archived_at or app.live_version_id is None:
        raise UserError(_("Publish the app before you share it."))
    if "embed_sites" in limits:
        limits["embed_sites"] = cleaned_sites(limits["embed_sites"])
    _require_usable(app, limits)
    token = new_token()
    link = ShareLink.objects.create(
        workspace=app.workspace,
        created_by=actor,
        app=app,
        name=fitting(ShareLink, "name", name.strip()),
        token_hash=hash_token(token),
        token_encrypted=encrypt_token(token),
        password=_hashed(password),
        **limits,
    )
    given = {name: value for name, value in limits.items() if value}
    audit.record(actor, "share_link.created", link, app=app.name, password=bool(password), **_recorded(given))
    return link, token


@transaction.atomic
def change_share_link(*, actor: User, link: ShareLink, **changes: Unpack[LinkChanges]) -> None:
    """Change name and limits. What is open through the link and no longer allowed is closed; the next question is held
    against the new limits. Raises UserError as `create_share_link`."""
    access.require(actor, link.workspace, Action.PUBLISH)
    link = ShareLink.objects.select_for_update(no_key=True).get(pk=link.pk)
    if "embed_sites" in changes:
        changes["embed_sites"] = cleaned_sites(changes["embed_sites"])
    changed = {name: value for name, value in changes.items() if value != getattr(link, name)}
    _require_usable(link.app, {"members_only": link.members_only, "embed_sites": link.embed_sites} | changed)
    if not changed:
        return
    ShareLink.objects.filter(pk=link.pk).update(**changed)
    audit.record(actor, "share_link.changed", link, app=link.app.name, **_recorded(changed))
    if changed.get("members_only"):
        stop_replies(conversation__link=link)
    live_access.hint(f"link.{link.pk}")


def _recorded(changed: Mapping[str, Any]) -> dict[str, Any]:
    """Values as the audit log keeps them."""
    return {
        name: value.isoformat() if isinstance(value, datetime) else value for name, value in changed.items()
    }


def _require_usable(app: App, limits: Mapping[str, Any]) -> None:
    """Raises UserError at the field of a limit with which the link would open for no one."""
    expires_at = limits.get("expires_at")
    if expires_at is not None and expires_at <= timezone.now():
        message = _("This time is in the past. Enter a later one, or leave the field empty.")
        raise UserError(message, field="expires_at")
    for name in ("max_uses_per_day", "max_uses_per_visitor", "max_uses"):
        if limits.get(name) is not None and not 1 <= limits[name] <= MOST_USES:
            message = _("Enter a number from 1 to %(most)s, or leave the field empty for no limit.")
            raise UserError(message % {"most": MOST_USES}, field=name)
    if limits.get("members_only") and limits.get("embed_sites"):
        message = _(
            "A link for members cannot be embedded: browsers don't sign in within frames of other sites. Use a second link."
        )
        raise UserError(message, field="members_only")
    budget, version = limits.get("token_budget"), app.live_version
    if budget is None or version is None:
        return
    longest = app.kind.longest_answer(version.settings)
    if budget <= longest:
        message = _(
            "This budget allows no answer: one answer of this app can have %(longest)s tokens, and the question is counted as well. Enter more."
        )
        raise UserError(message % {"longest": longest}, field="token_budget")
    if budget > MOST_TOKENS:
        message = _("Enter at most %(most)s tokens, or leave the field empty for no limit.")
        raise UserError(message % {"most": MOST_TOKENS}, field="token_budget")


@transaction.atomic
def pause_share_link(*, actor: User, link: ShareLink) -> None:
    """Close the link until it is resumed, open sockets and answers under way included."""
    access.require(actor, link.workspace, Action.PUBLISH)
    if not ShareLink.objects.filter(pk=link.pk, paused_at=None).update(paused_at=timezone.now()):
        return
    audit.record(actor, "share_link.paused", link, app=link.app.name)
    stop_replies(conversation__link=link)
    live_access.hint(f"link.{link.pk}")


@transaction.atomic
def update_share_link(
    *,
    actor: User,
    link: ShareLink,
    password: str | None = None,
    is_paused: bool | None = None,
    **changes: Unpack[LinkChanges],
) -> None:
    """All changes of a link in one call, or none of them where one is refused."""
    change_share_link(actor=actor, link=link, **changes)
    if password is not None:
        set_link_password(actor=actor, link=link, password=password)
    if is_paused is not None:
        (pause_share_link if is_paused else resume_share_link)(actor=actor, link=link)


@transaction.atomic
def resume_share_link(*, actor: User, link: ShareLink) -> None:
    access.require(actor, link.workspace, Action.PUBLISH)
    if ShareLink.objects.filter(pk=link.pk).exclude(paused_at=None).update(paused_at=None):
        audit.record(actor, "share_link.resumed", link, app=link.app.name)


def _hashed(password: str) -> str:
    password = trim(password)
    if not password:
        return ""
    if not LEAST_PASSWORD_CHARACTERS <= len(password) <= MOST_PASSWORD_CHARACTERS:
        message = _("The password must have %(least)d to %(most)d characters.")
        limits = {"least": LEAST_PASSWORD_CHARACTERS, "most": MOST_PASSWORD_CHARACTERS}
        raise UserError(message % limits, field="password", code="invalid")
    return make_password(password)


@transaction.atomic
def set_link_password(*, actor: User, link: ShareLink, password: str) -> None:
    """Give the link another password, or none. Visitors who entered the earlier one are disconnected and asked again."""
    access.require(actor, link.workspace, Action.PUBLISH)
    link.password = _hashed(password)
    link.save(update_fields=["password"])
    audit.record(actor, "share_link.password_set", link, app=link.app.name, password=bool(password))
    stop_replies(conversation__link=link)
    live_access.hint(f"link.{link.pk}")


@transaction.atomic
def revoke_share_link(*, actor: User, link: ShareLink) -> None:
    """Close the link at once, open sockets and answers under way included."""
    access.require(actor, link.workspace, Action.PUBLISH)
    if not ShareLink.objects.filter(pk=link.pk, revoked_at=None).update(revoked_at=timezone.now()):
        return
    audit.record(actor, "share_link.revoked", link, app=link.app.name)
    stop_replies(conversation__link=link)
    live_access.hint(f"link.{link.pk}")


def address_of(link: ShareLink) -> str | None:
    """The full address, or None when it can no longer be decrypted."""
    token = decrypt_token(link.token_encrypted)
    return settings.SITE_URL + reverse("publishing:visit", args=[token]) if token else None
