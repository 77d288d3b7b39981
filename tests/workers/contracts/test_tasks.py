"""What still has to be said before a table can teach something."""

import pytest

from workers.contracts.roles import Role
from workers.contracts.tasks import TASKS

IN, T, M, S, L = Role.INPUT, Role.TARGET, Role.MESSAGES, Role.SYSTEM, Role.LABEL


@pytest.mark.parametrize(
    ("task_type", "given", "missing"),
    [
        ("chat", [IN], {T}),
        ("chat", [T], {IN}),
        ("chat", [S], {IN, T}),
        ("chat", [], {IN, T}),
        ("chat", [M], set()),
        ("chat", [M, IN], set()),
        ("chat", [IN, T], set()),
        ("classification", [IN], {L}),
        ("generation", [], {T}),
    ],
)
def test_the_way_that_is_nearly_gone_is_the_one_to_go_on(task_type, given, missing) -> None:
    assert TASKS[task_type].missing_roles({role.value: role for role in given}) == missing
