"""What visitors do with their conversations, and what they cannot do to others'."""

from concurrent.futures import ThreadPoolExecutor
from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection

from apps.core.errors import UserError
from apps.publishing import limits
from apps.publishing.defaults import settings_for
from apps.publishing.entrance import by_link, for_member
from apps.publishing.models import AppVersion, Feedback, Message
from apps.publishing.prompts import request_for
from apps.publishing.services import links, replies
from apps.publishing.services.apps import publish, update_app
from apps.training.models import Preflight

pytestmark = pytest.mark.django_db


def answered(turn, text="Yes."):
    Message.objects.filter(pk=turn.answer.pk).update(state="done", text=text)
    return turn


def contents(turn):
    answer = Message.objects.select_related("app_version__app", "conversation").get(pk=turn.answer.pk)
    return [(message.role, message.content) for message in request_for(answer).messages]


def code_of(action):
    with pytest.raises(UserError) as caught:
        action()
    return caught.value.code


def test_a_chat_remembers_what_was_said(entrance):
    first = answered(replies.ask(entrance=entrance, text="Are you open?"))
    second = replies.ask(entrance=entrance, text="Until when?", conversation_id=str(first.conversation.pk))
    assert contents(second) == [("user", "Are you open?"), ("assistant", "Yes."), ("user", "Until when?")]


def test_a_question_without_an_answer_is_left_out(entrance):
    first = replies.ask(entrance=entrance, text="Are you open?")
    Message.objects.filter(pk=first.answer.pk).update(state="failed")
    second = replies.ask(entrance=entrance, text="Hello?", conversation_id=str(first.conversation.pk))
    assert contents(second) == [("user", "Hello?")]


def test_other_types_see_one_text_alone(make_app, owner):
    entrance = for_member(owner, make_app("translation", "seq2seq").pk)
    first = answered(replies.ask(entrance=entrance, text="Good morning"))
    second = replies.ask(entrance=entrance, text="Good night", conversation_id=str(first.conversation.pk))
    assert contents(second) == [("user", "Good night")]


def test_the_length_of_a_summary_is_measured_by_what_the_model_learned_from(
    make_app, make_run, make_data, owner
) -> None:
    run = make_run(version=make_data("summarization"))
    entrance = for_member(owner, make_app("summarization", "seq2seq", max_tokens=200).pk)

    def limits_of(length):
        turn = replies.ask(entrance=entrance, text="A long text", options={"length": length})
        answer = Message.objects.select_related("app_version__app", "conversation").get(pk=turn.answer.pk)
        sampling = request_for(answer).sampling
        return sampling.min_tokens, sampling.sentence_after, sampling.max_tokens

    untrained = [limits_of(length) for length in ("short", "medium", "long", "endless")]
    assert untrained == [(0, 50, 200), (0, None, 200), (150, None, 200), (0, None, 200)]
    AppVersion.objects.update(model_version=run.model_version)
    result = run.preflight.result | {"learned_tokens": 42 * 30}
    Preflight.objects.update(result=result)
    assert result["rows"]["train"] == 42
    assert [limits_of(length) for length in ("short", "medium", "long")] == [
        (0, 15, 200),
        (0, None, 200),
        (45, None, 200),
    ]


def test_the_same_request_twice_is_one_turn(entrance):
    first = replies.ask(entrance=entrance, text="Hello", request_key="key-1")
    again = replies.ask(entrance=entrance, text="Hello", request_key="key-1")
    assert (first.question, first.answer) == (again.question, again.answer)
    assert Message.objects.count() == 2


def test_one_question_at_a_time(entrance):
    first = replies.ask(entrance=entrance, text="Hello")
    assert (
        code_of(
            lambda: replies.ask(entrance=entrance, text="And?", conversation_id=str(first.conversation.pk))
        )
        == "busy"
    )


def test_editing_replaces_the_question_and_what_followed(entrance):
    first = answered(replies.ask(entrance=entrance, text="Are you open?"))
    answered(replies.ask(entrance=entrance, text="Until when?", conversation_id=str(first.conversation.pk)))
    edited = replies.edit(entrance=entrance, message_id=str(first.question.pk), text="Are you closed?")
    assert contents(edited) == [("user", "Are you closed?")]
    assert first.conversation.messages.count() == 6
    assert first.conversation.messages.current().count() == 2


def test_every_version_of_a_conversation_can_be_shown_again(entrance):
    def shown():
        return [message.text for message in first.conversation.messages.current()]

    def again(message):
        replies.show_version(entrance=entrance, message_id=str(message.pk))

    first = answered(replies.ask(entrance=entrance, text="One?"), "1")
    place = {"entrance": entrance, "conversation_id": str(first.conversation.pk)}
    answered(replies.ask(text="Two?", **place), "2")
    third = answered(replies.ask(text="Three?", **place), "3")
    other = answered(replies.regenerate(entrance=entrance, message_id=str(first.answer.pk)), "1b")
    assert shown() == ["One?", "1b"]
    answered(replies.ask(text="Else?", **place), "e")
    again(first.answer)
    assert shown() == ["One?", "1", "Two?", "2", "Three?", "3"]
    again(other.answer)
    assert shown() == ["One?", "1b", "Else?", "e"]
    again(third.question)
    edited = answered(replies.edit(entrance=entrance, message_id=str(third.question.pk), text="Three!"), "3b")
    assert contents(edited)[-3:] == [("user", "Two?"), ("assistant", "2"), ("user", "Three!")]
    assert shown() == ["One?", "1", "Two?", "2", "Three!", "3b"]
    assert first.conversation.messages.count() == 11


def test_the_migration_finds_what_each_message_follows(entrance):
    first = answered(replies.ask(entrance=entrance, text="One?"), "1")
    place = {"entrance": entrance, "conversation_id": str(first.conversation.pk)}
    answered(replies.ask(text="Two?", **place), "2")
    answered(replies.regenerate(entrance=entrance, message_id=str(first.answer.pk)), "1b")
    answered(replies.ask(text="Else?", **place), "e")
    before = dict(Message.objects.values_list("pk", "parent"))
    Message.objects.update(parent=None)
    import_module("apps.publishing.migrations.0003_message_parent").find_parents(apps, None)
    assert dict(Message.objects.values_list("pk", "parent")) == before


def test_no_version_is_shown_while_an_answer_comes(entrance):
    first = answered(replies.ask(entrance=entrance, text="Hello"))
    replies.regenerate(entrance=entrance, message_id=str(first.answer.pk))
    assert code_of(lambda: replies.show_version(entrance=entrance, message_id=str(first.answer.pk))) == "busy"


def test_a_page_that_missed_something_is_refused(entrance):
    first = answered(replies.ask(entrance=entrance, text="Hello", known=""))
    conversation, stale = str(first.conversation.pk), str(first.answer.pk)
    second = answered(replies.ask(entrance=entrance, text="And?", conversation_id=conversation, known=stale))
    for action in (
        lambda: replies.ask(entrance=entrance, text="Late", conversation_id=conversation, known=stale),
        lambda: replies.edit(entrance=entrance, message_id=str(first.question.pk), text="Late", known=stale),
        lambda: replies.regenerate(entrance=entrance, message_id=str(first.answer.pk), known=stale),
    ):
        assert code_of(action) == "stale"
    assert first.conversation.messages.current().last() == second.answer


def test_answering_again_differs_and_happens_once(entrance):
    first = answered(replies.ask(entrance=entrance, text="Hello"))
    again = replies.regenerate(entrance=entrance, message_id=str(first.answer.pk))
    assert contents(again) == [("user", "Hello")]
    fresh = Message.objects.select_related("app_version__app", "conversation").get(pk=again.answer.pk)
    assert request_for(fresh).sampling.temperature > 0
    assert replies.regenerate(entrance=entrance, message_id=str(first.answer.pk)).answer == again.answer


def test_an_answer_whose_question_was_replaced_is_not_answered_again(entrance):
    first = answered(replies.ask(entrance=entrance, text="Helo"))
    replies.edit(entrance=entrance, message_id=str(first.question.pk), text="Hello")
    old = str(first.answer.pk)
    assert code_of(lambda: replies.regenerate(entrance=entrance, message_id=old)) == "not_found"


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite lets one writer in at a time anyway")
@pytest.mark.parametrize("act", ["regenerate", "edit"])
def test_pressed_in_two_tabs_at_once_it_happens_once(entrance, act):
    first = answered(replies.ask(entrance=entrance, text="Hello"))
    arguments = {
        "regenerate": {"message_id": str(first.answer.pk)},
        "edit": {"message_id": str(first.question.pk), "text": "Hi", "request_key": "k"},
    }[act]

    def press(_):
        try:
            return getattr(replies, act)(entrance=entrance, **arguments).answer.pk
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as tabs:
        assert len(set(tabs.map(press, range(2)))) == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("act", ["regenerate", "edit"])
def test_the_limiter_is_asked_while_nothing_is_locked(entrance, monkeypatch, act):
    first = answered(replies.ask(entrance=entrance, text="Hello"))
    arguments = {
        "regenerate": {"message_id": str(first.answer.pk)},
        "edit": {"message_id": str(first.question.pk), "text": "Hi"},
    }[act]
    real, inside = limits.take_turn, []

    def watched(*given, **named):
        inside.append(connection.in_atomic_block)
        return real(*given, **named)

    monkeypatch.setattr(limits, "take_turn", watched)
    getattr(replies, act)(entrance=entrance, **arguments)
    assert inside == [False]


def test_feedback_can_change(entrance):
    turn = answered(replies.ask(entrance=entrance, text="Hello"))
    replies.give_feedback(entrance=entrance, message_id=str(turn.answer.pk), helped=True)
    replies.give_feedback(entrance=entrance, message_id=str(turn.answer.pk), helped=False)
    assert Feedback.objects.get().helped is False


@pytest.mark.parametrize("act", ["edit", "regenerate", "stop", "give_feedback"])
def test_another_visitors_messages_are_not_there(entrance, link, act):
    turn = answered(replies.ask(entrance=entrance, text="Hello"))
    stranger = by_link(link[1], "a-stranger")
    arguments = {
        "edit": {"message_id": str(turn.question.pk), "text": "Mine"},
        "regenerate": {"message_id": str(turn.answer.pk)},
        "stop": {"message_id": str(turn.answer.pk)},
        "give_feedback": {"message_id": str(turn.answer.pk), "helped": True},
    }[act]
    assert code_of(lambda: getattr(replies, act)(entrance=stranger, **arguments)) == "not_found"


def test_another_visitors_conversation_is_not_there(entrance, link):
    turn = answered(replies.ask(entrance=entrance, text="Hello"))
    stranger = by_link(link[1], "a-stranger")
    where = str(turn.conversation.pk)
    assert code_of(lambda: replies.ask(entrance=stranger, text="Mine", conversation_id=where)) == "not_found"


def test_a_closed_link_takes_no_questions(entrance, link, owner):
    links.revoke_share_link(actor=owner, link=link[0])
    assert code_of(lambda: replies.ask(entrance=entrance, text="Hello")) == "closed"


def test_a_page_that_stays_open_is_answered_by_what_is_published_now(entrance, app, owner):
    first = answered(replies.ask(entrance=entrance, text="Hello"))
    version = update_app(
        actor=owner,
        app=app,
        model_version=first.answer.app_version.model_version,
        name=app.name,
        app_settings=settings_for(first.answer.app_version.model_version),
    )
    again = answered(replies.ask(entrance=entrance, text="Hello", conversation_id=str(first.conversation.pk)))
    assert again.answer.app_version == first.answer.app_version
    publish(actor=owner, app=app, version=version)
    third = replies.ask(entrance=entrance, text="Hello", conversation_id=str(first.conversation.pk))
    assert third.answer.app_version == version != first.answer.app_version


def test_nothing_and_too_much_are_refused(entrance):
    assert code_of(lambda: replies.ask(entrance=entrance, text="  \n ")) == "empty"
    long = "x" * (limits.MOST_CHARACTERS + 1)
    assert code_of(lambda: replies.ask(entrance=entrance, text=long)) == "too_long"


def test_too_many_questions_in_a_minute(entrance, monkeypatch):
    monkeypatch.setattr("time.time", lambda: 1_800_000_000.0)
    for number in range(limits.VISITOR_PER_MINUTE):
        replies.ask(entrance=entrance, text=f"question {number}")
    assert code_of(lambda: replies.ask(entrance=entrance, text="one more")) == "too_often"
