"""How a person came to an app, which decides what they may do there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import cast

from django.contrib.auth.models import AnonymousUser

from apps.accounts.models import User
from apps.core.client_addresses import limited_as
from apps.core.errors import NotVisible
from apps.publishing.link_passwords import is_open_to
from apps.publishing.models import App, AppVersion, Conversation, Message, ShareLink
from apps.publishing.querysets import ConversationQuerySet, MessageQuerySet
from apps.workspaces import access
from apps.workspaces.access import live_access


class Locked(NotVisible):
    """The link is live, and its password was not given. Everything behind it is as good as not there."""

    def __init__(self, link: ShareLink) -> None:
        super().__init__()
        self.link = link


class Shut(NotVisible):
    """The link exists, and does not open at the moment or for this person. `reason` is one of errors.closed_text."""

    def __init__(self, reason: str) -> None:
        super().__init__()
        self.reason = reason


@dataclass(frozen=True)
class Entrance:
    """A visitor with a share link, or a member of the workspace (`link` None) who looks at the newest version."""

    app: App
    visitor_key: str
    link: ShareLink | None = None
    user: User | None = None
    """The member; with a link, only where the link is for members."""
    session_key: str | None = None
    """Of the session that the member came with, if they came with one: signing out ends what is open."""
    shown_on: frozenset[str] | None = None
    """The sites that may show the page in a frame, when it was opened in one; None outside of frames."""
    address: str = ""
    """Where a visitor asks from, as limits count it; empty for members, who are known by their account."""

    @property
    def version(self) -> AppVersion | None:
        version = (
            self.app.live_version if self.link else self.app.versions.select_related("model_version").first()
        )
        return self._of_this_app(version)

    def _of_this_app(self, version: AppVersion | None) -> AppVersion | None:
        """The same, which need not ask the database for its app."""
        if version is not None:
            version.app = self.app
        return version

    def version_now(self) -> AppVersion | None:
        """What answers a question that is asked now: while a page is open, its app may be published again. None where there
        is none yet. Raises Shut where this entrance leads in no more."""
        link = self._live_link()
        if reason := self.reason_of(link):
            raise Shut(reason)
        if link is None:
            return self.version
        newest = link.app.live_version_id
        if newest != self.app.live_version_id:
            self.app.refresh_from_db(fields=["live_version"])
        return self._of_this_app(self.app.live_version)

    def _live_link(self) -> ShareLink | None:
        """The link as it is now, None where it is revoked, has another password, or its app is archived."""
        if self.link is None:
            return None
        live = ShareLink.objects.live().select_related("app")
        return live.filter(pk=self.link.pk, password=self.link.password).first()

    def is_open(self) -> bool:
        """Whether it still leads in."""
        return not self.closed_because()

    def closed_because(self) -> str:
        """Why it leads in no more, as errors.closed_text says it; empty while it does. A member must be signed in and a
        member, and a link be open."""
        return self.reason_of(self._live_link())

    def reason_of(self, link: ShareLink | None) -> str:
        """The same, for the link as a caller read it; None where it is revoked."""
        if self.link is None:
            return "" if self._is_member() else "closed"
        if link is None:
            return "closed"
        if link.closed_because:
            return link.closed_because
        if link.members_only and not self._is_member():
            return "members_only"
        is_shown = self.shown_on is None or (link.embed_sites and self.shown_on <= set(link.embed_sites))
        return "" if is_shown else "not_shown_here"

    def _is_member(self) -> bool:
        return (
            self.user is not None
            and (self.session_key is None or live_access.is_signed_in(self.user, self.session_key))
            and App.objects.visible_to(self.user).filter(pk=self.app.pk).exists()
        )

    def conversations(self) -> ConversationQuerySet:
        return Conversation.objects.of_visitor(self.app, self.visitor_key, self.link)

    def messages(self) -> MessageQuerySet:
        return Message.objects.of_visitor(self.app, self.visitor_key, self.link).select_related(
            "conversation"
        )

    def message(self, message_id: str) -> Message | None:
        """One of their own messages, or None."""
        found = self.messages().select_related("app_version", "feedback")
        return cast("Message | None", found.filter(pk=message_id).first())

    @property
    def groups(self) -> list[str]:
        """Channel groups on which it is told that something it rests on has changed (apps.workspaces.access.live_access)."""
        shared = [f"app.{self.app.pk}", live_access.of_workspace(self.app.workspace_id)]
        if self.link:
            shared.append(f"link.{self.link.pk}")
            if self.user is None:
                return shared
        own = [live_access.of_user(self.user.pk)] if self.user else []
        return [*shared, *own, live_access.of_session(self.session_key)]


def by_link(
    token: str,
    visitor_key: str,
    cookies: Mapping[str, str] | None = None,
    address: str = "",
    *,
    user: User | AnonymousUser | None = None,
    session_key: str | None = None,
    in_frame: bool = False,
) -> Entrance | None:
    """The way in that a live share link gives; none in a frame where no site may show it. Raises Shut where the link is paused, expired, or for members and `user` is
    none; Locked where it has a password that the cookies do not speak of."""
    link = ShareLink.objects.by_token(token)
    if link is None or (in_frame and not link.embed_sites):
        return None
    entrance = Entrance(link.app, visitor_key, link=link, address=limited_as(address))
    if in_frame:
        entrance = replace(entrance, shown_on=frozenset(link.embed_sites))
    if link.members_only and user is not None and user.is_authenticated:
        # Known by the account: the next person at this browser is another one.
        key = _member_key(user)
        entrance = replace(entrance, user=user, session_key=session_key, visitor_key=key, address="")
    if reason := entrance.reason_of(link):
        raise Shut(reason)
    if not is_open_to(link, cookies or {}):
        raise Locked(link)
    return entrance


def _member_key(user: User | AnonymousUser) -> str:
    return f"member:{user.pk}"


def for_member(user: User | AnonymousUser, app_id: str, session_key: str | None = None) -> Entrance:
    """The way in of a member who is signed in. Raises NotVisible."""
    app = access.get_visible(App.objects.select_related("live_version"), user, pk=app_id)
    return of_member(user, app, session_key)


def of_member(user: User | AnonymousUser, app: App, session_key: str | None = None) -> Entrance:
    """The way in of a member to an app that they may see."""
    return Entrance(app, _member_key(user), user=user, session_key=session_key)  # type: ignore[arg-type]
