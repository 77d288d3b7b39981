"""The settings of one objective in the wizard, in the API, on pages, and in rows of an earlier release."""

from collections.abc import Iterator
from importlib import import_module
from typing import Literal
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.apps import apps

from apps.core.errors import UserError
from apps.training.forms import WizardForm, recipe_answers, recipe_words
from apps.training.models import Preflight, Run
from apps.training.wizard import address_of
from workers.contracts.families import Family
from workers.contracts.objectives import (
    OBJECTIVES,
    ObjectiveInfo,
    ObjectiveOptions,
    objectives_for,
    setting,
)
from workers.contracts.objectives.seq2seq import Seq2SeqOptions
from workers.contracts.recipes import Recipe

BASES = [("starter:seq2seq:small", "Reads"), ("starter:causal:small", "Writes on")]
KNOWN = ("seq2seq", "sft", "ranking")
"""What these tests count, however many objectives there are."""


class RankingOptions(ObjectiveOptions):
    kind: Literal["ranking"] = "ranking"
    margin: float = setting(0.5, title="Margin", help_text="How far apart.", ge=0, le=2)
    pairs: int | None = setting(None, title="Pairs", help_text="At once.", ge=1)
    is_strict: bool = setting(True, title="Strict", help_text="No ties.")


@pytest.fixture
def ranking(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    info = ObjectiveInfo("ranking", "Ranking", (Family.CAUSAL,), RankingOptions, "nowhere:Nothing")
    monkeypatch.setitem(OBJECTIVES._kinds, info.name, (1000, info))
    yield


def wizard(sent: dict[str, str] | None = None, initial: dict[str, object] | None = None) -> WizardForm:
    objectives = {
        value: [found for found in objectives_for(Family(value.split(":")[1]), "chat") if found.name in KNOWN]
        for value, _ in BASES
    }
    return WizardForm(sent, bases=BASES, objectives=objectives, initial=initial or {})


def recipe_of(**sent: str) -> Recipe:
    answers = {"length": "quick", "base": BASES[0][0], "keep_best": "on"} | sent
    form = wizard(answers)
    assert form.is_valid(), form.errors
    recipe: Recipe = form.cleaned_data["recipe"]
    return recipe


def test_each_objective_with_settings_has_a_heading_and_no_choice_is_asked_where_there_is_none() -> None:
    groups = {group.title: [field.name for field, _css in group.fields] for group in wizard().groups()}
    assert groups["Sequence to sequence"] == ["seq2seq-max_target_length"]
    assert "Objective" not in groups
    assert "Supervised fine-tuning" not in groups


def test_a_changed_setting_belongs_to_the_objective_of_the_base() -> None:
    name = "seq2seq-max_target_length"
    assert recipe_of(**{name: "40"}).objective == Seq2SeqOptions(max_target_length=40)
    assert recipe_of(**{name: "40", "base": BASES[1][0]}).objective is None
    assert recipe_of(**{name: ""}) == Recipe()
    refused = wizard({"length": "quick", "base": BASES[0][0], name: "1"})
    assert not refused.is_valid()
    assert list(refused.errors) == [name]
    assert refused.advanced_has_errors


def test_where_several_fit_one_can_be_chosen(ranking: None) -> None:
    form = wizard()
    assert [value for value, _ in form.fields["objective"].choices] == ["", "seq2seq", "sft", "ranking"]
    causal = {"base": BASES[1][0], "objective": "ranking", "ranking-is_strict": "on", "ranking-margin": "0.5"}
    assert recipe_of(**causal).objective == RankingOptions()
    assert recipe_of(**causal | {"ranking-pairs": "7"}).objective == RankingOptions(pairs=7)
    refused = wizard({"length": "quick", **causal, "ranking-margin": "9"})
    assert not refused.is_valid()
    assert list(refused.errors) == ["ranking-margin"]


def test_options_survive_the_address(ranking: None) -> None:
    recipe = Recipe(objective=RankingOptions(margin=1.5, is_strict=False))
    answers = recipe_answers(recipe.model_dump(mode="json", exclude_defaults=True))
    query = dict(parse_qsl(urlsplit(address_of(answers)).query))
    shown = wizard(initial={name: value != "False" and value for name, value in query.items()})
    sent = {field.html_name: field.value() for field in shown if field.value() not in (None, False)}
    assert recipe_of(**{**sent, "base": BASES[1][0]}).objective == recipe.objective


def test_pages_name_the_objective_and_its_settings(ranking: None) -> None:
    stored = Recipe(objective=RankingOptions(pairs=3)).model_dump(mode="json")
    words = {name: (title, value) for title, name, value in recipe_words(stored)}
    assert words["objective"] == ("Objective", "Ranking")
    assert words["pairs"] == ("Pairs", "3")
    gone = recipe_words({"objective": {"kind": "gone", "size": 1}})
    assert gone == [("Objective", "objective", "gone"), ("size", "size", "1")]


@pytest.mark.django_db
def test_an_objective_that_does_not_fit_is_refused(ask) -> None:
    with pytest.raises(UserError) as refused:
        ask(base="starter:classifier:tiny", objective="seq2seq")
    assert refused.value.field == "objective"
    assert "classification" in str(refused.value.message)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("family", "read"), [("seq2seq", {"kind": "seq2seq", "max_target_length": 40}), ("causal", None)]
)
def test_rows_of_an_earlier_release_are_rewritten(family, read, make_run) -> None:
    run = make_run()
    old = {name: value for name, value in run.recipe.items() if name != "objective"} | {
        "max_target_length": 40
    }
    Preflight.objects.update(recipe={"max_target_length": 40}, base={"kind": "starter", "family": family})
    Run.objects.update(recipe=old, result={**run.result, "recipe": old})
    migration = import_module("apps.training.migrations.0004_objective_of_recipes")

    migration.forwards(apps, None)
    run.refresh_from_db()
    for stored in (run.recipe, run.result["recipe"], run.preflight.recipe):
        assert "max_target_length" not in stored
        assert stored.get("objective") == read
    migration.backwards(apps, None)
    run.refresh_from_db()
    assert run.recipe == (old if read else {k: v for k, v in old.items() if k != "max_target_length"})
