"""Share links with limits: each applies at once, at every entrance, and its use is counted without races."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from apps.core.errors import UserError
from apps.publishing.entrance import Shut, by_link
from apps.publishing.models import Message, ShareLink
from apps.publishing.services import links, replies
from apps.publishing.streamer import store
from apps.publishing.streamer.outcome import Outcome
from apps.workspaces.models import AuditEntry, Membership
from tests.fixtures.page_text import html_of

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture
def limit(owner, link):
    """Changes the link and returns it as it is then."""

    def change(**limits):
        links.change_share_link(actor=owner, link=link[0], **limits)
        link[0].refresh_from_db()
        return link[0]

    return change


@pytest.fixture
def ask(link):
    """A visitor asks; returns the code of the refusal, empty where the question is taken."""

    def send(visitor="a-visitor", text="Hello"):
        try:
            replies.ask(entrance=by_link(link[1], visitor), text=text)
        except UserError as error:
            return error.code
        return ""

    return send


def end_answers(tokens=0):
    for message in Message.objects.unanswered():
        outcome = Outcome(state="done", text="Yes.", prompt_tokens=tokens, output_tokens=tokens)
        async_to_sync(store.finish)(str(message.pk), outcome)


def close(link, owner, reason):
    if reason == "paused":
        links.pause_share_link(actor=owner, link=link)
    elif reason == "expired":
        ShareLink.objects.filter(pk=link.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    else:
        links.change_share_link(actor=owner, link=link, members_only=True)


@pytest.mark.django_db(transaction=True)
def test_uses_are_counted(link, ask, limit):
    ask()
    ask("another")
    end_answers(tokens=7)
    link = limit()
    assert (link.uses, link.uses_today, link.tokens) == (2, 2, 28)
    assert link.last_used_at is not None
    ShareLink.objects.update(counted_on=timezone.localdate() - timedelta(days=1))
    assert limit().uses_today == 0
    ask()
    assert (limit().uses, limit().uses_today) == (3, 1)


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        ({"max_uses": 2}, "uses_reached"),
        ({"max_uses_per_day": 2}, "uses_of_day_reached"),
        ({"max_uses_per_visitor": 2}, "uses_of_visitor_reached"),
    ],
)
def test_a_limit_of_uses_is_kept_and_can_be_raised(ask, limit, limits, code):
    assert [ask(), ask()] == ["", ""]
    limit(**limits)
    assert ask() == code
    assert ask("another") == ("" if "max_uses_per_visitor" in limits else code)
    limit(**dict.fromkeys(limits, 9))
    assert ask() == ""


def test_a_limit_of_a_day_ends_with_it(ask, limit):
    limit(max_uses_per_day=1, max_uses_per_visitor=1)
    assert [ask(), ask()] == ["", "uses_of_day_reached"]
    ShareLink.objects.update(counted_on=timezone.localdate() - timedelta(days=1))
    Message.objects.update(created_at=timezone.now() - timedelta(days=1))
    assert ask() == ""


def test_the_time_zone_of_a_reader_moves_no_day(ask, limit):
    limit(max_uses_per_day=1)
    zones = ("Pacific/Kiritimati", "Etc/GMT+12")
    taken = []
    for zone in (*zones, *zones):
        with timezone.override(zone):
            taken.append(ask())
    assert taken == ["", *["uses_of_day_reached"] * 3]


def test_what_began_through_another_link_is_not_continued_through_this_one(owner, link, ask):
    other, token = links.create_share_link(actor=owner, app=link[0].app, max_uses_per_visitor=1)
    begun = replies.ask(entrance=by_link(link[1], "a-visitor"), text="Hello")
    Message.objects.update(state="done")
    through_other = by_link(token, "a-visitor")
    assert not through_other.conversations().exists()
    assert through_other.message(str(begun.answer.pk)) is None
    with pytest.raises(UserError) as caught:
        replies.ask(entrance=through_other, text="And?", conversation_id=str(begun.conversation.pk))
    assert caught.value.code == "not_found"
    other.refresh_from_db()
    assert other.uses == 0


def test_members_at_one_browser_have_conversations_of_their_own(owner, editor, link, limit, client):
    limit(members_only=True)
    address = reverse("publishing:visit", args=[link[1]])
    for member in (owner, editor):
        client.force_login(member)
        client.get(address)
        assert by_link(link[1], "the-browser", user=member).conversations().count() == 0
        entrance = by_link(link[1], "the-browser", user=member)
        replies.ask(entrance=entrance, text=f"I am {member.name}")
    assert "I am Olga" not in html_of(client.get(address))
    assert "I am Editor" in html_of(client.get(address))


def test_a_budget_that_is_only_reserved_is_not_called_used_up(link, ask, limit):
    app = link[0].app
    limit(token_budget=app.kind.longest_answer(app.live_version.settings) + 100)
    assert ask() == ""
    with pytest.raises(UserError) as caught:
        replies.ask(entrance=by_link(link[1], "another"), text="Hello")
    assert caught.value.code == "token_budget_reached"
    assert "under way" in str(caught.value.message)


@pytest.mark.parametrize("reason", ["paused", "expired", "members_only"])
def test_a_closed_link_takes_no_password(owner, link, client, reason):
    links.set_link_password(actor=owner, link=link[0], password="a long password")
    close(link[0], owner, reason)
    response = client.post(
        reverse("publishing:visit_unlock", args=[link[1]]), {"password": "a long password"}
    )
    assert response.status_code != 302
    assert not [name for name in response.cookies if "link" in name]


def test_saving_the_name_leaves_an_end_that_was_not_touched(owner, link, client):
    ends = (timezone.now() - timedelta(hours=1)).replace(second=30, microsecond=0)
    ShareLink.objects.filter(pk=link[0].pk).update(expires_at=ends)
    client.force_login(owner)
    shown = timezone.localtime(ends).strftime("%Y-%m-%dT%H:%M")
    address = reverse("publishing:change_link", args=[link[0].app_id, link[0].pk])
    assert client.post(address, {"name": "Open day", "expires_at": shown}).status_code == 302
    link[0].refresh_from_db()
    assert (link[0].name, link[0].expires_at) == ("Open day", ends)


def test_answering_again_is_a_use(link, ask, limit):
    limit(max_uses=2)
    entrance = by_link(link[1], "a-visitor")
    turn = replies.ask(entrance=entrance, text="Hello")
    Message.objects.update(state="done")
    replies.regenerate(entrance=entrance, message_id=str(turn.answer.pk))
    Message.objects.update(state="done")
    with pytest.raises(UserError) as caught:
        replies.edit(entrance=entrance, message_id=str(turn.question.pk), text="Hi")
    assert caught.value.code == "uses_reached"
    assert Message.objects.filter(text="Hi").count() == 0


def test_a_question_that_is_sent_twice_counts_once(link, limit):
    entrance = by_link(link[1], "a-visitor")
    for _ in range(2):
        replies.ask(entrance=entrance, text="Hello", request_key="one")
    assert limit().uses == 1


@pytest.mark.django_db(transaction=True)
def test_a_token_budget_reserves_what_answers_under_way_may_take(make_app, owner):
    app = make_app(max_tokens=100)
    link, token = links.create_share_link(actor=owner, app=app, token_budget=250)
    ask = lambda: replies.ask(entrance=by_link(token, "v"), text="Hello")  # noqa: E731
    ask()
    ask()
    with pytest.raises(UserError) as caught:
        ask()
    assert caught.value.code == "token_budget_reached"
    end_answers(tokens=10)
    ask()
    end_answers(tokens=100)
    with pytest.raises(UserError):
        ask()
    link.refresh_from_db()
    assert link.tokens == 240


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("limits", [{"max_uses": 3}, {"max_uses_per_day": 3}, {"max_uses_per_visitor": 3}])
def test_of_many_questions_at_once_as_many_pass_as_are_allowed(ask, limit, limits):
    limit(**limits)

    def send(_):
        try:
            return ask()
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as visitors:
        codes = list(visitors.map(send, range(8)))
    assert codes.count("") == 3
    assert limit().uses == 3


@pytest.mark.parametrize(
    ("reason", "status", "words"),
    [("paused", 403, "is paused"), ("expired", 410, "has expired"), ("members_only", 403, "for members")],
)
def test_a_link_that_does_not_open_says_why_at_every_entrance(client, link, owner, reason, status, words):
    address = f"/a/{link[1]}/"
    client.get(address)
    told = client.post(
        f"{address}act/",
        {"type": "ask", "text": "Hi"},
        "application/json",
        headers={"Accept": "application/json"},
    ).json()
    opened = by_link(link[1], "a-visitor")
    close(link[0], owner, reason)
    inner = [f"{address}c/{told['conversation']['id']}/", f"{address}m/{told['answer']['id']}/stream/"]
    page = client.get(address)
    assert (page.status_code, client.get(inner[0]).status_code) == (status, status)
    assert words in html_of(page)
    assert client.get(inner[1]).status_code == 404
    asked = {"type": "ask", "text": "Hi"}
    plain = client.post(f"{address}act/", asked)
    assert (plain.status_code, words in html_of(plain)) == (status, True)
    scripted = client.post(
        f"{address}act/", asked, "application/json", headers={"Accept": "application/json"}
    )
    assert (scripted.status_code, scripted.json()["type"]) == (status, "closed")
    assert words in scripted.json()["text"]
    assert opened.closed_because() == reason
    with pytest.raises(UserError) as caught:
        replies.ask(entrance=opened, text="Hello")
    assert caught.value.code == reason
    with pytest.raises(Shut):
        by_link(link[1], "a-visitor")


def test_a_paused_link_stops_its_answers_and_can_be_resumed(link, owner, ask):
    ask()
    links.pause_share_link(actor=owner, link=link[0])
    assert Message.objects.get(role="assistant").stop_requested
    links.pause_share_link(actor=owner, link=link[0])
    links.resume_share_link(actor=owner, link=link[0])
    links.resume_share_link(actor=owner, link=link[0])
    assert ask() == ""
    found = AuditEntry.objects.filter(action__startswith="share_link.").values_list("action", flat=True)
    assert sorted(found) == ["share_link.created", "share_link.paused", "share_link.resumed"]


def test_members_open_a_link_for_members(client_for, link, limit, viewer, outsider):
    limit(members_only=True)
    address = f"/a/{link[1]}/"
    assert client_for(viewer).get(address).status_code == 200
    refused = client_for(outsider).get(address)
    assert refused.status_code == 403
    assert "not a member" in html_of(refused)
    assert f"/accounts/login/?next={address}" in html_of(client_for(None).get(address))
    member = by_link(link[1], "v", user=viewer)
    assert member.is_open()
    turn = replies.ask(entrance=member, text="Hello")
    assert turn.conversation.user == viewer
    Membership.objects.filter(user=viewer).delete()
    assert member.closed_because() == "members_only"


def test_a_page_says_that_a_limit_is_reached_before_a_question_is_written(client, link, limit):
    address = f"/a/{link[1]}/"
    client.get(address)
    limit(max_uses=1)
    client.post(f"{address}act/", {"type": "ask", "text": "Hi"})
    page = client.get(address)
    assert page.status_code == 200
    assert "its limit is 1 question." in html_of(page)
    refused = client.post(f"{address}act/", {"type": "ask", "text": "Hi"})
    assert refused.status_code == 400


@pytest.mark.parametrize(
    ("limits", "field"),
    [
        ({"expires_at": "2020-01-01T00:00"}, "expires_at"),
        ({"expires_at": "soon"}, "expires_at"),
        ({"max_uses": "0"}, "max_uses"),
        ({"max_uses_per_day": "-1"}, "max_uses_per_day"),
        ({"max_uses_per_visitor": "many"}, "max_uses_per_visitor"),
        ({"max_uses": "9" * 20}, "max_uses"),
        ({"token_budget": "3"}, "token_budget"),
        ({"token_budget": "9" * 20}, "token_budget"),
    ],
)
def test_a_limit_that_does_not_fit_says_so_at_its_field(client_for, owner, app, link, limits, field):
    client = client_for(owner)
    for address in (
        reverse("publishing:create_link", args=[app.pk]),
        reverse("publishing:change_link", args=[app.pk, link[0].pk]),
    ):
        response = client.post(address, {"name": "Pilot", **limits})
        assert response.status_code == 422
        assert 'class="invalid-feedback' in html_of(response)
    assert list(response.context["link_rows"][0]["limits"].errors) == [field]
    assert list(app.links.values_list("name", flat=True)) == [""]


def test_limits_are_set_and_shown_on_the_page_of_the_app(client_for, owner, app, link):
    client = client_for(owner)
    tomorrow = timezone.localtime() + timedelta(days=1)
    given = {
        "name": "Pilot", "expires_at": f"{tomorrow:%Y-%m-%dT%H:%M}", "max_uses_per_day": "1000", "max_uses_per_visitor": "5",
        "max_uses": "2000", "token_budget": "900000", "members_only": "on",
    }  # fmt: skip
    address = reverse("publishing:change_link", args=[app.pk, link[0].pk])
    assert client.post(address, given).status_code == 302
    page = html_of(client.get(reverse("publishing:detail", args=[app.pk])))
    for words in ("Pilot", "0 of 1,000", "0 of 2,000", "0 of 900,000", "members only"):
        assert words in page
    form = client.get(reverse("publishing:detail", args=[app.pk])).context["link_rows"][0]["limits"]
    assert (form["max_uses"].value(), form["members_only"].value()) == (2000, True)
    assert f'value="{tomorrow:%Y-%m-%dT%H:%M}"' in page
    entry = AuditEntry.objects.get(action="share_link.changed")
    assert entry.changes["max_uses"] == 2000
    client.post(address, given)
    assert AuditEntry.objects.filter(action="share_link.changed").count() == 1
    client.post(address, {"name": "Pilot"})
    link[0].refresh_from_db()
    assert (link[0].max_uses, link[0].members_only, link[0].expires_at) == (None, False, None)


@pytest.mark.parametrize(("person", "status"), [("editor", 302), ("viewer", 403), ("outsider", 404)])
@pytest.mark.parametrize("act", ["change_link", "pause_link", "resume_link"])
def test_who_may_limit_a_link(request, client_for, app, link, person, status, act):
    client = client_for(request.getfixturevalue(person))
    address = reverse(f"publishing:{act}", args=[app.pk, link[0].pk])
    assert client.post(address, {"max_uses": "3"}).status_code == status
