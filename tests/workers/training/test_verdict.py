"""A run says in one code whether the model it leaves learned anything."""

import json
import math
from types import SimpleNamespace
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from apps.core.verdicts import verdict_text
from workers.contracts.events import Fix
from workers.contracts.families import Family
from workers.contracts.metrics import SIGNIFICANCE_LEVEL
from workers.contracts.model_folder import ParityRecord, PromptMessage
from workers.contracts.recipes import Recipe
from workers.contracts.verdicts import VERDICTS, PlanProgress, RunEnding, Verdict, VerdictCode
from workers.models.prompts import Example
from workers.training import verdict as verdict_module
from workers.training.checkpoints import TrainingState, Validation
from workers.training.data import Row
from workers.training.loop import TrainingData
from workers.training.run import run
from workers.training.verdict import judge as judge_run

from .conftest import TASKS

USUAL = 2e-3


def judge(loop, records, ending="finished"):
    return judge_run(loop, records, ending)


@pytest.fixture(autouse=True)
def usual(monkeypatch):
    monkeypatch.setattr(verdict_module, "usual_rate", lambda *_: USUAL)


def _loop(
    family=Family.CAUSAL,
    *,
    base=6.0,
    loss=2.0,
    accuracy=None,
    base_accuracy=None,
    labels=(),
    names=("spam", "ham"),
    at_once=False,
    **recipe,
):
    """What `judge` reads of a loop that has ended."""
    before, kept = Validation(loss=base, accuracy=base_accuracy), Validation(loss=loss, accuracy=accuracy)
    rows = [Row(f"r{n}", [PromptMessage(role="user", content=f"q{n}")], f"a{n}") for n in range(4)]
    examples = [Example([1], [label]) for label in labels] or [Example([1, 2], [-100, 2])]
    manifest = SimpleNamespace(
        labels=names if family is Family.CLASSIFIER else (), task_type="chat", trained=True
    )
    loaded = SimpleNamespace(family=family, manifest=manifest)
    return SimpleNamespace(
        loaded=loaded,
        objective=SimpleNamespace(report=lambda _: {}, learns_at_once=at_once),
        steps=60,
        recipe=Recipe(learning_rate=USUAL, **recipe) if "learning_rate" not in recipe else Recipe(**recipe),
        state=TrainingState(step=60, base=before, best=kept, last=kept, train_loss=loss),
        data=TrainingData(examples, examples, rows),
    )


def _records(*outputs):
    return [
        ParityRecord(
            row_id=f"r{n}",
            prompt=[PromptMessage(role="user", content=f"q{n}")],
            prompt_ids=[1],
            output_ids=[2],
            output=output,
            log_probabilities=[0.0],
        )
        for n, output in enumerate(outputs)
    ]


def test_a_model_that_answers_and_whose_loss_fell_has_learned() -> None:
    found = judge(_loop(), _records("a0", "a1", "a2", "a3"))
    assert (found.code, found.warns) == (VerdictCode.LEARNED, False)
    assert found.parameters == {"loss": 2.0, "base_loss": 6.0}


def test_a_loss_far_above_the_base_has_diverged_and_the_usual_rate_is_the_fix() -> None:
    found = judge(_loop(loss=47.0, learning_rate=1.0), _records(*["order"] * 4))
    assert (found.code, found.warns) == (VerdictCode.DIVERGED, True)
    assert found.fix.recipe == {"learning_rate": USUAL}
    lower = judge(_loop(loss=47.0), [])
    assert lower.fix.recipe == {"learning_rate": USUAL / 4}


def test_a_loss_near_the_base_has_taught_nothing() -> None:
    found = judge(_loop(loss=5.99, learning_rate=1e-7), _records("a", "b", "c", "d"))
    assert found.code == VerdictCode.NOTHING_LEARNED
    assert found.fix.recipe == {"learning_rate": USUAL}
    assert judge(_loop(loss=5.8), _records("a", "b")).code == VerdictCode.LEARNED


def test_empty_and_constant_answers_are_told() -> None:
    assert judge(_loop(), _records("", " ", "\n", "")).code == VerdictCode.EMPTY_ANSWERS
    constant = judge(_loop(), _records(*["the the"] * 4))
    assert constant.code == VerdictCode.CONSTANT_ANSWERS
    assert constant.parameters == {"rows": 4, "answer": "the the"}
    assert judge(_loop(), _records("the the", "the the")).code == VerdictCode.LEARNED, "too few to tell"


def test_a_classifier_must_beat_the_most_frequent_label() -> None:
    labels = [0] * 7 + [1] * 3
    found = judge(_loop(Family.CLASSIFIER, base=0.7, loss=0.6, accuracy=0.7, labels=labels), [])
    assert found.code == VerdictCode.MOST_FREQUENT_LABEL
    assert found.parameters == {"label": "spam", "accuracy": 0.7, "share": 0.7, "rows": 10}
    diverged = _loop(Family.CLASSIFIER, base=0.7, loss=30.0, accuracy=0.3, labels=labels)
    assert judge(diverged, []).code == VerdictCode.DIVERGED
    one_label = _loop(Family.CLASSIFIER, base=0.7, loss=0.1, accuracy=1.0, labels=[0] * 5)
    assert judge(one_label, []).code == VerdictCode.LEARNED, "nothing else could be said"


@pytest.mark.parametrize("rows", [43, 400, 3000])
@pytest.mark.parametrize("share", [0.442, 0.8])
def test_a_gain_over_the_most_frequent_label_must_be_significant(rows: int, share: float) -> None:
    """The least number of right labels that counts as learned is the first whose exact p-value is below the level."""
    most = round(rows * share)
    labels = [0] * most + [1 + row % 2 for row in range(rows - most)]
    least = next(
        right
        for right in range(most, rows + 1)
        if binomtest(right, rows, most / rows, "greater").pvalue < SIGNIFICANCE_LEVEL
    )
    for right, code in ((least, VerdictCode.LEARNED), (least - 1, VerdictCode.MOST_FREQUENT_LABEL)):
        loop = _loop(
            Family.CLASSIFIER, base=0.7, loss=0.6, accuracy=right / rows, labels=labels, names=("a", "b", "c")
        )
        assert judge(loop, []).code == code


def test_one_row_above_the_most_frequent_label_is_told_apart_from_none_above_it() -> None:
    labels = [0] * 19 + [1] * 24
    found = judge(_loop(Family.CLASSIFIER, base=0.7, loss=0.6, accuracy=25 / 43, labels=labels), [])
    assert (found.code, found.warns) == (VerdictCode.MOST_FREQUENT_LABEL, True)
    shown = verdict_text({"verdict": json.loads(found.model_dump_json())})
    assert shown.badge == "No significant gain"
    assert shown.headline == (
        "The model is not significantly better than always answering “ham”: it classifies 58.1 % of the 43 validation "
        "rows correctly, and that label alone makes up 55.8 %."
    )
    equal = judge(_loop(Family.CLASSIFIER, base=0.7, loss=0.6, accuracy=24 / 43, labels=labels), [])
    assert "no better than always" in verdict_text({"verdict": json.loads(equal.model_dump_json())}).headline


def test_too_few_rows_for_any_significant_result_are_not_held_against_a_model() -> None:
    labels = [0] * 3 + [1]
    for right, code in ((4, VerdictCode.LEARNED), (3, VerdictCode.MOST_FREQUENT_LABEL)):
        found = judge(_loop(Family.CLASSIFIER, base=0.7, loss=0.6, accuracy=right / 4, labels=labels), [])
        assert found.code == code


def _classifier(base, loss, accuracy=0.8, base_accuracy=0.7, **more):
    return _loop(
        Family.CLASSIFIER, base=base, loss=loss, accuracy=accuracy, base_accuracy=base_accuracy, **more
    )


def test_the_loss_of_a_sure_classifier_may_rise_a_little() -> None:
    labels = [0] * 70 + [1] * 30
    found = judge(_classifier(0.7, 0.9, labels=labels), [])
    assert found.code == VerdictCode.LEARNED
    shown = verdict_text({"verdict": found.model_dump(mode="json")}).headline
    assert shown == "The model has learned: it classifies 80.0 % of the validation rows correctly."
    assert judge(_classifier(0.7, 47.0, labels=labels), []).code == VerdictCode.DIVERGED, "one row too few"
    worse = _classifier(0.2, 0.9, base_accuracy=0.9, labels=labels)
    assert judge(worse, []).code == VerdictCode.DIVERGED, "it got worse in both"
    same = _classifier(0.2, 0.9, base_accuracy=0.8, labels=labels)
    assert judge(same, []).code == VerdictCode.NOTHING_LEARNED


def test_what_guessing_costs_bounds_the_loss() -> None:
    """With many labels guessing costs more, and so may a sure model."""
    rows = [0] * 50 + [1] * 50
    assert judge(_classifier(0.7, 6.0, labels=rows), []).code == VerdictCode.DIVERGED
    many = [str(number) for number in range(50)]
    assert judge(_classifier(3.9, 6.0, labels=rows, names=many), []).code == VerdictCode.LEARNED


@pytest.mark.parametrize("loss", [47.0, 1.0, math.inf, math.nan])
def test_a_classifier_without_validation_rows_can_diverge(loss) -> None:
    loop = _classifier(0.7, loss)
    loop.state = TrainingState(step=60, first_loss=0.7, train_loss=loss)
    loop.data = TrainingData(loop.data.train, [], [])
    found = judge(loop, [])
    assert (found.code, found.warns) == (VerdictCode.DIVERGED, True)
    assert "%" not in verdict_text({"verdict": found.model_dump(mode="json")}).headline
    for tame in (0.4, 0.75):
        loop.state.train_loss = tame
        assert judge(loop, []).code == VerdictCode.UNCHECKED


_FIGURE = st.floats(1e-4, 100) | st.just(math.inf)


@given(
    family=st.sampled_from(list(TASKS)),
    base=st.floats(1e-4, 100),
    loss=_FIGURE,
    accuracies=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    has_rows=st.booleans(),
    labels=st.lists(st.sampled_from([0, 1]), min_size=1, max_size=6),
)
def test_only_a_loss_that_fell_is_said_to_have_fallen(
    family, base, loss, accuracies, has_rows, labels
) -> None:
    sorts = family is Family.CLASSIFIER
    before, after = accuracies if sorts else (None, None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(verdict_module, "usual_rate", lambda *_: USUAL)
        loop = _loop(family, base=base, loss=loss, accuracy=after, base_accuracy=before, labels=labels)
        if not has_rows:
            loop.state = TrainingState(step=60, first_loss=base, train_loss=loss)
        found = judge(loop, [] if sorts else _records("a", "b"))
    stored = json.loads(found.model_dump_json())
    for verdict in (stored, stored | {"code": "learned"}):
        text = verdict_text({"verdict": verdict, "validation_accuracy": after})
        if text is not None and "fell" in text.headline:
            assert loss < base
    assert found.warns or loss < base or not has_rows or (sorts and after > before)


def test_every_code_has_words_and_its_parameters_fill_them() -> None:
    assert set(VERDICTS) == set(VerdictCode)
    loops = [
        (_loop(), _records("a", "b")),
        (_loop(loss=47.0), []),
        (_loop(loss=6.0), _records("a", "b")),
        (_loop(), _records("", "")),
        (_loop(), _records(*["x"] * 4)),
        (_loop(Family.CLASSIFIER, base=0.7, loss=0.7, accuracy=0.5, labels=[0, 1]), []),
    ]
    for loop, records in loops:
        found = judge(loop, records)
        words = VERDICTS[found.code]
        assert "%" not in (words.headline % found.parameters).replace("%(", "")
        assert words.advice % found.parameters or not found.warns


@pytest.mark.parametrize("rate", [None, 1.0])
@pytest.mark.parametrize("code", [code for code in VerdictCode if VERDICTS[code].warns])
def test_the_advice_of_a_warning_is_what_its_button_does(code, rate) -> None:
    """A button that lowers the learning rate below the advice to train longer is two answers to one question."""
    fix = Fix(label=f"Train with learning rate {rate}", recipe={"learning_rate": rate}) if rate else None
    advice = Verdict(code=code, fix=fix).words.advice
    assert ("learning rate" in advice) == (rate is not None or code is VerdictCode.DIVERGED)
    assert rate is None or "longer" not in advice


@given(
    steps=st.integers(1, 10**6),
    planned=st.integers(1, 10**6),
    ending=st.sampled_from(get_args(RunEnding)),
    has_learned=st.booleans(),
)
def test_every_verdict_says_what_share_of_the_plan_was_seen(steps, planned, ending, has_learned) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(verdict_module, "usual_rate", lambda *_: USUAL)
        loop = _loop(loss=2.0 if has_learned else 5.99)
        planned = steps if ending == "finished" else max(steps, planned)
        loop.steps, loop.state.step = planned, steps
        found = judge(loop, [], ending)
    text = verdict_text({"verdict": json.loads(found.model_dump_json())})
    assert text.warns is not has_learned
    assert found.plan.share == steps / planned
    if found.plan.share < 1:
        assert f"after step {steps:,} of {planned:,} (" in str(text.plan)
        assert "(100.0 %)" not in str(text.plan)
        assert "(0.0 %)" not in str(text.plan)
    else:
        assert str(text.plan) == f"The run finished all planned steps ({planned:,})."
    assert text.summary == f"{text.headline} {text.plan}"


@pytest.mark.training
def test_a_real_run_at_learning_rate_one_says_that_it_diverged(make_spec, recording) -> None:
    result = run(make_spec(Family.CAUSAL, learning_rate=1.0, max_steps=12), recording())
    assert result.verdict.warns
    assert result.verdict.code in (
        VerdictCode.DIVERGED,
        VerdictCode.EMPTY_ANSWERS,
        VerdictCode.CONSTANT_ANSWERS,
    )
    assert result.verdict.fix.recipe["learning_rate"] <= USUAL
    good = run(make_spec(Family.CAUSAL, name="good", max_steps=40), recording())
    assert (good.verdict.warns, good.planned_steps) == (False, 40)
    assert good.verdict.plan == PlanProgress(steps=40, planned_steps=40, ending="finished")
    assert good.verdict.parameters["base_loss"] == good.base_loss > good.validation_loss


def test_an_accuracy_without_labels_is_judged_by_loss_and_answers() -> None:
    """A preference objective counts the pairs that are right; its model still writes text."""
    improved = judge(_loop(accuracy=0.9, base_accuracy=0.5), _records("a0", "a1", "a2", "a3"))
    assert (improved.code, improved.parameters["accuracy"]) == (VerdictCode.LEARNED, 0.9)
    constant = judge(_loop(accuracy=0.9, base_accuracy=0.5), _records(*["the the"] * 4))
    assert constant.code == VerdictCode.CONSTANT_ANSWERS
    risen = judge(_loop(loss=9.0, accuracy=0.9, base_accuracy=0.5), _records("a0", "a1", "a2", "a3"))
    assert risen.code == VerdictCode.DIVERGED
