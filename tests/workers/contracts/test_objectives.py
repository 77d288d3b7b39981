"""A recipe names its objective with the settings of that objective; older recipes are read as what they meant."""

import subprocess
import sys

import pytest
from pydantic import ValidationError

from workers.contracts.families import Family
from workers.contracts.objectives import OBJECTIVES, ObjectiveInfo, objectives_for
from workers.contracts.objectives.seq2seq import Seq2SeqOptions
from workers.contracts.objectives.sft import SftOptions
from workers.contracts.recipes import Recipe
from workers.contracts.tasks import TASKS


def test_every_model_that_a_task_can_have_is_trained_for_an_objective_unasked() -> None:
    for task in TASKS.values():
        for family in task.families:
            assert objectives_for(family, task.name)


@pytest.mark.parametrize("name", OBJECTIVES)
def test_a_recipe_keeps_its_objective_in_every_form(name: str) -> None:
    recipe = Recipe.model_validate({"objective": name})
    assert type(recipe.objective) is OBJECTIVES[name].options
    changed = recipe.model_dump(mode="json", exclude_defaults=True)
    assert changed == {"objective": {"kind": name}}
    for form in (changed, recipe.model_dump(), recipe.model_dump(mode="json")):
        assert Recipe.model_validate(form) == recipe
    assert Recipe.model_validate_json(recipe.model_dump_json()) == recipe


@pytest.mark.parametrize(
    ("objective", "kind", "place"),
    [
        ("ranking", "literal_error", ("objective",)),
        ({"max_target_length": 9}, "literal_error", ("objective",)),
        ({"kind": "sft", "max_target_length": 9}, "extra_forbidden", ("objective", "max_target_length")),
        ({"kind": "seq2seq", "max_target_length": 1}, "greater_than_equal", ("objective", "max_target_length")),
        ([], "model_type", ("objective",)),
    ],
)  # fmt: skip
def test_wrong_options_are_refused_at_their_place(
    objective: object, kind: str, place: tuple[str, ...]
) -> None:
    with pytest.raises(ValidationError) as refused:
        Recipe.model_validate({"objective": objective})
    assert [(problem["type"], problem["loc"]) for problem in refused.value.errors()] == [(kind, place)]


@pytest.mark.parametrize(
    ("stored", "read"),
    [
        ({}, None),
        ({"max_target_length": None}, None),
        ({"max_target_length": 40}, Seq2SeqOptions(max_target_length=40)),
        ({"max_target_length": 40, "objective": {"kind": "sft"}}, SftOptions()),
        ({"objective": "sft"}, SftOptions()),
    ],
)
def test_a_recipe_of_an_earlier_release_is_read(stored: dict[str, object], read: object) -> None:
    assert Recipe.model_validate({"recipe_version": 1, "epochs": 3, **stored}).objective == read


def test_the_schema_lists_the_options_of_every_objective() -> None:
    schema = Recipe.model_json_schema()
    union = next(part for part in schema["properties"]["objective"]["anyOf"] if "oneOf" in part)
    assert set(union["discriminator"]["mapping"]) == set(OBJECTIVES)
    for objective in OBJECTIVES.values():
        options = schema["$defs"][objective.options.__name__]
        assert options["properties"]["kind"]["const"] == objective.name


def test_options_that_another_name_would_be_read_as_are_refused() -> None:
    with pytest.raises(TypeError, match="must be Literal"):
        ObjectiveInfo("ranking", "Ranking", (Family.CAUSAL,), SftOptions, "nowhere:Nothing")


def test_recipes_load_no_model_library() -> None:
    code = "import sys; from workers.contracts.recipes import Recipe; Recipe(objective='sft'); print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
