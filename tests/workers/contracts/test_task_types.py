"""What still has to be said before a table can teach something."""

import pytest

from workers.contracts.task_types import Role, TaskType, missing_roles

IN, T, M, S, L = Role.INPUT, Role.TARGET, Role.MESSAGES, Role.SYSTEM, Role.LABEL


@pytest.mark.parametrize(
    ("task_type", "given", "missing"),
    [
        (TaskType.CHAT, [IN], {T}),
        (TaskType.CHAT, [T], {IN}),
        (TaskType.CHAT, [S], {IN, T}),
        (TaskType.CHAT, [], {IN, T}),
        (TaskType.CHAT, [M], set()),
        (TaskType.CHAT, [M, IN], set()),
        (TaskType.CHAT, [IN, T], set()),
        (TaskType.CLASSIFICATION, [IN], {L}),
        (TaskType.GENERATION, [], {T}),
    ],
)
def test_the_way_that_is_nearly_gone_is_the_one_to_go_on(task_type, given, missing) -> None:
    assert missing_roles(task_type, {role.value: role for role in given}) == missing
