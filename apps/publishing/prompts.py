"""What an app asks its model: the one place that turns a stored turn into an engine request."""

from __future__ import annotations

from uuid import UUID

from apps.publishing.models import AppType, AppVersion, Message
from apps.publishing.reply_queue import ReplyRequest
from apps.publishing.services.replies import LENGTHS
from workers.contracts.engine import Sampling
from workers.contracts.model_folder import PromptMessage
from workers.contracts.task_types import Family

_AGAIN_TEMPERATURE = 0.7
_SEED_BITS = 31


def seed_of(reply: UUID) -> int:
    """Every reply has its own seed, so that whoever takes it over gets the same text again."""
    return reply.int & ((1 << _SEED_BITS) - 1)


def sampling_of(
    version: AppVersion, *, seed: int, length: str | None = None, again: bool = False
) -> Sampling:
    share = LENGTHS.get(length or "", 1.0)
    return Sampling(
        max_tokens=max(1, round(version.max_tokens * share)),
        temperature=max(version.temperature, _AGAIN_TEMPERATURE) if again else version.temperature,
        top_p=version.top_p,
        repetition_penalty=version.repetition_penalty,
        seed=seed,
    )


def request_for(answer: Message) -> ReplyRequest:
    """The request that answers `answer`'s question, with what was said before where the app is a chat."""
    version = answer.app_version
    earlier = answer.conversation.messages.current().filter(position__lt=answer.position)
    if version.app.app_type == AppType.CHAT:
        messages = _history(list(earlier))
        if version.system_prompt:
            messages.insert(0, PromptMessage(role="system", content=version.system_prompt))
    else:
        questions = earlier.filter(role=Message.Role.USER).values_list("text", flat=True)
        messages = [PromptMessage(role="user", content=text) for text in questions.reverse()[:1]]
    return ReplyRequest(
        reply=str(answer.pk),
        model=version.model_version.storage_key,
        family=Family(version.model_version.family),
        messages=messages,
        sampling=sampling_of(
            version,
            seed=seed_of(answer.pk),
            length=answer.options.get("length"),
            again=bool(answer.options.get("again")),
        ),
        stop=answer.stop_requested,
        asked_at=answer.created_at.timestamp(),
    )


def _history(messages: list[Message]) -> list[PromptMessage]:
    """Answered turns and the open question; a question that got no answer is left out with its failure."""
    turns: list[PromptMessage] = []
    for question, answer in zip(messages, [*messages[1:], None], strict=True):
        if question.role != Message.Role.USER:
            continue
        if answer is None:
            turns.append(PromptMessage(role="user", content=question.text))
        elif answer.role == Message.Role.ASSISTANT and answer.text:
            turns.append(PromptMessage(role="user", content=question.text))
            turns.append(PromptMessage(role="assistant", content=answer.text))
    return turns
