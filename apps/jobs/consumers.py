"""Tells an open page that a job changed; the page then reads the rows it does not have yet."""

from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from django.contrib.auth.models import AnonymousUser

from apps.accounts.models import User
from apps.jobs.models import Job
from apps.jobs.services import group_of


def _may_see(user: User | AnonymousUser, job_id: str) -> bool:
    return Job.objects.visible_to(user).filter(pk=job_id).exists()


class JobConsumer(AsyncJsonWebsocketConsumer):  # type: ignore[misc]
    """Sends {"type": "changed"} whenever the job changes. The only thing a browser may say is nothing."""

    async def connect(self) -> None:
        job_id = str(self.scope["url_route"]["kwargs"]["job_id"])
        if not await database_sync_to_async(_may_see)(self.scope["user"], job_id):
            await self.close(code=4404)
            return
        self.group = group_of(job_id)
        await self.channel_layer.group_add(self.group, self.channel_name)
        await self.accept()

    async def disconnect(self, code: int) -> None:
        if hasattr(self, "group"):
            await self.channel_layer.group_discard(self.group, self.channel_name)

    async def job_changed(self, message: dict[str, Any]) -> None:
        await self.send_json({"type": "changed"})
