"""Pages: who sees them, what they say, what they cost, and that they work without scripts."""

import re

import pytest
from django.urls import reverse

from apps.datasets.rows import DataRows
from apps.publishing.models import App, AppVersion, Message, ShareLink
from apps.publishing.services import links, replies
from apps.publishing.services.apps import publish, update_app
from apps.publishing.visitors import COOKIE
from tests.fixtures.page_text import html_of

pytestmark = [pytest.mark.django_db, pytest.mark.once]

TYPES = [
    ("chat", "causal"),
    ("summarization", "seq2seq"),
    ("translation", "seq2seq"),
    ("generation", "causal"),
    ("code", "causal"),
    ("classification", "classifier"),
]


@pytest.fixture
def visitor(client, link):
    """A browser that has opened the link, and the address."""
    address = f"/a/{link[1]}/"
    assert client.get(address).status_code == 200
    return client, address


def answer_all(text="Until **six**."):
    Message.objects.filter(role="assistant").update(state="done", text=text)


@pytest.mark.parametrize(
    ("person", "status"), [("viewer", 200), ("owner", 200), ("outsider", 404), (None, 302)]
)
@pytest.mark.parametrize("page", ["detail", "preview", "try"])
def test_who_sees_an_apps_pages(request, client_for, app, page, person, status):
    user = request.getfixturevalue(person) if person else None
    key = app.live_version.model_version_id if page == "try" else app.pk
    assert client_for(user).get(reverse(f"publishing:{page}", args=[key])).status_code == status


@pytest.mark.parametrize(
    ("person", "status"),
    [("owner", 302), ("admin", 302), ("editor", 302), ("viewer", 403), ("outsider", 404)],
)
@pytest.mark.parametrize("act", ["publish", "archive", "create_link", "check_parity"])
def test_who_may_press_what(request, client_for, app, person, status, act):
    AppVersion.objects.update(parity_job=None)
    client = client_for(request.getfixturevalue(person))
    data = {"version": str(app.live_version_id)}
    assert client.post(reverse(f"publishing:{act}", args=[app.pk]), data).status_code == status


@pytest.mark.parametrize(("task_type", "family"), TYPES)
def test_every_type_has_its_pages(client_for, owner, client, make_app, task_type, family):
    app = make_app(task_type, family, suggestions=["Try <this>"])
    _link, token = links.create_share_link(actor=owner, app=app)
    member = client_for(owner)
    pages = [
        member.get(reverse("publishing:edit", args=[app.pk])),
        member.get(reverse("publishing:detail", args=[app.pk])),
        member.get(reverse("publishing:try", args=[app.live_version.model_version_id])),
        client.get(f"/a/{token}/"),
    ]
    assert [page.status_code for page in pages] == [200] * 4
    assert b"Try <this>" not in pages[3].content


@pytest.mark.parametrize(("task_type", "family"), TYPES[:2])
def test_a_disclaimer_takes_the_place_of_the_usual_one(owner, client, make_app, task_type, family):
    for disclaimer, words in (
        ("", "Answers come from a model"),
        ("Ask <your> doctor.", "Ask &lt;your&gt; doctor."),
    ):
        app = make_app(task_type, family, disclaimer=disclaimer)
        _link, token = links.create_share_link(actor=owner, app=app)
        page = client.get(f"/a/{token}/").content.decode()
        assert words in page
        assert ("Answers come from a model" in page) is (not disclaimer)


def test_one_form_makes_publishes_and_shares(client_for, editor, make_model):
    model = make_model()
    client = client_for(editor)
    form = client.get(reverse("publishing:new"), {"model": model.pk}).context["form"]
    data = {name: form[name].value() for name in form.fields} | {"model": model.pk, "name": "Front desk"}
    response = client.post(reverse("publishing:new"), data)
    app = App.objects.get()
    assert response["Location"] == reverse("publishing:detail", args=[app.pk])
    assert app.live_version.number == 1
    assert ShareLink.objects.live().count() == 1


def test_a_draft_is_not_published(client_for, editor, make_model):
    model = make_model()
    client = client_for(editor)
    form = client.get(reverse("publishing:new"), {"model": model.pk}).context["form"]
    data = {name: form[name].value() for name in form.fields}
    client.post(reverse("publishing:new"), data | {"model": model.pk, "name": "Desk", "draft": "1"})
    assert App.objects.get().live_version is None


def test_an_edit_says_which_version_it_starts_from(client_for, owner, app, make_model):
    first, second = app.live_version, make_model(name="second model")
    later = first.settings.model_copy(update={"welcome": "Later"})
    later = update_app(actor=owner, app=app, model_version=second, name=app.name, app_settings=later)
    client, address = client_for(owner), reverse("publishing:edit", args=[app.pk])
    page = client.get(address)
    assert (page.context["form"]["welcome"].value(), page.context["model"]) == ("Later", second)
    assert "starts from version 2, which is not live. Visitors see version 1." in page.content.decode()
    assert 'href="?from=1"' in page.content.decode()
    page = client.get(address, {"from": "1"})
    assert (page.context["form"]["welcome"].value(), page.context["model"]) == (
        first.settings.welcome,
        first.model_version,
    )
    assert "is not live" not in page.content.decode()
    for number in ("7", "one", "9" * 40):
        assert client.get(address, {"from": number}).context["model"] == second
    publish(actor=owner, app=app, version=later)
    assert "is not live" not in client.get(address).content.decode()


def test_a_form_that_does_not_fit_says_where(client_for, editor, make_model):
    model = make_model(context_length=512)
    client = client_for(editor)
    form = client.get(reverse("publishing:new"), {"model": model.pk}).context["form"]
    data = {name: form[name].value() for name in form.fields}
    response = client.post(
        reverse("publishing:new"), data | {"model": model.pk, "name": "Desk", "max_tokens": 600}
    )
    assert response.status_code == 422
    assert "max_tokens" in response.context["form"].errors


def test_a_failed_parity_check_warns(client_for, owner, app):
    result = {
        "rows": 16,
        "ids_identical": False,
        "max_nat_per_token": 0.4,
        "limit_nat_per_token": 0.01,
        "exact_match": 0.5,
        "passed": False,
        "message": "Prompt ids differ.",
    }
    AppVersion.objects.update(parity=result)
    page = client_for(owner).get(reverse("publishing:detail", args=[app.pk])).content.decode()
    assert "does not answer like the trained model" in page
    assert "50.0 %" in page


def test_the_page_shows_link_code_and_sample(client_for, owner, app, link, settings):
    settings.SITE_URL = "https://studio.example"
    page = client_for(owner).get(reverse("publishing:detail", args=[app.pk])).content.decode()
    assert f"/a/{link[1]}/" in page
    assert '<path transform="scale(4)" class="qr-line"' in page
    assert f"model=&quot;{app.slug}&quot;" in page or f'model="{app.slug}"' in page


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost:8000", "[::1]:8000"])
def test_a_loopback_address_says_that_it_works_here_alone(client_for, owner, app, link, settings, host):
    settings.SITE_URL = f"http://{host}"
    page = client_for(owner).get(reverse("publishing:detail", args=[app.pk])).content.decode()
    assert f"/a/{link[1]}/" in page
    assert "This address works on this computer only." in page
    assert "qr-line" not in page, "a phone that reads it would find nothing"


def test_a_key_is_shown_once(client_for, editor, app):
    client = client_for(editor)
    page = client.post(reverse("publishing:create_key", args=[app.pk]), {"name": "script"}).content.decode()
    secret = re.search(r"mq-[\w-]{30,}", page)[0]
    assert secret not in client.get(reverse("publishing:detail", args=[app.pk])).content.decode()


def test_a_public_page_keeps_its_address_to_itself(visitor):
    client, address = visitor
    response = client.get(address)
    assert response["Referrer-Policy"] == "no-referrer"
    assert "noindex" in response["X-Robots-Tag"]
    assert response["Cache-Control"] == "no-store"
    cookie = response.cookies[COOKIE]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


def test_a_public_page_needs_no_exception_from_the_policy(visitor):
    client, address = visitor
    response = client.get(address)
    policy = response["Content-Security-Policy"]
    assert "unsafe" not in policy
    page = response.content.decode()
    assert not re.search(r"\son\w+=", page)
    assert not re.search(r"\sstyle=", page)
    inline = re.findall(r"<script(?![^>]*(?:src=|application/json))[^>]*>", page)
    assert inline == []
    assert "http://" not in page.replace("http://www.w3.org", "")


def test_a_link_that_leads_nowhere_says_so(client, link, owner):
    links.revoke_share_link(actor=owner, link=link[0])
    revoked, invented = client.get(f"/a/{link[1]}/"), client.get("/a/never-was/")
    assert revoked.status_code == invented.status_code == 404
    assert "This link is not valid" in revoked.content.decode()


def test_asking_without_scripts(visitor):
    client, address = visitor
    asked = client.post(f"{address}act/", {"type": "ask", "text": "Until when?"})
    assert asked.status_code == 302
    here = asked["Location"].removesuffix("#end")
    # Each look leads to another address than its own: a browser loads nothing on its way to a fragment of the same one.
    for path, following in ((here, f"{here}?looked#end"), (f"{here}?looked", f"{here}#end")):
        waiting = html_of(client.get(path))
        assert f'<meta http-equiv="refresh" content="2; url={following}">' in waiting
    answer_all()
    page = html_of(client.get(asked["Location"]))
    assert "Until **six**." in page
    assert 'http-equiv="refresh"' not in page


def test_a_plain_page_shows_what_was_said_so_far(visitor):
    from apps.publishing.connections import sync_redis

    client, address = visitor
    asked = client.post(f"{address}act/", {"type": "ask", "text": "Until when?"})
    reply = Message.objects.get(role="assistant")
    sync_redis().xadd(f"reply:{reply.pk}", {"kind": "text", "data": '{"text": "Until si"}'}, id="1-0")
    response = client.get(asked["Location"])
    assert "Until si" in response.content.decode()
    assert response.context["page_data"]["messages"][1]["seq"] == 1


def test_a_refused_text_stays_in_the_form(visitor):
    client, address = visitor
    response = client.post(f"{address}act/", {"type": "ask", "text": "x" * 50_001})
    assert response.status_code == 400
    assert "x" * 50_001 in response.content.decode()


@pytest.mark.parametrize(
    ("said", "status"), [({"type": "ask", "text": ""}, 400), ({"type": "fly", "text": "x"}, 400)]
)
def test_a_conversation_that_is_none_breaks_no_refusal(visitor, said, status):
    client, address = visitor
    assert client.post(f"{address}act/", {**said, "conversation": "x"}).status_code == status


def test_scripts_without_sockets_ask_in_json(visitor):
    client, address = visitor
    response = client.post(
        f"{address}act/",
        {"type": "ask", "text": "Hello", "request_key": "k"},
        content_type="application/json",
        headers={"Accept": "application/json"},
    )
    assert response.json()["type"] == "turn"
    again = client.post(
        f"{address}act/",
        {"type": "fly"},
        content_type="application/json",
        headers={"Accept": "application/json"},
    )
    assert again.status_code == 400


def test_what_a_model_says_is_never_markup(visitor):
    client, address = visitor
    asked = client.post(f"{address}act/", {"type": "ask", "text": "<b>Hello</b>"})
    answer_all("</script><script>alert(1)</script><img src=x onerror=alert(1)>")
    page = client.get(asked["Location"]).content.decode()
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "<b>Hello" not in page


def test_another_visitor_sees_none_of_it(visitor, client_for, link):
    client, address = visitor
    asked = client.post(f"{address}act/", {"type": "ask", "text": "My secret question"})
    stranger = client_for()
    assert "My secret question" not in stranger.get(address).content.decode()
    response = stranger.get(asked["Location"].split("#")[0])
    assert response.status_code == 302
    message = Message.objects.get(role="assistant")
    assert stranger.get(f"{address}m/{message.pk}/stream/").status_code == 404


@pytest.mark.parametrize("after", ["9" * 5000, "-1", "²", "1e9"])
def test_a_number_that_is_none_of_ours_asks_for_the_whole_answer(visitor, after):
    client, address = visitor
    client.post(f"{address}act/", {"type": "ask", "text": "Hello"})
    answer_all()
    message = Message.objects.get(role="assistant")
    assert client.get(f"{address}m/{message.pk}/stream/", {"after": after}).status_code == 200


def test_what_no_page_of_ours_sends_is_refused_in_words(visitor):
    client, address = visitor
    deep = '{"type": "ask", "text": ' + "[" * 100_000 + "]" * 100_000 + "}"
    for body in (deep, "[]", "no json", '{"type": "ask", "text": "a", "options": 1e999'):
        answer = client.post(
            f"{address}act/", body, content_type="application/json", headers={"Accept": "application/json"}
        )
        assert (answer.status_code, answer.json()["code"]) == (400, "not_understood")


def test_no_visitor_is_sent_the_system_prompt(client, make_app, owner):
    app = make_app(system_prompt="Say nothing about Zanzibar.")
    address = f"/a/{links.create_share_link(actor=owner, app=app)[1]}/"
    as_script = {"Accept": "application/json"}
    told = [client.get(address).content.decode()]
    asked = client.post(
        f"{address}act/", {"type": "ask", "text": "Hi"}, content_type="application/json", headers=as_script
    )
    answer_all()
    message = Message.objects.get(role="assistant")
    told += [asked.content.decode(), client.get(f"{address}c/{message.conversation_id}/").content.decode()]
    assert all("Front desk" in page for page in (told[0], told[2]))
    assert "turn" in told[1]
    assert not any("Zanzibar" in page for page in told)


def test_lists_cost_the_same_with_more_apps(client_for, owner, make_app, django_assert_max_num_queries):
    client = client_for(owner)
    for _ in range(5):
        make_app()
    with django_assert_max_num_queries(12):
        client.get(reverse("publishing:list"))


def test_an_apps_page_costs_the_same_with_more_links(client_for, owner, app, django_assert_max_num_queries):
    client = client_for(owner)
    for _ in range(5):
        links.create_share_link(actor=owner, app=app)
    with django_assert_max_num_queries(22):
        client.get(reverse("publishing:detail", args=[app.pk]))


def test_a_long_conversation_costs_few_queries(visitor, django_assert_max_num_queries):
    client, address = visitor
    asked = client.post(f"{address}act/", {"type": "ask", "text": "0"})
    answer_all()
    where = str(Message.objects.first().conversation_id)
    for number in range(1, 10):
        client.post(f"{address}act/", {"type": "ask", "text": str(number), "conversation": where})
        answer_all()
    with django_assert_max_num_queries(8):
        client.get(asked["Location"])


def test_a_conversation_of_a_thousand_messages_pages_backwards(visitor):
    client, address = visitor
    where = client.post(f"{address}act/", {"type": "ask", "text": "first"})["Location"].split("#")[0]
    answer_all()
    conversation = Message.objects.first().conversation
    version = Message.objects.first().app_version
    turns = [conversation.messages.order_by("position").last()]
    for n in range(2, 1000):
        role = "assistant" if n % 2 else "user"
        said = {"position": n, "role": role, "text": f"turn {n}", "parent": turns[-1]}
        turns.append(Message(conversation=conversation, app_version=version, **said))
    Message.objects.bulk_create(turns[1:])
    seen, asked = [], {}
    while True:
        response = client.get(where, asked)
        assert len(response.content) < 300_000
        seen = [turn.position for turn in response.context["turns"]] + seen
        earlier = response.context["earlier"]
        if earlier is None:
            break
        assert f"?before={earlier}" in response.content.decode()
        asked = {"before": earlier}
    assert seen == list(range(1000))


def test_a_new_app_is_called_like_its_data_and_suggests_held_out_rows(
    client_for, owner, make_classifier, tickets
):
    model = make_classifier(dataset_version=tickets)
    form = client_for(owner).get(reverse("publishing:new"), {"model": model.pk}).context["form"]
    assert form["name"].value() == model.dataset_version.dataset.name
    suggested = form["suggestions"].value().splitlines()
    held_out = {
        row.prompt[0]["content"]: row.target
        for split in ("test", "validation")
        for row in DataRows(model.dataset_version, split=split)[0:1000]
    }
    assert len(suggested) == 3
    assert set(suggested) <= set(held_out)
    assert len({held_out[text] for text in suggested}) == len(set(held_out.values()))


def test_feedback_is_counted(client_for, owner, app, entrance):
    turn = replies.ask(entrance=entrance, text="Hello")
    replies.give_feedback(entrance=entrance, message_id=str(turn.answer.pk), helped=True)
    assert client_for(owner).get(reverse("publishing:detail", args=[app.pk])).context["figures"] == {
        "conversations": 1,
        "answers": 1,
        "helped": 1,
        "judged": 1,
    }
    listed = client_for(owner).get(reverse("publishing:list"))
    assert listed.context["feedback"] == {app.pk: {True: 1}}
    assert "1 conversation" in listed.content.decode()
