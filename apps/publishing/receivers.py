"""News from below: a parity check that ended, a person who leaves or asks what is kept about them."""

from collections.abc import Iterator
from typing import Any

from django.dispatch import receiver
from django.urls import reverse

from apps.accounts.models import User
from apps.accounts.signals import account_deleting, personal_data_asked
from apps.jobs.job_pages import register_page
from apps.jobs.models import Job
from apps.jobs.signals import job_succeeded, receives
from apps.publishing.models import Conversation
from apps.publishing.services.apps import store_parity
from apps.publishing.services.closing import stop_replies
from apps.workspaces.models import Workspace
from apps.workspaces.signals import workspace_closed
from workers.contracts.job_kinds.parity import PARITY

register_page(PARITY, "parity_of", lambda version: reverse("publishing:detail", args=[version.app_id]))


@receiver(workspace_closed)
def end_answers(workspace: Workspace, **_: Any) -> None:
    """Its links and sockets look at the workspace themselves; answers under way end with what they have."""
    stop_replies(conversation__app__workspace=workspace)


@receives(job_succeeded, PARITY)
def take_parity(job: Job) -> None:
    store_parity(job)


@receiver(account_deleting)
def remove_conversations(user: User, **_: Any) -> None:
    """What a person said to an app while signed in goes with their account."""
    Conversation.objects.filter(user=user).delete()


@receiver(personal_data_asked)
def personal_data(user: User, **_: Any) -> dict[str, Iterator[dict[str, Any]]]:
    return {"conversations": _conversations(user)}


def _conversations(user: User) -> Iterator[dict[str, Any]]:
    for conversation in Conversation.objects.filter(user=user).select_related("app").iterator():
        yield {
            "id": conversation.pk,
            "app": conversation.app.name,
            "title": conversation.title,
            "created_at": conversation.created_at,
            "messages": list(
                conversation.messages.values("role", "text", "created_at", "superseded", "feedback__helped")
            ),
        }
