"""Reads of apps and links."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Self

from apps.workspaces.querysets import InWorkspaceQuerySet

if TYPE_CHECKING:
    from apps.publishing.models import ShareLink


class AppQuerySet(InWorkspaceQuerySet):
    def current(self) -> Self:
        return self.filter(archived_at=None)


class ShareLinkQuerySet(InWorkspaceQuerySet):
    def live(self) -> Self:
        return self.filter(revoked_at=None, app__archived_at=None)

    def by_token(self, token: str) -> ShareLink | None:
        """The live link with this token; its hash is looked up, never the token itself."""
        found = self.live().select_related("app__live_version__model_version", "app__workspace")
        return found.filter(token_hash=hashlib.sha256(token.encode()).hexdigest()).first()
