"""Which language and zone a page is in: the account's, the switch's, the browser's; and how it writes figures."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.core import mail
from django.template import Context, Template
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from apps.core.joined_names import listed
from apps.workspaces.models import AuditEntry, Role
from apps.workspaces.team.invitations import create_invitation, send_by_email
from tests.fixtures.page_text import html_of

LOGIN = reverse("account_login")
SWITCH = reverse("set_language")


def language_of(client: Client, address: str = LOGIN, **headers: str) -> str:
    response = client.get(address, headers=headers)
    assert f'<html lang="{response.headers["content-language"]}"' in response.content.decode()
    return str(response.headers["content-language"])


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("asked", "language"),
    [
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh-hans"),
        ("zh-Hans", "zh-hans"),
        ("zh", "zh-hans"),
        ("fr-FR,fr;q=0.9", "en"),
        ("de, zh-CN;q=0.5", "zh-hans"),
        ("", "en"),
    ],
)
def test_a_browser_is_answered_in_a_language_it_asks_for(asked: str, language: str) -> None:
    assert language_of(Client(), **{"Accept-Language": asked}) == language


@pytest.mark.django_db
def test_the_switch_works_without_an_account_and_comes_back_to_the_page() -> None:
    client = Client()
    response = client.post(SWITCH, {"language": "zh-hans", "next": LOGIN})
    assert (response.status_code, response["location"]) == (302, LOGIN)
    assert language_of(client) == "zh-hans"
    assert "登录" in client.get(LOGIN).content.decode()
    client.post(SWITCH, {"language": "en", "next": LOGIN})
    assert language_of(client, **{"Accept-Language": "zh-CN"}) == "en"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "address", ["https://elsewhere.example/", "//elsewhere.example/", "javascript:alert(1)"]
)
def test_the_switch_leads_to_no_other_site(address: str) -> None:
    response = Client().post(SWITCH, {"language": "en", "next": address})
    assert response["location"] == "/"


@pytest.mark.django_db
def test_the_switch_knows_only_languages_of_the_studio() -> None:
    assert Client().post(SWITCH, {"language": "tlh"}).status_code == 400
    assert Client().get(SWITCH).status_code == 405


@pytest.mark.django_db
def test_the_switch_is_kept_in_the_account(owner: Any, client_for: Any) -> None:
    client_for(owner).post(SWITCH, {"language": "zh-hans"})
    owner.refresh_from_db()
    assert owner.language == "zh-hans"
    assert AuditEntry.objects.filter(actor=owner, action="user.profile_changed").count() == 1
    elsewhere = client_for(owner)
    assert language_of(elsewhere, "/", **{"Accept-Language": "en"}) == "zh-hans"
    assert elsewhere.cookies["django_language"].value == "zh-hans"


@pytest.mark.django_db
def test_every_page_without_an_account_has_the_switch(client: Client, link: Any) -> None:
    for address in (LOGIN, f"/a/{link[1]}/", "/a/nowhere/"):
        page = html_of(client.get(address, headers={"Accept-Language": "zh-CN"}))
        assert f'action="{SWITCH}"' in page
        assert '<button type="submit"' in page
        assert 'lang="en"' in page


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("asked", "said"), [("zh-CN", "此地址没有任何内容。"), ("en", "Nothing was found at this address.")]
)
def test_programs_are_refused_in_the_language_that_they_ask_for(
    owner: Any, client_for: Any, asked: str, said: str
) -> None:
    address = "/api/v1/datasets/00000000-0000-0000-0000-000000000000/"
    answer = client_for(owner).get(address, headers={"Accept-Language": asked})
    assert answer.json()["error"]["message"] == said


def shown(template: str, **values: Any) -> str:
    return Template(template).render(Context(values))


@pytest.mark.parametrize(
    ("language", "time", "count", "large", "share"),
    [
        ("en", "23 Nov 2026, 22:05", "12,345", "12.3 k", "12.3 %"),
        ("zh-hans", "2026年11月23日 22:05", "12,345", "1.2 万", "12.3 %"),
    ],
)
def test_dates_and_figures_by_language(language: str, time: str, count: str, large: str, share: str) -> None:
    at = datetime(2026, 11, 23, 22, 5, tzinfo=UTC)
    template = "{% load humanize %}{{ at|moment }}|{{ n|intcomma }}|{{ n|compact }}|{{ s|percent }}"
    with override(language):
        assert shown(template, at=at, n=12345, s=0.1234) == f"{time}|{count}|{large}|{share}"


def test_figures_are_rounded_and_not_cut() -> None:
    assert shown("{{ n|rounded:2 }} {{ s|percent }}", n=0.0567, s=0.98765) == "0.06 98.8 %"


@pytest.mark.django_db
def test_times_are_those_of_the_account_then_of_the_browser(owner: Any, client_for: Any) -> None:
    seen: list[str] = []

    def look(client: Client) -> str:
        from apps.accounts.middleware import ReaderMiddleware

        request = type(
            "Request", (), {"user": owner, "COOKIES": {k: c.value for k, c in client.cookies.items()}}
        )()
        ReaderMiddleware(lambda _: seen.append(timezone.get_current_timezone_name()) or Client().get(LOGIN))(
            request
        )
        return seen[-1]

    client = client_for(owner)
    assert look(client) == "UTC"
    client.cookies["timezone"] = "Asia/Shanghai"
    assert look(client) == "Asia/Shanghai"
    client.cookies["timezone"] = "../../etc/passwd"
    assert look(client) == "UTC"
    owner.timezone = "Europe/Paris"
    assert look(client) == "Europe/Paris"


@pytest.mark.django_db
def test_whoever_is_written_to_reads_their_own_language(owner: Any, outsider: Any, workspace: Any) -> None:
    outsider.language = "zh-hans"
    outsider.save()
    for email in (outsider.email, "nobody-yet@example.com"):
        invitation, token = create_invitation(
            actor=owner, workspace=workspace, role=Role.EDITOR, email=email, days=3
        )
        assert send_by_email(invitation, token)
    to_outsider, to_nobody = mail.outbox
    assert "你受邀加入" in to_outsider.subject
    assert "打开此链接以接受邀请" in to_outsider.body
    assert "You are invited" in to_nobody.subject


@pytest.mark.django_db
def test_a_reset_is_written_in_the_language_of_the_account(outsider: Any) -> None:
    outsider.language = "zh-hans"
    outsider.save()
    Client().post(
        reverse("account_reset_password"), {"email": outsider.email}, headers={"Accept-Language": "en"}
    )
    assert "请打开此链接设置新密码" in mail.outbox[0].body


@pytest.mark.parametrize(("language", "text"), [("en", "“a”, “b”, “c”"), ("zh-hans", "“a”、“b”、“c”")])
def test_names_in_a_row_are_put_as_the_language_does(language: str, text: str) -> None:
    with override(language):
        assert listed(["“a”", "“b”", "“c”"]) == text
