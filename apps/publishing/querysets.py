"""Reads of apps, links and what was said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Count, Q

from apps.publishing.tokens import hash_token
from apps.workspaces.querysets import InWorkspaceQuerySet

if TYPE_CHECKING:
    from apps.accounts.models import User
    from apps.publishing.models import App, ShareLink

PENDING = ("pending", "streaming")


class AppQuerySet(InWorkspaceQuerySet):
    def current(self) -> Self:
        return self.filter(archived_at=None)

    def with_activity(self) -> Self:
        """Adds `conversation_count`, `live_links`, `helped` and `unhelped`, for lists."""
        given = "conversations__messages__feedback__helped"
        return self.annotate(
            conversation_count=Count("conversations", distinct=True),
            live_links=Count("links", filter=Q(links__revoked_at=None), distinct=True),
            helped=Count("conversations__messages__feedback", filter=Q(**{given: True}), distinct=True),
            unhelped=Count("conversations__messages__feedback", filter=Q(**{given: False}), distinct=True),
        )


class ShareLinkQuerySet(InWorkspaceQuerySet):
    def live(self) -> Self:
        return self.filter(
            revoked_at=None,
            app__archived_at=None,
            app__live_version__isnull=False,
            workspace__deleted_at=None,
        )

    def by_token(self, token: str) -> ShareLink | None:
        """The live link with this token; its hash is looked up, never the token itself."""
        found = self.live().select_related("app__live_version__model_version", "app__workspace")
        return found.filter(token_hash=hash_token(token)).first()


class ConversationQuerySet(models.QuerySet[Any]):
    def of_visitor(self, app: App, visitor_key: str) -> Self:
        return self.filter(app=app, visitor_key=visitor_key)


class MessageQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        if not user.is_authenticated:
            return self.none()
        return self.filter(
            conversation__app__workspace__memberships__user=user,
            conversation__app__workspace__deleted_at=None,
        )

    def of_visitor(self, app: App, visitor_key: str) -> Self:
        return self.filter(conversation__app=app, conversation__visitor_key=visitor_key)

    def current(self) -> Self:
        """The conversation as it reads now, without turns that were edited or answered again."""
        return self.filter(superseded=False).order_by("position")

    def unanswered(self) -> Self:
        return self.filter(role="assistant", state__in=PENDING)
