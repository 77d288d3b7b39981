"""What a streamer reads and writes in the database: a message when its reply begins, and again when it ends."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from apps.core.database import database_call
from apps.publishing.models import Message
from apps.publishing.prompts import request_for
from apps.publishing.reply_queue import ReplyRequest
from apps.publishing.services.link_uses import count_tokens, lock_link_of
from apps.publishing.states import MessageState
from apps.publishing.streamer.outcome import Outcome
from apps.workspaces import usage

_FORGOTTEN_AFTER = timedelta(seconds=10)


@database_call
def take(message_id: str) -> ReplyRequest | Outcome | None:
    """The request behind a waiting answer; how it ended, where it has; None when there is no such message."""
    found = Message.objects.select_related("app_version__app", "app_version__model_version")
    answer = found.filter(pk=message_id, role=Message.Role.ASSISTANT).first()
    if answer is None:
        return None
    if answer.is_ended:
        return _outcome_of(answer)
    Message.objects.filter(pk=answer.pk, state=MessageState.PENDING).update(state=MessageState.STREAMING)
    return request_for(answer)


@database_call
def finish(message_id: str, outcome: Outcome) -> Outcome:
    """Store how a reply ended, once: of two writers the first one counts, and both get what counts."""
    fields = outcome.model_dump()
    with transaction.atomic():
        # Who asks through the link at this moment counts the answer either as under way or with its tokens.
        lock_link_of(message_id)
        if Message.objects.unanswered().filter(pk=message_id).update(**fields, ended_at=timezone.now()):
            count_tokens(message_id, outcome.prompt_tokens + outcome.output_tokens)
            _count(message_id, outcome)
            return outcome
    answer = Message.objects.filter(pk=message_id).first()
    return _outcome_of(answer) if answer else outcome


@database_call
def count(reply: str, outcome: Outcome) -> None:
    """Count the tokens of a reply that no row remembers."""
    _count(reply, outcome)


def _count(reply: str, outcome: Outcome) -> None:
    """A reply is counted once, however many streamers end it: its promise is settled by the first."""
    usage.spend(key=f"reply:{reply}", amount=outcome.prompt_tokens + outcome.output_tokens)


@database_call
def forgotten() -> dict[str, str]:
    """Answers that wait for so long that they should be on the queue, and the workspace of each."""
    waiting = Message.objects.unanswered().filter(created_at__lt=timezone.now() - _FORGOTTEN_AFTER)
    return {
        str(pk): str(workspace)
        for pk, workspace in waiting.values_list("pk", "app_version__app__workspace_id")
    }


def _outcome_of(answer: Message) -> Outcome:
    return Outcome(**{name: getattr(answer, name) for name in Outcome.model_fields})
