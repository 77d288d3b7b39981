"""What an app asks its model: the one place that turns a stored turn into an engine request."""

from __future__ import annotations

from uuid import UUID

from apps.publishing.models import AppType, AppVersion, Message
from apps.publishing.reply_queue import ReplyRequest
from workers.contracts.engine import Sampling
from workers.contracts.families import Family
from workers.contracts.model_folder import PromptMessage

_AGAIN_TEMPERATURE = 0.7
_SHORT, _LONG = 0.5, 1.5
"""Of the mean length of the answers that a model learned from."""
_SEED_BITS = 31


def seed_of(reply: UUID) -> int:
    """Every reply has its own seed, so that a streamer that takes it over gets the same text again."""
    return reply.int & ((1 << _SEED_BITS) - 1)


def sampling_of(
    version: AppVersion, *, seed: int, length: str | None = None, again: bool = False
) -> Sampling:
    return Sampling(
        max_tokens=version.max_tokens,
        temperature=max(version.temperature, _AGAIN_TEMPERATURE) if again else version.temperature,
        top_p=version.top_p,
        repetition_penalty=version.repetition_penalty,
        seed=seed,
        **_length_limits(version, length),
    )


def _length_limits(version: AppVersion, length: str | None) -> dict[str, int]:
    """What the wished length of a summary means in tokens, measured by the answers that the model learned from.

    Medium is what it learned. Short ends with the sentence that reaches half of that; long goes on to one and a half
    times that, if the text is long enough to be worth it (workers.contracts.engine.Sampling).
    """
    if length == "short":
        return {"sentence_after": max(1, round(_SHORT * _usual_tokens(version)))}
    if length == "long":
        return {"min_tokens": min(round(_LONG * _usual_tokens(version)), version.max_tokens)}
    return {}


def _usual_tokens(version: AppVersion) -> float:
    """Mean tokens of the answers in the training data; half of the app's longest answer where there was no training."""
    run = getattr(version.model_version, "run", None)
    checked = run.preflight.result if run else None
    rows = checked["rows"].get("train") if checked else None
    if not checked or not rows:
        return version.max_tokens / 2
    return float(checked["learned_tokens"]) / rows


def request_for(answer: Message) -> ReplyRequest:
    """The request that answers `answer`'s question, with what was said before where the app is a chat."""
    version = answer.app_version
    earlier = Message.objects.filter(conversation=answer.conversation_id, position__lt=answer.position)
    earlier = earlier.current()
    if version.app.app_type == AppType.CHAT:
        messages = _history(list(earlier.values_list("role", "text")))
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
