"""Opening and closing ways into an app."""

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
from apps.publishing.limits import LEAST_PASSWORD_CHARACTERS, MOST_PASSWORD_CHARACTERS
from apps.publishing.models import App, ShareLink
from apps.publishing.services.closing import stop_replies
from apps.publishing.tokens import decrypt_token, encrypt_token, hash_token, new_token
from apps.workspaces import access, audit
from apps.workspaces.access import Action, live_access


@transaction.atomic
def create_share_link(*, actor: User, app: App, name: str = "", password: str = "") -> tuple[ShareLink, str]:
    """Return the link and its token. Raises UserError when nothing is published yet, or the password is too short."""
    access.require(actor, app.workspace, Action.PUBLISH)
    if app.archived_at or app.live_version_id is None:
        raise UserError(_("Publish the app before you share it."))
    token = new_token()
    link = ShareLink.objects.create(
        workspace=app.workspace,
        created_by=actor,
        app=app,
        name=fitting(ShareLink, "name", name.strip()),
        token_hash=hash_token(token),
        token_encrypted=encrypt_token(token),
        password=_hashed(password),
    )
    audit.record(actor, "share_link.created", link, app=app.name, password=bool(password))
    return link, token


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
