"""Reads of jobs."""

from __future__ import annotations

from datetime import timedelta
from typing import Self

from django.conf import settings
from django.utils import timezone

from apps.jobs.states import ACTIVE, CLAIMED, ENDED, State
from apps.workspaces.querysets import InWorkspaceQuerySet


class JobQuerySet(InWorkspaceQuerySet):
    def active(self) -> Self:
        return self.filter(state__in=ACTIVE)

    def claimed(self) -> Self:
        return self.filter(state__in=CLAIMED)

    def without_heartbeat(self) -> Self:
        """Claimed, but nothing was heard of them for JOB_LOST_AFTER_SECONDS."""
        limit = timezone.now() - timedelta(seconds=settings.JOB_LOST_AFTER_SECONDS)
        return self.claimed().filter(heartbeat_at__lt=limit)

    def unclaimed(self) -> Self:
        """Queued, and sent so long ago that the message may be lost."""
        limit = timezone.now() - timedelta(seconds=settings.JOB_RESEND_AFTER_SECONDS)
        return self.filter(state=State.QUEUED, sent_at__lt=limit) | self.filter(
            state=State.QUEUED, sent_at=None, created_at__lt=limit
        )

    def with_old_checkpoint(self) -> Self:
        """Ended, and neither resumed nor continued for CHECKPOINT_DAYS; none that a waiting job begins with."""
        limit = timezone.now() - timedelta(days=settings.CHECKPOINT_DAYS)
        begins_with = self.model.objects.active().values_list("spec__inputs__checkpoint", flat=True)
        old = self.filter(state__in=ENDED, ended_at__lt=limit).exclude(checkpoint_key="")
        return old.exclude(checkpoint_key__in=[key for key in begins_with if key])
