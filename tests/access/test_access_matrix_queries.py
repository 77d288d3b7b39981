"""An id of another workspace behind the question mark of an address is as unknown as a random one."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from apps.workspaces.access import Action
from apps.workspaces.access.rules import AccessRule
from tests.access.asking import FAULT, Answer, ask, path_of, random_like
from tests.access.expectations import ADDRESSES
from tests.access.world import THEIRS, World

pytestmark = [pytest.mark.django_db, pytest.mark.once]

QUESTIONS = {
    "data": ("dataset_version", "{}"),
    "model": ("model", "{}"),
    "base": ("base_model", "base:{}"),
}
"""What pages read there: by name, the kind of the object and how its id is written."""
READ_BY_PAGES = 4
"""At so many addresses, at least, an own id is answered differently from a random one."""


@pytest.mark.parametrize("person", ["editor", "owner"])
def test_a_foreign_id_in_a_question_is_as_unknown_as_a_random_one(world: World, person: str) -> None:
    wrong, different = [], 0
    for address in ADDRESSES:
        access_rule = address.access_rule or AccessRule({})
        if (
            access_rule.of
            or access_rule.values
            or access_rule.needs.get("GET") not in (Action.VIEW, Action.EDIT)
        ):
            continue
        for name, (kind, written) in QUESTIONS.items():
            known = world.theirs.id_of(kind)
            unowned = random_like(kind, known)
            path = path_of(address, [])

            def answer(value: str, name: str = name, written: str = written, path: str = path) -> Answer:
                return ask(world.clients[person], "GET", f"{path}?{urlencode({name: written.format(value)})}")

            foreign, random = answer(known), answer(unowned)
            # A page that draws something anew each time, as the key of an upload, is not compared as a whole.
            if foreign.told != random.told and answer(unowned).told == random.told:
                wrong.append(
                    f"{address.route}?{name}: {foreign.status} for theirs, {random.status} for no one's"
                )
            # Only as often as the test of the test below needs it: an answer to our own id is a whole page.
            if different < READ_BY_PAGES:
                is_same = answer(unowned).told == random.told
                different += is_same and answer(world.ours.id_of(kind)).told != random.told
            if THEIRS in foreign.body or foreign.word == FAULT:
                wrong.append(f"{address.route}?{name} names what {person} must not see")
    assert not wrong, "\n".join(wrong)
    assert different == READ_BY_PAGES, "own ids are answered: the names are those that pages read"
