"""Every address of the site, asked as everybody, answers as the access table says.

For every page, API call and admin page: each person, the objects of our workspace and of another one, ids that
nothing has, and right parents with wrong children. Sockets are in test_access_matrix_sockets.py. Each address is a
test of its own: `pytest tests/access -k training:start` runs one alone.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.contrib import admin
from django.http import HttpResponse
from django.test import RequestFactory
from django.urls import URLResolver, path
from django.urls.resolvers import RegexPattern

from apps.api.rest.data import DatasetViewSet
from apps.datasets.views import browsing
from apps.publishing.models import App
from apps.workspaces.access import Action
from apps.workspaces.access.access_table import admin_actions
from apps.workspaces.access.rules import DECLARED, OPEN, AccessRule, Needs
from apps.workspaces.access.url_inventory import Address, addresses, unlisted
from tests.access.asking import (
    ABSENT,
    FAULT,
    FORBIDDEN,
    IN,
    NO_METHOD,
    SIGN_IN,
    Answer,
    ask,
    of_somebody_else,
    own,
    path_of,
    random_like,
)
from tests.access.bodies import body_for
from tests.access.expectations import ADDRESSES, METHODS, expected, for_each, ids_to_ask_for, is_leak
from tests.access.world import OURS, PEOPLE, ROLES, THEIRS, Place, World

pytestmark = [pytest.mark.django_db, pytest.mark.once]
ALSO = {
    "admin:autocomplete": {FORBIDDEN},
    "admin:view_on_site": {ABSENT},
    "mfa_reauthenticate_webauthn": {SIGN_IN},
}
"""What an address also answers to whom it lets in, because it wants what a page before it leaves."""


@for_each(lambda address, access_rule: access_rule.needs)
def test_everybody_is_answered_as_the_table_says(world: World, address: Address) -> None:
    wrong = [f"as {person}: {found}" for person in PEOPLE for found in _wrong_answers(world, address, person)]
    assert not wrong, "\n".join(wrong)


def _wrong_answers(world: World, address: Address, person: str) -> list[str]:
    access_rule, client = address.access_rule, world.clients[person]
    assert access_rule is not None
    wrong: list[str] = []
    for method, rule in access_rule.needs.items():
        told: dict[str, Answer] = {}
        for whose, ids in ids_to_ask_for(world, address, person):
            right = expected(person, access_rule, rule, whose) | ALSO.get(address.key, set())
            body = _body_of(world, address, method, person, whose)
            # What is refused is refused whatever is sent: before anything is said about the body.
            for sent in [body] if right == {IN} or not body else [{}, body]:
                answer = told[whose] = ask(client, method, path_of(address, ids), sent)
                if answer.word not in right:
                    wrong.append(
                        f"{method} {address.route} ({whose}): {answer.status}, not {right} {answer.location}"
                    )
                if is_leak(person, address, answer):
                    wrong.append(f"{method} {address.route} ({whose}) names what {person} must not see")
        wrong += _differences(address, method, told)
    return wrong


def _body_of(world: World, address: Address, method: str, person: str, whose: str) -> dict[str, Any]:
    at_home = "theirs" if person == "outsider" else "ours"
    where = whose if (address.access_rule or AccessRule({})).of and whose != "no one's" else at_home
    return body_for(address.key, method, world.theirs if where == "theirs" else world.ours)


def _differences(address: Address, method: str, told: dict[str, Answer]) -> list[str]:
    """What is refused as not there must look like what was never there."""
    unowned = told.get("no one's")
    return [
        f"{method} {address.route}: {whose} is told apart from a random id"
        for whose, answer in told.items()
        if unowned is not None and answer.word in (ABSENT, FORBIDDEN) and whose != "ours"
        if answer.told != unowned.told
    ]


@for_each(lambda address, access_rule: len(access_rule.of) > 1)
def test_a_right_parent_opens_no_wrong_child(world: World, address: Address) -> None:
    """Own parent and foreign child, foreign parent and own child, a child of our other app or of somebody else: as a random id."""
    access_rule = address.access_rule
    assert access_rule is not None
    wrong: list[str] = []
    for person in ROLES:
        mine, theirs, sibling = (
            own(world, place, address, person) for place in (world.ours, world.theirs, world.elsewhere)
        )
        random = [
            mine[0],
            *(random_like(kind, known) for kind, known in zip(access_rule.of[1:], mine[1:], strict=True)),
        ]
        for method, rule in access_rule.needs.items():
            if expected(person, access_rule, rule, "ours") != {IN}:
                continue
            others = of_somebody_else(world.ours, address, person)
            wrongly = (
                [mine[0], *theirs[1:]],
                [mine[0], *sibling[1:]],
                [theirs[0], *mine[1:]],
                random,
                others,
            )
            for ids in filter(None, wrongly):
                answer = ask(world.clients[person], method, path_of(address, ids))
                # Whoever has a link is in; only what was said there is somebody else's.
                outer_is_open = ids[0] == mine[0] or rule == Needs.LINK
                right = access_rule.absent if outer_is_open else 404
                if answer.status != right:
                    wrong.append(f"{person}: {method} {address.route} {ids}: {answer.status}, not {right}")
                elif (
                    outer_is_open
                    and right == 404
                    and answer.told[2] != ask(world.clients[person], method, path_of(address, random)).told[2]
                ):
                    wrong.append(f"{person}: {method} {address.route}: told apart from a random id")
    assert not wrong, "\n".join(wrong)


@for_each(lambda address, access_rule: access_rule.names)
def test_a_foreign_id_in_a_body_is_as_unknown_as_a_random_one(world: World, address: Address) -> None:
    access_rule = address.access_rule
    assert access_rule is not None
    wrong: list[str] = []
    for person in ("editor", "owner"):
        for name, kind in access_rule.names.items():
            method = "POST"
            where = path_of(address, own(world, world.ours, address, person))
            known = world.theirs.id_of(kind)
            foreign, random = (
                ask(world.clients[person], method, where, _body(world, address, name, value))
                for value in (known, random_like(kind, known))
            )
            if foreign.told != random.told:
                wrong.append(
                    f"{person}: {address.route} {name}: {foreign.status} for theirs, {random.status} for no one's"
                )
            if foreign.status in (200, 201) or foreign.word == FAULT:
                wrong.append(f"{person}: {address.route} {name}: {foreign.status}")
            if THEIRS in foreign.body:
                wrong.append(f"{person}: {address.route} {name} names what {person} must not see")
    assert not wrong, "\n".join(wrong)


def _body(world: World, address: Address, name: str, value: str) -> dict[str, Any]:
    body = body_for(address.key, "POST", world.ours)
    body[name] = [value] if isinstance(body.get(name), list) else value
    return body


def test_only_its_maker_or_an_admin_removes_it(world: World) -> None:
    tried = 0
    for address in ADDRESSES:
        access_rule = address.access_rule
        if access_rule is None or Needs.MAKER not in access_rule.needs.values():
            continue
        ids = [world.ours.id_of(kind) for kind in access_rule.of[:-1]] + [
            str(world.ours.made[access_rule.of[-1]].pk)
        ]
        for method, rule in access_rule.needs.items():
            if rule == Needs.MAKER:
                words = {who: ask(world.clients[who], method, path_of(address, ids)).word for who in ROLES}
                assert words == {"viewer": FORBIDDEN, "editor": IN, "admin": IN, "owner": IN}, address
                tried += 1
    assert tried >= 5


KEYS = {
    "viewer": "viewer",
    "editor": "editor",
    "admin": "admin",
    "owner": "owner",
    "outsider": "outsider",
    "reading": "viewer",
}
"""What a live key of a workspace is worth: the role that its maker has now, or looking only."""


@for_each(lambda address, access_rule: address.route.startswith("api/v1/"))
def test_a_key_opens_what_its_maker_may_and_no_more(world: World, address: Address) -> None:
    """The REST API with keys. A key of a removed member, a closed, an expired, a made-up one and an app's open nothing."""
    keys = [*KEYS, "revoked", "closed", "expired", "nonsense", "app key"]
    wrong = [f"with {key}: {found}" for key in keys for found in _wrong_to_key(world, address, key)]
    assert not wrong, "\n".join(wrong)


def _wrong_to_key(world: World, address: Address, key: str) -> list[str]:
    access_rule, client = address.access_rule, world.clients["anonymous"]
    assert access_rule is not None
    headers = {"Authorization": f"Bearer {world.keys[key]}"}
    wrong: list[str] = []
    for method in METHODS:
        told: dict[str, Answer] = {}
        for whose, ids in ids_to_ask_for(world, address, "owner"):
            answer = told[whose] = ask(client, method, path_of(address, ids), headers=headers)
            right = _expected_of_key(key, access_rule, method, whose)
            if answer.word not in right:
                wrong.append(f"{method} {address.route} ({whose}): {answer.status}, not {right}")
            if key not in KEYS and OURS in answer.body:
                wrong.append(f"{method} {address.route} ({whose}) names what is ours")
        wrong += _differences(address, method, told)
    return wrong


def _expected_of_key(key: str, access_rule: AccessRule, method: str, whose: str) -> set[str]:
    rule = access_rule.needs.get(method)
    if rule is None:
        # Whoever sends no live key learns nothing of what there is.
        return _unnamed(key) | ({NO_METHOD} if Needs.NOTHING in access_rule.needs.values() else set())
    if rule == Needs.NOTHING:
        # Whoever sends a key means to use it: that it is none is told here too.
        return {IN, SIGN_IN}
    if key not in KEYS:
        return {SIGN_IN}
    if key == "reading" and method != "GET":
        return {FORBIDDEN}
    return expected(KEYS[key], access_rule, rule, whose)


def _unnamed(key: str) -> set[str]:
    """What a method is answered that the address does not have."""
    if key not in KEYS:
        return {SIGN_IN}
    return {FORBIDDEN, NO_METHOD} if key == "reading" else {NO_METHOD}


@pytest.mark.parametrize(
    ("key", "right"),
    [
        ("app key", IN),
        ("their app key", ABSENT),
        ("owner", SIGN_IN),
        ("nonsense", SIGN_IN),
        ("revoked", SIGN_IN),
    ],
)
def test_only_the_apps_own_key_opens_v1(world: World, key: str, right: str) -> None:
    client, headers = world.clients["anonymous"], {"Authorization": f"Bearer {world.keys[key]}"}
    slug = world.ours.things["slug"]
    bodies = {"chat": {"messages": [{"role": "user", "content": "x"}]}, "completions": {"prompt": "x"}}
    for address in ADDRESSES:
        if address.access_rule is None or Needs.APP_KEY not in address.access_rule.needs.values():
            continue
        (method,) = address.access_rule.needs
        path = path_of(address, [slug] * len(address.access_rule.values))
        body = bodies.get(address.route.removeprefix("v1/").partition("/")[0], {})
        answer = ask(client, method, path, {"model": slug, **body}, headers=headers)
        if method == "GET" and right == ABSENT:
            assert slug not in answer.body
        elif right == IN:
            # No engine runs here: that it is missed shows that the address was open.
            assert answer.word == IN or answer.status == 503, (address.route, answer.status)
        else:
            assert answer.word == right, (address.route, answer.status)


def test_every_address_and_every_model_has_its_line() -> None:
    assert unlisted() == []


def test_every_line_is_about_an_address_that_there_is() -> None:
    assert set(DECLARED) <= {address.key for address in addresses()}


def test_the_sockets_of_the_table_are_those_of_the_site() -> None:
    from studio.asgi import application

    inner = application.application_mapping["websocket"]
    while not hasattr(inner, "routes"):
        inner = inner.inner
    assert {str(route.pattern) for route in inner.routes} == {
        address.route for address in addresses() if address.access_rule and OPEN in address.access_rule.needs
    }


def test_an_address_without_a_line_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test of the test: a page that somebody adds without saying whom it is for."""

    def page(_request: Any) -> HttpResponse:
        return HttpResponse("everybody's secret")

    made_up = URLResolver(RegexPattern(r"^/"), [path("made/up/", page, name="made_up")])
    assert [a.route for a in addresses(made_up, []) if a.access_rule is None] == ["made/up/"]
    monkeypatch.delattr(browsing.detail, "access_rule")
    monkeypatch.delitem(DECLARED, "publishing:preview")
    monkeypatch.setitem(admin.site._registry, App, admin.ModelAdmin(App, admin.site))
    monkeypatch.delattr(DatasetViewSet.create, "asked")
    found = {"data/<uuid:pk>/", "apps/<uuid:app_id>/preview/", "publishing.app", "api/v1/datasets/"}
    assert found <= set(unlisted())


def test_a_method_of_the_api_without_a_rule_is_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(DatasetViewSet.create, "asked")
    assert ask(world.clients["owner"], "POST", "/api/v1/datasets/", {"text": "a"}).word == FORBIDDEN


def test_an_address_that_stands_open_is_found(world: World) -> None:
    """The test of the test: a page that lets in whom the table does not name."""
    (one,) = (address for address in ADDRESSES if address.key == "datasets:detail")
    one = replace(one, access_rule=AccessRule({"GET": Action.MANAGE}, ("dataset",)))
    with pytest.raises(AssertionError, match=r"as viewer: GET data/<uuid:pk>/"):
        test_everybody_is_answered_as_the_table_says(world, one)


def test_bulk_actions_of_the_admin_are_those_of_the_table(world: World, rf: RequestFactory) -> None:
    request = rf.get("/admin/")
    request.user = world.people["administrator"]  # type: ignore[assignment]
    found = {
        model._meta.label_lower: tuple(sorted(page.get_actions(request)))
        for model, page in admin.site._registry.items()
    }
    assert {label: actions for label, actions in found.items() if actions} == admin_actions()


def test_bulk_actions_of_the_admin_are_refused_to_everybody_else(world: World) -> None:
    for label, actions in admin_actions().items():
        row: Any = world.ours.things[f"admin:{label}"]
        for action in actions:
            data = {"action": action, "_selected_action": [str(row.pk)], "post": "yes"}
            for person in PEOPLE:
                answer = ask(world.clients[person], "POST", f"/admin/{label.replace('.', '/')}/", data)
                right = {IN} if person == "administrator" else {FORBIDDEN, SIGN_IN}
                assert answer.word in right, (label, action, person)


def test_places_hold_what_the_table_names(world: World) -> None:
    for address in ADDRESSES:
        for kind in (address.access_rule or AccessRule({})).of:
            for place in (world.ours, world.theirs):
                assert isinstance(place, Place)
                assert place.id_of(kind)
