"""The list of recommended bases is whole: known tasks, families that can learn them, nothing twice."""

import pytest
from pydantic import ValidationError

from workers.contracts.families import Family
from workers.contracts.recommended import RecommendedBase, find_recommended, recommended_bases
from workers.contracts.tasks import TASKS

BASES = recommended_bases()


def test_every_base_is_listed_once() -> None:
    assert len(BASES) >= 20
    for name in ("hub_id", "name", "reason"):
        values = [getattr(base, name) for base in BASES]
        assert len(set(values)) == len(values), name
    assert all(find_recommended(base.hub_id) is base for base in BASES)
    assert find_recommended("some/other") is None


def test_a_family_lists_its_small_models_first() -> None:
    for family in Family:
        sizes = [base.parameters for base in BASES if base.family is family]
        assert sizes == sorted(sizes)
    assert [base.family for base in BASES] == sorted((base.family for base in BASES), key=list(Family).index)


@pytest.mark.parametrize("base", BASES, ids=lambda base: base.hub_id)
def test_a_base_can_learn_what_it_is_recommended_for(base: RecommendedBase) -> None:
    assert all(base.family in TASKS[task].base_families for task in base.tasks)
    # Stored in 16 or 32 bits, with a tokenizer of a few megabytes.
    assert 2 * base.parameters * 0.95 < base.download_bytes < 4 * base.parameters * 1.1 + 20e6
    assert len(set(base.languages)) == len(base.languages)


def test_every_task_has_a_recommended_base_in_english_and_in_chinese() -> None:
    for task in TASKS:
        languages = {language for base in BASES if task in base.tasks for language in base.languages}
        assert {"en", "zh"} <= languages, task


@pytest.mark.parametrize(
    "change",
    [
        {"licence": "CC-BY-NC-4.0"},
        {"hub_id": "https://example.com"},
        {"revision": "../main"},
        {"tasks": ["dancing"]},
        {"languages": []},
        {"parameters": 0},
        {"stars": 5},
    ],
)
def test_an_entry_that_is_not_whole_is_refused(change: dict[str, object]) -> None:
    whole = BASES[0].model_dump()
    assert RecommendedBase.model_validate(whole) == BASES[0]
    with pytest.raises(ValidationError):
        RecommendedBase.model_validate(whole | change)
