"""What visitors do: ask, stop, ask again, edit, judge. A visitor may do it to the conversations of their Entrance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.core.errors import UserError
from apps.core.models import fitting
from apps.publishing import limits
from apps.publishing.entrance import Entrance, Shut
from apps.publishing.errors import closed_error
from apps.publishing.models import AppVersion, Conversation, Feedback, Message
from apps.publishing.reply_queue import send_message, send_stop
from apps.publishing.services import branches
from apps.publishing.services.link_uses import take_use
from apps.publishing.states import MessageState
from apps.workspaces import usage
from apps.workspaces.models import UsageKind


@dataclass(frozen=True)
class Turn:
    question: Message
    answer: Message

    @property
    def conversation(self) -> Conversation:
        return self.question.conversation


def ask(
    *,
    entrance: Entrance,
    text: str,
    conversation_id: str | None = None,
    options: dict[str, Any] | None = None,
    request_key: str | None = None,
    known: str | None = None,
) -> Turn:
    """Store a question and a waiting answer, and queue the reply. The same `request_key` again returns the same turn.
    `known` is the last message that the page shows, where it says so.

    Raises UserError with a code: closed, expired, paused, members_only, empty, too_long, too_often, stale, busy, not_found,
    quota_exceeded, or one of a link's limits (services.link_uses).
    """
    if request_key and (turn := _asked_before(entrance, request_key)):
        return turn
    version = _checked(entrance, text)
    try:
        with transaction.atomic():
            conversation = _conversation(entrance, conversation_id, text, known)
            take_use(entrance, tokens=_most_tokens(entrance, version, text))
            parent = branches.last_of(conversation) if conversation_id else None
            chosen = entrance.app.kind.clean_options(options or {})
            return _add_turn(conversation, parent, version, text, chosen, request_key)
    except IntegrityError:
        turn = _asked_before(entrance, request_key) if request_key else None
        if turn is None:
            raise
        return turn


def regenerate(*, entrance: Entrance, message_id: str, known: str | None = None) -> Turn:
    """Answer the question before `message_id` again; the earlier answer, and what followed it, is kept as a version."""
    answer = _own(entrance, message_id, Message.Role.ASSISTANT)
    if turn := _answered_again(answer):
        return turn
    # Redis is asked before the row is locked: while it is slow, no other request waits for the row.
    version = _checked(entrance, _before(answer).text)
    with transaction.atomic():
        # Of two presses at the same time the second one waits here, and then finds what the first one did.
        _lock(answer.conversation)
        answer.refresh_from_db(fields=["superseded"])
        if turn := _answered_again(answer):
            return turn
        _require_up_to_date(answer.conversation, known)
        question = _before(answer)
        take_use(entrance, tokens=_most_tokens(entrance, version, question.text))
        branches.make_current(answer.conversation, tip=question)
        # A greedy model would say the same again, so that asking again brings some randomness.
        options = {**question.options, "again": answer.options.get("again", 0) + 1}
        position = _next_position(answer.conversation)
        newer = _waiting(answer.conversation, version, position, options, question)
        newer.save(force_insert=True)
        _queue(newer, question.text)
        return Turn(question, newer)


def edit(
    *,
    entrance: Entrance,
    message_id: str,
    text: str,
    request_key: str | None = None,
    known: str | None = None,
) -> Turn:
    """Ask `text` in place of a question; the question, and all that came after it, is kept as a version."""
    question = _own(entrance, message_id, Message.Role.USER)
    if request_key and (turn := _asked_before(entrance, request_key)):
        return turn
    version = _checked(entrance, text)
    with transaction.atomic():
        _lock(question.conversation)
        if request_key and (turn := _asked_before(entrance, request_key)):
            return turn
        conversation = question.conversation
        _require_up_to_date(conversation, known)
        take_use(entrance, tokens=_most_tokens(entrance, version, text))
        branches.make_current(conversation, tip=question.parent)
        return _add_turn(conversation, question.parent, version, text, question.options, request_key)


@transaction.atomic
def show_version(*, entrance: Entrance, message_id: str) -> None:
    """Let the conversation read as it did with `message_id` in it, up to its newest end from there."""
    message = entrance.message(message_id)
    if message is None:
        raise _gone()
    _lock(message.conversation)
    _require_answered(message.conversation)
    branches.make_current(message.conversation, tip=branches.newest_end(message))
    branches.announce(message.conversation)


@transaction.atomic
def stop(*, entrance: Entrance, message_id: str) -> None:
    """Ask that the answer ends with what it has. An answer that has ended stays as it is."""
    answer = _own(entrance, message_id, Message.Role.ASSISTANT)
    if Message.objects.unanswered().filter(pk=answer.pk).update(stop_requested=True):
        transaction.on_commit(lambda: send_stop(answer.pk))


@transaction.atomic
def give_feedback(*, entrance: Entrance, message_id: str, helped: bool, comment: str = "") -> Feedback:
    answer = _own(entrance, message_id, Message.Role.ASSISTANT)
    feedback, _created = Feedback.objects.update_or_create(
        message=answer, defaults={"helped": helped, "comment": fitting(Feedback, "comment", comment.strip())}
    )
    return feedback


def _checked(entrance: Entrance, text: str) -> AppVersion:
    try:
        version = entrance.version_now()
    except Shut as error:
        raise closed_error(error.reason) from None
    if version is None:
        raise UserError(_("This app is not published."), code="closed")
    if not text.strip():
        raise UserError(_("Enter a text first."), code="empty")
    if len(text) > limits.MOST_CHARACTERS:
        raise UserError(
            _(
                "This text has %(length)s characters. The limit is %(limit)s. Shorten the text, then send it again."
            )
            % {"length": len(text), "limit": limits.MOST_CHARACTERS},
            code="too_long",
        )
    opened_by = str(entrance.link.pk if entrance.link else entrance.app.pk)
    if wait := limits.take_turn(entrance.visitor_key, opened_by, address=entrance.address):
        message = _("Too many requests in a short time. Wait a minute, then try again.")
        raise UserError(message, code="too_often", retry_after=wait)
    return version


def _most_tokens(entrance: Entrance, version: AppVersion, text: str) -> int:
    """What an answer to `text` takes at most."""
    return usage.guess_tokens(text) + entrance.app.kind.longest_answer(version.settings)


def _asked_before(entrance: Entrance, request_key: str) -> Turn | None:
    question: Message | None = entrance.messages().filter(request_key=request_key).first()
    if question is None:
        return None
    answer = _after(question)
    return Turn(question, answer) if answer else None


def _conversation(
    entrance: Entrance, conversation_id: str | None, text: str, known: str | None
) -> Conversation:
    if not conversation_id:
        title = " ".join(text.split())[:80]
        return Conversation.objects.create(
            app=entrance.app,
            link=entrance.link,
            user=entrance.user,
            visitor_key=entrance.visitor_key,
            title=title,
        )
    conversation: Conversation | None = entrance.conversations().filter(pk=conversation_id).first()
    if conversation is None:
        raise UserError(_("This conversation no longer exists. Start a new one."), code="not_found")
    _lock(conversation)
    _require_up_to_date(conversation, known)
    _require_answered(conversation)
    return conversation


def _require_answered(conversation: Conversation) -> None:
    if Message.objects.unanswered().filter(conversation=conversation, superseded=False).exists():
        raise UserError(_("Wait until the answer is complete, or stop it."), code="busy")


def _require_up_to_date(conversation: Conversation, known: str | None) -> None:
    """What is asked rests on what its page shows: one that missed something is told before the model reads it."""
    if known is None:
        return
    last = branches.last_of(conversation)
    if known != (str(last.pk) if last else ""):
        message = _(
            "This conversation continued in another tab. The new messages are shown now. Read them, then send again."
        )
        raise UserError(message, code="stale")


def _lock(conversation: Conversation) -> None:
    """Two tabs on one conversation take turns, so that positions stay unique."""
    Conversation.objects.select_for_update().get(pk=conversation.pk)


def _own(entrance: Entrance, message_id: str, role: str) -> Message:
    message = entrance.message(message_id)
    if message is None or message.role != role:
        raise _gone()
    return message


def _gone() -> UserError:
    return UserError(_("This message no longer exists. Reload the page."), code="not_found")


def _before(answer: Message) -> Message:
    """The question that counts. Raises UserError where an edit has replaced it and all before it."""
    question: Message | None = answer.parent
    if question is None or question.superseded:
        raise _gone()
    return question


def _after(question: Message) -> Message | None:
    """The answer that counts."""
    later = Message.objects.filter(parent=question, role=Message.Role.ASSISTANT)
    return cast("Message | None", later.order_by("superseded", "position").first())


def _answered_again(answer: Message) -> Turn | None:
    """The turn that has taken the place of this answer's."""
    if not answer.superseded:
        return None
    question = _before(answer)
    newer = _after(question)
    return Turn(question, newer) if newer else None


def _next_position(conversation: Conversation) -> int:
    last = conversation.messages.aggregate(last=Max("position"))["last"]
    return 0 if last is None else last + 1


def _add_turn(
    conversation: Conversation,
    parent: Message | None,
    version: AppVersion,
    text: str,
    options: dict[str, Any],
    request_key: str | None,
) -> Turn:
    position = _next_position(conversation)
    question = Message(
        conversation=conversation,
        app_version=version,
        position=position,
        parent=parent,
        role=Message.Role.USER,
        text=text,
        options=options,
        **({"request_key": request_key} if request_key else {}),
    )
    answer = _waiting(conversation, version, position + 1, options, question)
    Message.objects.bulk_create([question, answer])
    _queue(answer, text)
    return Turn(question, answer)


def _waiting(
    conversation: Conversation,
    version: AppVersion,
    position: int,
    options: dict[str, Any],
    question: Message,
) -> Message:
    """An answer to come, not saved yet."""
    return Message(
        conversation=conversation,
        app_version=version,
        position=position,
        parent=question,
        role=Message.Role.ASSISTANT,
        state=MessageState.PENDING,
        options=options,
    )


def _queue(answer: Message, question: str) -> None:
    """Raises OverQuota when the workspace's tokens of the day do not reach for it."""
    app, is_first = answer.conversation.app, answer.position == 1
    if not is_first:
        Conversation.objects.filter(pk=answer.conversation_id).update(updated_at=timezone.now())
    usage.reserve(
        workspace=app.workspace,
        kind=UsageKind.TOKENS,
        amount=usage.guess_tokens(question) + app.kind.longest_answer(answer.app_version.settings),
        key=f"reply:{answer.pk}",
        source=app,
    )
    branches.announce(answer.conversation)
    transaction.on_commit(lambda: send_message(answer.pk, workspace_id=app.workspace_id))
