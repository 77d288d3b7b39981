"""What still has to be said before a table can teach something."""

import pytest

from workers.contracts.families import Family
from workers.contracts.roles import Role
from workers.contracts.tasks import TASKS

IN, T, M, S, L = Role.INPUT, Role.TARGET, Role.MESSAGES, Role.SYSTEM, Role.LABEL


@pytest.mark.parametrize(
    ("task_type", "base", "becomes"),
    [
        ("classification", "encoder", "classifier"),
        ("classification", "causal", "classifier"),
        ("pretraining", "classifier", "encoder"),
        ("pretraining", "encoder", "encoder"),
        ("pretraining", "seq2seq", "seq2seq"),
        ("chat", "causal", "causal"),
    ],
)
def test_a_base_becomes_what_the_task_needs(task_type, base, becomes) -> None:
    task = TASKS[task_type]
    assert Family(base) in task.base_families
    assert task.family_from(Family(base)) == becomes


@pytest.mark.parametrize(("task_type", "base"), [("chat", "encoder"), ("translation", "classifier")])
def test_a_base_that_cannot_learn_a_task_is_not_offered(task_type, base) -> None:
    assert Family(base) not in TASKS[task_type].base_families


def test_of_models_that_learned_documents_only_causal_ones_are_served() -> None:
    assert [family.value for family in Family if TASKS["pretraining"].answers(family)] == ["causal"]
    assert all(TASKS["classification"].answers(family) for family in Family)


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
