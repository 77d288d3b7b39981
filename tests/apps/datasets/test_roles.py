"""The page's script and the server say the same about roles, and choosing a task fills them in."""

from itertools import chain, combinations

import pytest
from django.urls import reverse

from apps.core.errors import UserError
from apps.datasets import roles, services
from apps.datasets.models import Import
from apps.datasets.services.freezing import checked_roles
from tests.fixtures.page_text import html_of
from workers.contracts.job_kinds.importing import Column, Proposal
from workers.contracts.roles import Role
from workers.contracts.tasks import TASKS

pytestmark = pytest.mark.django_db


@pytest.fixture
def wide(parsed: Import) -> Import:
    """The read tickets with a column for each role, named like it."""
    column = Column(name="", filled=60, distinct=60, mean_length=9, max_length=9)
    columns = [column.model_copy(update={"name": role.value}).model_dump() for role in Role]
    parsed.result = {**parsed.result, "columns": columns}
    parsed.save()
    return parsed


def test_the_page_says_what_the_server_would(wide, owner) -> None:
    """For every task and every set of its roles."""
    told = roles.for_script(Proposal(task_type=None, roles={}))
    for task in TASKS:
        info = TASKS[task]
        page = told[task]
        usable = [role for role, _ in page["roles"] if role != "ignore"]
        for given in chain.from_iterable(combinations(usable, size) for size in range(len(usable) + 1)):
            said = page["problems"][",".join(role for role in page["deciding"] if role in given)]
            try:
                checked_roles(wide, task, {role: role for role in given})
            except UserError as error:
                assert said == str(error.message), (info.label, given)
            else:
                assert said == "", (info.label, given)


def test_a_role_given_twice_is_said_alike(wide, owner) -> None:
    told = roles.for_script(Proposal(task_type=None, roles={}))["chat"]["twice"]["input"]
    with pytest.raises(UserError) as refused:
        services.confirm_import(
            actor=owner, import_=wide, task_type="chat", roles={"input": "input", "target": "input"}
        )
    assert told == str(refused.value.message)


def test_one_question_column_lacks_the_answer(wide, owner) -> None:
    with pytest.raises(UserError, match="Choose which column is “Answer”"):
        services.confirm_import(actor=owner, import_=wide, task_type="chat", roles={"input": "input"})


def test_the_page_names_what_is_left_out(client_for, owner, parsed) -> None:
    parsed.result["proposal"] |= {
        "roles": {"text": "input", "label": "ignore"},
        "meanings": {"text": "another text", "label": "another label"},
        "warnings": ["Rows with several labels in “label” (such as “a”, “b”): 3 of 60. Only one label per row is supported, so these rows are rejected."],
    }  # fmt: skip
    parsed.save()
    html = html_of(client_for(owner).get(reverse("datasets:import", args=[parsed.pk])))
    assert "Rows with several labels in “label” (such as “a”, “b”): 3 of 60." in html
    assert "<li hidden><strong>text</strong>" in html
    assert "<li><strong>label</strong>(another label)" in html


def test_case_is_kept_when_asked(client_for, owner, parsed) -> None:
    client_for(owner).post(
        reverse("datasets:import", args=[parsed.pk]),
        {"task_type": "classification", "role-0": "input", "role-1": "label", "keep_case": "1"},
    )
    assert parsed.versions.get().job.spec["merge_label_case"] is False
