"""Limits of length: what a page takes and refuses before it is sent is what the server takes and refuses."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.forms import BaseForm, Field
from playwright.sync_api import Browser

from apps.training.forms import RunNameForm
from tests.access.world import World, build_world
from tests.fixtures.publishing import LiveSite
from tests.journeys.pages import confirm, cookies_of

pytestmark = pytest.mark.journey

PAGES = (
    "/data/new/",
    "/data/{dataset}/edit/",
    "/models/bases/new/",
    "/models/{model}/edit/",
    "/runs/{run}/",
    "/apps/new/?model={model}",
    "/apps/{app}/",
    "/apps/{app}/edit/",
    "/workspace/settings/",
    "/workspace/keys/",
    "/workspace/hub-token/",
    "/accounts/profile/",
)
BY_HAND: dict[str, dict[str, Field]] = {"/runs/{run}/": RunNameForm().fields}
"""Fields that a template writes without the form that checks them."""
PROBES: list[tuple[str, str, str]] = [
    ("a", "", ""), ("😀", "", ""), ("👩🏽", "", ""), ("e\u0301", "", ""), ("汉", "", ""),
    ("a", "  ", "\u3000"), ("a", "\ufeff", ""), ("a", "", "\x1f\x85"), ("a\nb", "", ""), ("😀\n", "\n", "\n"),
]  # fmt: skip
"""Characters that are repeated until they fill the limit, or go beyond it by one; what stands before them and after them."""
MANY = 10_000
"""A limit beyond it is not tried: a browser takes minutes to draw such a text."""
TRY = """([all, many]) => [...document.querySelectorAll("[data-most-characters]")]
    .filter((field) => !["search", "email"].includes(field.type))
    .map((field) => {
        const most = Number(field.dataset.mostCharacters);
        const before = field.value;
        const probes = most > many ? [] : all;
        const tried = probes.flatMap(([unit, start, end]) => [0, 1].map((more) => {
            const filled = [...unit.repeat(Math.ceil((most + 1) / [...unit].length))].slice(0, most + more).join("");
            field.value = start + filled + end;
            field.dispatchEvent(new Event("input"));
            return !field.validity.customError;
        }));
        field.value = before;
        return { name: field.name, most, isLine: field.tagName === "INPUT", tried };
    })"""


@pytest.fixture
def world(site: LiveSite) -> World:
    return build_world()


def test_a_page_counts_as_the_server_does(world: World, site: LiveSite, browser: Browser) -> None:
    client = world.clients["owner"]
    confirm(client)
    context = browser.new_context(base_url=site.url)
    context.add_cookies(cookies_of(client, site))
    page = context.new_page()
    things = {name: getattr(one, "pk", one) for name, one in world.ours.things.items()}
    areas, wrong = set(), []
    for pattern in PAGES:
        path = pattern.format(**things)
        fields = [*fields_of(client.get(path)), *BY_HAND.get(pattern, {}).items()]
        page.goto(path)
        for tried in page.evaluate(TRY, [PROBES, MANY]):
            areas |= {"line" if tried["isLine"] else "lines"}
            # Two forms of a page may have fields of one name.
            wrong.append(
                min(
                    (differences(path, tried, field) for name, field in fields if name == tried["name"]),
                    key=len,
                )
            )
    assert areas == {"line", "lines"}
    assert not list(filter(None, wrong))


def fields_of(response: Any) -> list[tuple[str, Field]]:
    """The fields of the forms that a page was made with, by their names in it."""
    assert response.status_code == 200
    forms = [
        one for context in response.context for part in context.dicts for one in part.values()
        if isinstance(one, BaseForm)
    ]  # fmt: skip
    return [(form.add_prefix(name), field) for form in forms for name, field in form.fields.items()]


def differences(path: str, tried: dict[str, Any], field: Field) -> list[tuple[object, ...]]:
    """Probes of which page and server think otherwise."""
    found = []
    probes = [] if tried["most"] > MANY else PROBES
    each = [(probe, more) for probe in probes for more in (0, 1)]
    for ((unit, start, end), more), is_taken in zip(each, tried["tried"], strict=True):
        filled = (unit * (tried["most"] // len(unit) + 2))[: tried["most"] + more]
        text = start + filled + end
        if tried["isLine"] and "\n" in text:
            continue
        if is_taken != is_short_enough(field, text):
            found.append((path, tried["name"], unit, start, end, more, is_taken))
    return found


def is_short_enough(field: Field, text: str) -> bool:
    """What the server says to a text as a browser sends it."""
    sent = {"field": text.replace("\n", "\r\n")}
    try:
        field.clean(field.widget.value_from_datadict(sent, {}, "field"))
    except ValidationError as error:
        return all(one.code != "max_length" for one in error.error_list)
    return True
