"""Tells an open page that a job changed; the page then reads the rows it does not have yet."""

from typing import Any

from channels.generic.websocket import AsyncJsonWebsocketConsumer

from apps.core.database import database_call
from apps.core.errors import NotVisible
from apps.jobs.models import Job
from apps.jobs.services import group_of
from apps.workspaces.access import live_access
from apps.workspaces.access.rules import VIEW, access_rule, object_of_socket


class JobConsumer(live_access.WatchedSocket, AsyncJsonWebsocketConsumer):
    """Sends {"type": "changed"} whenever the job changes. The only thing a browser may say is nothing."""

    access_rule = access_rule(opening=VIEW, of="job")

    async def connect(self) -> None:
        job = await database_call(self._job)()
        user, session_key = self.scope["user"], self.scope["session"].session_key
        if job is None or not await self.watch(
            [
                group_of(job.pk),
                live_access.of_user(user.pk),
                live_access.of_session(session_key),
                live_access.of_workspace(job.workspace_id),
            ]
        ):
            await self.close(code=4404)
            return
        await self.accept()

    def _job(self) -> Job | None:
        try:
            found: Job = object_of_socket(self)
        except NotVisible:
            return None
        return found

    def is_allowed(self) -> bool:
        user, session = self.scope["user"], self.scope["session"]
        return live_access.is_signed_in(user, session.session_key) and self._job() is not None

    async def disconnect(self, code: int) -> None:
        await self.unwatch()

    async def job_changed(self, message: dict[str, Any]) -> None:
        await self.send_json({"type": "changed"})
