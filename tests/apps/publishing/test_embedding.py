"""Apps in frames of other sites: which may show them, and what a visitor keeps without third-party cookies."""

import json

import pytest
from django.test import Client
from django.urls import reverse

from apps.core.errors import UserError
from apps.publishing.embedding import cleaned_sites, needs_https
from apps.publishing.entrance import by_link
from apps.publishing.models import Message
from apps.publishing.services import links, replies
from apps.publishing.visitors import COOKIE, COOKIE_IN_FRAMES
from tests.fixtures.page_text import html_of

pytestmark = [pytest.mark.django_db, pytest.mark.once]

SITES = ["https://www.example.org", "http://localhost:8080"]


@pytest.fixture
def embedded(link, owner):
    """The link that SITES may show, and its address in frames."""
    links.change_share_link(actor=owner, link=link[0], embed_sites=SITES)
    link[0].refresh_from_db()
    return link[0], f"/e/{link[1]}/"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (["https://www.example.org/"], ["https://www.example.org"]),
        (["HTTPS://WWW.Example.org:443", "https://www.example.org"], ["https://www.example.org"]),
        (["http://localhost:8080", " "], ["http://localhost:8080"]),
        (["https://schule-köln.example"], ["https://xn--schule-kln-lcb.example"]),
        (["http://[::1]:80"], ["http://[::1]"]),
        ([], []),
    ],
)
def test_sites_are_kept_as_a_browser_names_them(given, kept):
    assert cleaned_sites(given) == kept


@pytest.mark.parametrize(
    "site",
    [
        "www.example.org", "https://", "ftp://example.org", "https://example.org/page", "https://example.org?x=1",
        "https://user@example.org", "https://*.example.org", "*", "https://a.example;script-src *", "https://a b",
        "https://a.example:port", "javascript:alert(1)", "'none'", "https://" + "a" * 300,
    ],
)  # fmt: skip
def test_what_is_no_origin_is_refused_by_name(site):
    with pytest.raises(UserError) as caught:
        cleaned_sites([site])
    assert caught.value.field == "embed_sites"
    assert site[:20] in caught.value.message


def test_only_allowed_sites_may_show_the_app(client, embedded, link):
    page = client.get(embedded[1])
    assert page.status_code == 200
    assert f"frame-ancestors {' '.join(SITES)};" in page["Content-Security-Policy"] + ";"
    assert "X-Frame-Options" not in page.headers
    for other in (f"/a/{link[1]}/", "/accounts/login/"):
        closed = client.get(other)
        assert "frame-ancestors 'none'" in closed["Content-Security-Policy"]
        assert closed["X-Frame-Options"] == "DENY"


def test_without_sites_there_is_no_frame(client, link):
    for path in ("", "bubble.js"):
        answer = client.get(f"/e/{link[1]}/{path}")
        assert answer.status_code == 404
        assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]


def test_a_visitors_cookie_is_of_the_site_around_the_frame(client, embedded, link):
    cookie = client.get(embedded[1]).cookies[COOKIE_IN_FRAMES].OutputString()
    for part in ("SameSite=None; Partitioned", "Secure", "HttpOnly"):
        assert part in cookie
    assert COOKIE not in client.cookies
    asked = client.post(
        f"{embedded[1]}act/",
        {"type": "ask", "text": "Hi"},
        "application/json",
        headers={"Accept": "application/json"},
    ).json()
    conversation = asked["conversation"]["id"]
    assert client.get(f"{embedded[1]}c/{conversation}/").status_code == 200
    page = html_of(client.get(embedded[1]))
    assert f"{embedded[1]}c/{conversation}/" in page
    assert f"/ws{embedded[1]}" in page
    # The link outside of frames is another visitor's.
    assert client.get(f"/a/{link[1]}/c/{conversation}/").status_code == 302


def test_the_page_around_the_frame_cannot_ask_in_the_visitors_name(client, embedded):
    client.get(embedded[1])
    body = {"type": "ask", "text": "Hi"}
    for sent_from in ("cross-site", "same-site"):
        assert (
            client.post(f"{embedded[1]}act/", body, headers={"Sec-Fetch-Site": sent_from}).status_code == 403
        )
    assert not Message.objects.exists()
    assert (
        client.post(f"{embedded[1]}act/", body, headers={"Sec-Fetch-Site": "same-origin"}).status_code == 302
    )


def test_a_password_opens_the_frame(embedded, owner):
    link, address = embedded
    links.set_link_password(actor=owner, link=link, password="a long password")
    client = Client()
    page = client.get(address)
    assert f'action="{address}unlock/"' in html_of(page)
    assert SITES[0] in page["Content-Security-Policy"]
    opened = client.post(f"{address}unlock/", {"password": "a long password"})
    assert opened["Location"] == f"{address}?unlocked=1"
    (granted,) = [cookie for name, cookie in opened.cookies.items() if name.startswith("link-")]
    assert "SameSite=None; Partitioned" in granted.OutputString()
    assert client.get(opened["Location"])["Location"] == address
    assert client.get(address).status_code == 200


@pytest.mark.parametrize("reason", ["paused", "expired"])
def test_a_frame_says_why_its_link_does_not_open(client, embedded, owner, reason):
    from tests.apps.publishing.test_link_limits import close

    close(embedded[0], owner, reason)
    page = client.get(embedded[1])
    assert reason in html_of(page)
    assert SITES[0] in page["Content-Security-Policy"]


def test_a_frame_that_is_open_closes_when_a_site_is_taken_away(link, embedded, owner):
    inside, outside = by_link(link[1], "v", in_frame=True), by_link(link[1], "v")
    links.change_share_link(actor=owner, link=link[0], embed_sites=[*SITES, "https://more.example"])
    assert inside.is_open()
    links.change_share_link(actor=owner, link=link[0], embed_sites=SITES[:1])
    assert (inside.closed_because(), outside.closed_because()) == ("not_shown_here", "")
    with pytest.raises(UserError) as caught:
        replies.ask(entrance=inside, text="Hello")
    assert caught.value.code == "not_shown_here"
    assert by_link(link[1], "v", in_frame=True).is_open()


def test_the_script_of_the_button_names_the_app_and_may_be_loaded_anywhere(client, embedded, app):
    app.name = 'Front </script> "desk"'
    app.save()
    script = client.get(f"{embedded[1]}bubble.js")
    assert script["Content-Type"] == "text/javascript; charset=utf-8"
    assert script["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert json.dumps(f"Open {app.name}") in script.content.decode()
    chinese = client.get(f"{embedded[1]}bubble.js", headers={"Accept-Language": "zh-hans"})
    assert json.dumps(f"Open {app.name}") not in chinese.content.decode()


def test_sites_are_set_on_the_page_of_the_app_with_their_snippets(client_for, owner, app, link):
    client, address = client_for(owner), reverse("publishing:embed_link", args=[app.pk, link[0].pk])
    refused = client.post(address, {"embed_sites": "www.example.org"})
    assert refused.status_code == 422
    assert "is not the address of a site" in html_of(refused)
    app.name = 'A "desk"'
    app.save()
    page = html_of(client.post(address, {"embed_sites": "\n".join(SITES)}, follow=True))
    frame = f"/e/{link[1]}/"
    assert f'{frame}bubble.js" async&gt;' in page
    assert 'title="A &amp;quot;desk&amp;quot;"' in page
    client.post(address, {"embed_sites": ""})
    assert frame not in html_of(client.get(reverse("publishing:detail", args=[app.pk])))


def test_a_link_for_members_cannot_be_embedded(owner, link, embedded):
    with pytest.raises(UserError) as caught:
        links.change_share_link(actor=owner, link=link[0], members_only=True)
    assert caught.value.field == "members_only"
    links.change_share_link(actor=owner, link=link[0], members_only=True, embed_sites=[])
    with pytest.raises(UserError):
        links.change_share_link(actor=owner, link=link[0], embed_sites=SITES)


@pytest.mark.parametrize(
    ("site", "needed"),
    [("http://127.0.0.1:8000", False), ("https://studio.example.org", False), ("http://192.168.1.4", True)],
)
def test_a_page_warns_where_browsers_keep_no_cookie_in_frames(settings, site, needed):
    settings.SITE_URL = site
    assert needs_https() is needed
