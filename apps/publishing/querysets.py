"""Reads of apps, links and what was said."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Self

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Count, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from apps.publishing.states import UNANSWERED
from apps.publishing.tokens import hash_token
from apps.workspaces.querysets import InWorkspaceQuerySet

if TYPE_CHECKING:
    from apps.accounts.models import User
    from apps.publishing.models import App, ShareLink


class AppQuerySet(InWorkspaceQuerySet):
    def current(self) -> Self:
        return self.filter(archived_at=None)

    def with_activity(self) -> Self:
        """Adds `conversation_count` and `live_links`, for lists. Each is a subquery of its own: joined, every link would
        be counted with every message."""
        related = self.model._meta.get_field
        conversations = related("conversations").related_model.objects.filter(app=OuterRef("pk"))
        links = related("links").related_model.objects.open_now().filter(app=OuterRef("pk"))
        return self.annotate(
            conversation_count=counted(conversations, "app"), live_links=counted(links, "app")
        )

    def feedback_of(self, apps: Iterable[App]) -> dict[Any, dict[bool, int]]:
        """How many answers of each of `apps` helped (True) and did not (False), in one query."""
        from apps.publishing.models import Feedback

        found: dict[Any, dict[bool, int]] = {}
        judged = Feedback.objects.filter(message__conversation__app__in=[app.pk for app in apps])
        rows = judged.values_list("message__conversation__app", "helped").annotate(Count("pk"))
        for app_id, helped, count in rows:
            found.setdefault(app_id, {})[helped] = count
        return found


def counted(rows: Any, by: str) -> Any:
    """How many correlated `rows` there are: a subquery, grouped by the field that they are correlated by."""
    groups = rows.order_by().values(by).annotate(count=Count("pk")).values("count")
    return Coalesce(Subquery(groups), 0)


class ShareLinkQuerySet(InWorkspaceQuerySet):
    def live(self) -> Self:
        return self.filter(
            revoked_at=None,
            app__archived_at=None,
            app__live_version__isnull=False,
            workspace__deleted_at=None,
        )

    def open_now(self) -> Self:
        """Live ones that are neither paused nor expired."""
        unexpired = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
        return self.live().filter(unexpired, paused_at=None)

    def by_token(self, token: str) -> ShareLink | None:
        """The live link with this token; its hash is looked up, never the token itself."""
        found = self.live().select_related("app__live_version__model_version", "app__workspace")
        return found.filter(token_hash=hash_token(token)).first()


class ConversationQuerySet(models.QuerySet[Any]):
    def of_visitor(self, app: App, visitor_key: str, link: ShareLink | None) -> Self:
        """Those that a visitor began through this link, whose limits count them; None: in the preview."""
        return self.filter(app=app, visitor_key=visitor_key, link=link)


class MessageQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        if not user.is_authenticated:
            return self.none()
        return self.filter(
            conversation__app__workspace__memberships__user=user,
            conversation__app__workspace__deleted_at=None,
        )

    def of_visitor(self, app: App, visitor_key: str, link: ShareLink | None) -> Self:
        own = {"conversation__app": app, "conversation__visitor_key": visitor_key, "conversation__link": link}
        return self.filter(**own)

    def current(self) -> Self:
        """The conversation as it reads now, without turns that were edited or answered again."""
        return self.filter(superseded=False).order_by("position")

    def unanswered(self) -> Self:
        return self.filter(role=self.model.Role.ASSISTANT, state__in=UNANSWERED)
