"""Whether the addresses that the studio hands out can be opened elsewhere, and what the page of an app says about it."""

import pytest
from django.urls import reverse

from apps.core.reachability import is_loopback, is_private
from tests.fixtures.page_text import html_of


@pytest.mark.parametrize(
    ("host", "local", "private"),
    [
        ("127.0.0.1", True, False),
        ("localhost", True, False),
        ("studio.localhost", True, False),
        ("0.0.0.0", True, False),  # noqa: S104  (an address that is read)
        ("::1", True, False),
        ("192.168.1.20", False, True),
        ("10.0.0.3", False, True),
        ("fd00::1", False, True),
        ("studio", False, True),
        ("studio.local", False, True),
        ("8.8.8.8", False, False),
        ("studio.example.org", False, False),
    ],
)
def test_from_where_a_host_can_be_reached(host, local, private):
    assert (is_loopback(host), is_private(host)) == (local, private)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("site", "words", "has_code"),
    [
        ("http://127.0.0.1:8000", "works on this computer only", False),
        ("http://192.168.1.20:8000", "works in your local network only", True),
        ("https://studio.example.org", "", True),
    ],
)
def test_a_page_with_links_says_how_far_they_reach(
    client_for, owner, app, link, settings, site, words, has_code
):
    settings.SITE_URL, settings.NETWORK_FILE = site, ""
    page = html_of(client_for(owner).get(reverse("publishing:detail", args=[app.pk])))
    assert ('class="qr"' in page) is has_code
    assert ("local-address" in page) is bool(words)
    assert words in page
    assert ("or a tunnel" in page) is bool(words)
