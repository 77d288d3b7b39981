"""What an app asks its model: the one place that turns a stored turn into an engine request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from apps.publishing.models import AppVersion, Message
from apps.publishing.reply_queue import ReplyRequest
from workers.contracts.engine import Sampling
from workers.contracts.families import Family
from workers.contracts.model_folder import PromptMessage

_AGAIN_TEMPERATURE = 0.7
_SEED_BITS = 31


def seed_of(reply: UUID) -> int:
    """Every reply has its own seed, so that a streamer that takes it over gets the same text again."""
    return reply.int & ((1 << _SEED_BITS) - 1)


def sampling_of(version: AppVersion, *, seed: int, options: Mapping[str, Any]) -> Sampling:
    """Return how `version` writes an answer to a question with these options."""
    sampling = version.kind.sampling(version.settings)
    changes: dict[str, Any] = {"seed": seed}
    if options.get("again"):
        changes["temperature"] = max(sampling.temperature, _AGAIN_TEMPERATURE)
    limits = version.kind.option_limits(version.settings, options, lambda: _usual_tokens(version))
    return Sampling(**sampling.model_dump() | changes | limits)


def _usual_tokens(version: AppVersion) -> float:
    """Mean tokens of the answers in the training data; half of the app's longest answer where there was no training."""
    run = getattr(version.model_version, "run", None)
    checked = run.preflight.result if run else None
    rows = checked["rows"].get("train") if checked else None
    if not checked or not rows:
        return version.kind.longest_answer(version.settings) / 2
    return float(checked["learned_tokens"]) / rows


def request_for(answer: Message) -> ReplyRequest:
    """The request that answers `answer`'s question, with the earlier turns where the app is a conversation."""
    version = answer.app_version
    earlier = Message.objects.filter(conversation=answer.conversation_id, position__lt=answer.position)
    earlier = earlier.current()
    if version.kind.is_conversation:
        turns = _history(list(earlier.values_list("role", "text")))
    else:
        questions = earlier.filter(role=Message.Role.USER).values_list("text", flat=True)
        turns = [PromptMessage(role="user", content=text) for text in questions.reverse()[:1]]
    return ReplyRequest(
        reply=str(answer.pk),
        model=version.model_version.storage_key,
        family=Family(version.model_version.family),
        messages=version.kind.messages(version.settings, turns),
        sampling=sampling_of(version, seed=seed_of(answer.pk), options=answer.options),
        stop=answer.stop_requested,
        asked_at=answer.created_at.timestamp(),
    )


def _history(messages: list[tuple[str, str]]) -> list[PromptMessage]:
    """Of (role, text) in order: answered turns and the open question; a question that got no answer is left out with its
    failure."""
    turns: list[PromptMessage] = []
    for (role, question), answer in zip(messages, [*messages[1:], None], strict=True):
        if role != Message.Role.USER:
            continue
        if answer is None:
            turns.append(PromptMessage(role="user", content=question))
        elif answer[0] == Message.Role.ASSISTANT and answer[1]:
            turns.append(PromptMessage(role="user", content=question))
            turns.append(PromptMessage(role="assistant", content=answer[1]))
    return turns
