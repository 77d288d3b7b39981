"""Objectives on pairs: their losses, what they learn, and that an interrupted run ends with the same weights."""

import json
import math
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from workers.contracts.families import Family
from workers.contracts.job_kinds.preflight import PreflightSpec
from workers.contracts.job_kinds.run import RunSpec
from workers.contracts.objectives import OBJECTIVES
from workers.contracts.recipes import Length, Precision, Recipe, StarterBase, StarterSize, Tuning
from workers.contracts.roles import Role
from workers.contracts.verdicts import VerdictCode
from workers.models.loading import load_folder
from workers.runtime.reporter import JobError
from workers.training.objectives import create_objective
from workers.training.objectives.dpo import LOSSES
from workers.training.objectives.orpo import log_odds
from workers.training.objectives.pairs import Pair, PreferenceObjective
from workers.training.preflight import preflight
from workers.training.run import run

from .conftest import COLOURS, THINGS, Recording, add_rejected, write_rows

PAIRED = [info.name for info in OBJECTIVES.values() if Role.REJECTED in info.roles]
RATES = {"dpo": 3e-4, "simpo": 3e-4, "orpo": 3e-3}
ENDINGS = ("indeed", "never")
"""What answers end with: the first is preferred."""


def asked(number: int) -> tuple[str, list[tuple[str, str]], str]:
    chosen = random.Random(number)
    colour, thing = chosen.choice(sorted(COLOURS)), chosen.choice(sorted(THINGS))
    split = ("train", "train", "train", "validation", "test")[number % 5]
    return (
        split,
        [("user", f"the {colour} {thing}" + " please" * chosen.randrange(6))],
        f"le {THINGS[thing]} {COLOURS[colour]}",
    )


def write_answers(folder: Path, count: int = 100) -> Path:
    """Answers with either ending, as a base model gives them."""
    rows = [asked(number) for number in range(count)]
    return write_rows(
        folder,
        [
            (split, talk, f"{answer} {ENDINGS[number % 2]}")
            for number, (split, talk, answer) in enumerate(rows)
        ],
    )


def write_pairs(folder: Path, count: int = 100) -> Path:
    """Pairs of answers that differ in their ending alone."""
    rows = [asked(number) for number in range(count)]
    write_rows(folder, [(split, talk, f"{answer} {ENDINGS[0]}") for split, talk, answer in rows])
    return add_rejected(folder, lambda target: target.replace(*ENDINGS))


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model that gives answers with either ending."""
    folder = tmp_path_factory.mktemp("base")
    recipe = Recipe(
        max_steps=60, epochs=50, batch_rows=16, validation_rounds=1, sample_rows=0, precision=Precision.FP32
    )
    spec = RunSpec(
        inputs={"data": str(write_answers(folder / "data"))},
        work=str(folder),
        task_type="chat",
        base=StarterBase(family=Family.CAUSAL, size=StarterSize.TINY),
        recipe=recipe,
    )

    run(spec, Recording())
    return folder / "out"


@pytest.fixture
def pairs_spec(make_spec: Callable[..., RunSpec], base: Path, tmp_path: Path) -> Callable[..., RunSpec]:
    """A short run on pairs, from a base that has learned to answer."""
    data = write_pairs(tmp_path / "pairs")

    def build(
        objective: str | dict[str, Any], *, inputs: dict[str, str] | None = None, **recipe: Any
    ) -> RunSpec:
        kind = objective if isinstance(objective, str) else objective["kind"]
        settings = {"learning_rate": RATES[kind], "objective": objective, **recipe}
        given = {"data": str(data), "base": str(base), **(inputs or {})}
        return make_spec(Family.CAUSAL, inputs=given, **settings)

    return build


def figures(reporter: Any, name: str) -> list[float]:
    return [event.values[name] for event in reporter.of("metric") if name in event.values]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("sigmoid", -math.log(1 / (1 + math.exp(-0.5 * 3)))),
        ("ipo", (3 - 1 / (2 * 0.5)) ** 2),
        ("hinge", 0.0),
        ("apo_zero", 1 - 1 / (1 + math.exp(-0.5)) + 1 / (1 + math.exp(1.0))),
        ("apo_down", 1 / (1 + math.exp(-0.5)) + 1 - 1 / (1 + math.exp(-1.5))),
    ],
)
def test_losses_are_those_of_the_papers(name: str, expected: float) -> None:
    chosen, rejected = torch.tensor([1.0]), torch.tensor([-2.0])
    assert float(LOSSES[name](chosen, rejected, 0.5, 0.0)) == pytest.approx(expected, abs=1e-6)
    same = torch.tensor([0.7])
    start = {"sigmoid": math.log(2), "ipo": 1.0, "hinge": 1.0, "apo_zero": 1.0}
    if name in start:
        assert float(LOSSES[name](same, same, 0.5, 0.0)) == pytest.approx(start[name], abs=1e-6)


def test_label_smoothing_is_the_share_of_swapped_pairs() -> None:
    chosen, rejected = torch.tensor([1.5]), torch.tensor([0.3])
    right, swapped = (
        float(LOSSES["sigmoid"](*pair, 0.4, 0.0)) for pair in ((chosen, rejected), (rejected, chosen))
    )
    assert float(LOSSES["sigmoid"](chosen, rejected, 0.4, 0.1)) == pytest.approx(0.9 * right + 0.1 * swapped)


def test_odds_of_a_probability() -> None:
    share = torch.tensor([0.2, 0.5, 0.9])
    assert log_odds(share.log()).tolist() == pytest.approx((share / (1 - share)).log().tolist(), abs=1e-4)
    assert torch.isfinite(log_odds(torch.tensor([0.0])))


def test_likelihoods_are_those_of_single_answers(pairs_spec, base):
    recipe = Recipe(objective="dpo", tokens_per_microbatch=64)
    examples = [
        Pair([3, 5, 6, 7], [-100, -100, 6, 7], False, [3, 5, 8], [-100, -100, 8]),
        Pair([4, 9, 2], [-100, 9, 2], False, [4, 9, 2, 7, 7], [-100, -100, -100, 7, 7]),
    ]
    found = {}
    for batching in ("packing", "padding"):
        loaded = load_folder(base)
        objective = create_objective(loaded, recipe.model_copy(update={"batching": batching}))
        assert isinstance(objective, PreferenceObjective)
        said = objective.likelihoods(examples)
        assert said.chosen_tokens.tolist() == [2, 2]
        assert said.rejected_tokens.tolist() == [1, 2]
        found[batching] = [*said.chosen.tolist(), *said.rejected.tolist()]
    assert found["packing"] == pytest.approx(found["padding"], abs=1e-4)
    ids = torch.tensor([[3, 5, 6, 7]])
    logits = loaded.model(ids).logits[0].log_softmax(-1)
    assert found["padding"][0] == pytest.approx(float(logits[1, 6] + logits[2, 7]), abs=1e-4)


@pytest.mark.training
@pytest.mark.parametrize("name", PAIRED)
def test_a_model_learns_to_prefer_on_rows_that_it_never_saw(name, pairs_spec, recording):
    spec, reporter = pairs_spec(name, max_steps=40, keep_best=False), recording()
    result = run(spec, reporter)
    accuracy, margins = figures(reporter, "reward_accuracy"), figures(reporter, "reward_margin")
    assert accuracy[-1] >= 0.9
    assert margins[-1] > max(0.0, 0.9 * margins[0])
    assert result.verdict is not None
    assert result.verdict.code is VerdictCode.LEARNED
    assert result.verdict.parameters["reward_accuracy"] == accuracy[-1]
    loaded = load_folder(Path(spec.work) / "out")
    assert loaded.manifest.task_type == "chat"
    records = json.loads((Path(spec.work) / "out" / "parity.json").read_text())
    endings = [record["output"].split()[-1] for record in records if record["output"].split()]
    assert sum(ending == ENDINGS[0] for ending in endings) >= 0.8 * len(records)


@pytest.mark.training
@pytest.mark.parametrize("loss", LOSSES)
def test_every_loss_of_dpo_raises_the_margin(loss, pairs_spec, recording):
    reporter = recording()
    # So that the pairs cannot be learned by heart at once.
    run(pairs_spec({"kind": "dpo", "loss": loss}, max_steps=20), reporter)
    assert figures(reporter, "reward_accuracy")[-1] >= 0.8
    losses = figures(reporter, "validation_loss")
    assert losses[-1] < losses[0]


@pytest.mark.training
@pytest.mark.parametrize("tuning", list(Tuning))
@pytest.mark.parametrize("name", PAIRED)
def test_a_resumed_run_on_pairs_ends_with_the_same_bits(name, tuning, pairs_spec, recording, tmp_path):
    whole = pairs_spec(name, tuning=tuning, dropout=0.1)
    whole.work = str(tmp_path / "whole")
    run(whole, recording())

    class CutOff(recording):
        def emit(self, event):
            super().emit(event)
            if event.type == "checkpoint" and event.step == 8:
                shutil.copytree(event.path, tmp_path / "kept")
                raise KeyboardInterrupt

    cut = pairs_spec(name, tuning=tuning, dropout=0.1)
    cut.work = str(tmp_path / "cut")
    with pytest.raises(KeyboardInterrupt):
        run(cut, CutOff())
    torch.manual_seed(999)
    rest = pairs_spec(name, tuning=tuning, dropout=0.1, inputs={"checkpoint": str(tmp_path / "kept")})
    rest.work = str(tmp_path / "rest")
    run(rest, recording())
    ends = [load_file(tmp_path / work / "out" / "model.safetensors") for work in ("whole", "rest")]
    assert all(torch.equal(ends[0][weight], ends[1][weight]) for weight in ends[0])


@pytest.mark.training
@pytest.mark.parametrize("name", PAIRED)
def test_the_size_of_a_micro_batch_does_not_change_what_pairs_teach(name, pairs_spec, recording, tmp_path):
    losses = []
    for tokens in (64, 4096):
        spec = pairs_spec(name, tokens_per_microbatch=tokens, max_steps=4)
        spec.work = str(tmp_path / str(tokens))
        reporter = recording()
        run(spec, reporter)
        losses.append(figures(reporter, "validation_loss"))
    assert losses[0] == pytest.approx(losses[1], rel=1e-3)


@pytest.mark.training
def test_data_with_preferences_is_trained_by_the_objective_that_suits_the_base(
    pairs_spec, make_spec, recording
):
    trained = pairs_spec("dpo", max_steps=2)
    trained.recipe.objective = None
    assert run(trained, recording()).recipe.objective == OBJECTIVES["dpo"].options()
    data = {"data": trained.inputs["data"]}
    starter = make_spec(Family.CAUSAL, name="starter", inputs=data, max_steps=2)
    assert run(starter, recording()).recipe.objective == OBJECTIVES["orpo"].options()
    chosen = make_spec(Family.CAUSAL, name="sft", inputs=data, max_steps=2, objective="sft")
    assert run(chosen, recording()).recipe.objective == OBJECTIVES["sft"].options()


@pytest.mark.training
def test_an_objective_on_pairs_needs_pairs_and_a_trained_base(pairs_spec, make_spec, recording):
    with pytest.raises(JobError) as refused:
        run(make_spec(Family.CAUSAL, objective="dpo"), recording())
    assert refused.value.code == "objective_unfit"
    starter = make_spec(Family.CAUSAL, inputs={"data": pairs_spec("dpo").inputs["data"]}, objective="dpo")
    with pytest.raises(JobError) as refused:
        run(starter, recording())
    assert refused.value.code == "objective_unfit"


@pytest.mark.training
def test_a_preflight_counts_both_answers_and_the_pass_of_the_reference(pairs_spec, recording, tmp_path):
    spec = pairs_spec("dpo")
    results = {}
    for kind in ("dpo", "simpo", "sft"):
        asked_for = PreflightSpec(
            inputs=spec.inputs,
            work=str(tmp_path / f"preflight-{kind}"),
            task_type="chat",
            base=spec.base,
            recipe=Recipe(objective=kind, max_steps=10),
            length=Length.QUICK,
        )
        Path(asked_for.work).mkdir()
        results[kind] = preflight(asked_for, recording())
    assert results["dpo"].tokens == results["simpo"].tokens
    assert results["dpo"].tokens > 1.8 * results["sft"].tokens
    assert results["dpo"].disk_bytes > results["simpo"].disk_bytes
    assert not [finding for finding in results["dpo"].findings if finding.blocks]
    assert results["dpo"].recipe.objective == OBJECTIVES["dpo"].options()
