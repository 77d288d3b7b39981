"""Pre-flight measures a run where it holds the most."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from workers.contracts.families import Family
from workers.contracts.recipes import Batching, Recipe, StarterSize
from workers.models.prompts import IGNORED, Example
from workers.models.starters import create_starter
from workers.training import estimates
from workers.training.checkpoints import Checkpoints, TrainingState, Validation
from workers.training.data import Order
from workers.training.loop import total_steps
from workers.training.objectives import Objective, create_objective
from workers.training.optimizer import Optimizer

from .conftest import LABELS, TASKS

ROWS = 120


def _loaded(family: Family):
    labels = LABELS if family is Family.CLASSIFIER else []
    return create_starter(
        ["one two three"] * 9,
        family=family,
        size=StarterSize.TINY,
        task_type=TASKS[family],
        labels=labels,
        seed=1,
        device=torch.device("cpu"),
    )


def _examples(family: Family, longest: int) -> list[Example]:
    """Rows of random lengths, and one that is three times as long."""
    chosen = random.Random(3)
    examples = []
    for number in range(ROWS):
        length = 3 * longest if number == 77 else chosen.randint(4, longest)
        ids = [7] * length
        answers = {
            Family.CAUSAL: [IGNORED] * (length // 2) + ids[length // 2 :],
            Family.SEQ2SEQ: ids[: length // 2],
            Family.CLASSIFIER: [0],
        }
        examples.append(Example(ids, answers[family]))
    return examples


def _sizes(objective: Objective, recipe: Recipe, examples: list[Example]) -> list[list[int]]:
    """Of the groups of every step of all epochs."""
    order = Order(len(examples), recipe.batch_rows, recipe.seed)
    steps = (
        [examples[index] for index in order.step(number)] for number in range(total_steps(recipe, order))
    )
    return [[objective.size(group) for group in objective.microbatches(rows)] for rows in steps]


@pytest.mark.parametrize("batching", [Batching.AUTO, Batching.LENGTH_GROUPING])
@pytest.mark.parametrize("family", list(TASKS))
def test_the_group_with_the_most_tokens_of_a_run_is_measured(family: Family, batching: Batching) -> None:
    recipe = Recipe(batch_rows=8, tokens_per_microbatch=200, batching=batching, epochs=3)
    objective, examples = create_objective(_loaded(family), recipe), _examples(family, 60)
    groups = estimates._groups(objective, recipe, examples, examples[:40])
    step_sizes = _sizes(objective, recipe, examples)
    measured = [objective.size(group) for group in groups.fullest]
    # Groups that learn more weigh more, by a little.
    assert max(measured) >= 0.8 * max(size for sizes in step_sizes for size in sizes)
    assert any(set(measured) <= set(sizes) for sizes in step_sizes), "they are of one step"
    assert len(measured) in (2, 3), (
        "not alone: a run holds gradients already when it meets it, or meets more after it"
    )
    assert objective.size(groups.smallest) == min(size for sizes in step_sizes for size in sizes)
    assert objective.size(groups.validated) >= 0.8 * max(
        map(objective.size, objective.microbatches(examples[:40]))
    )


def test_a_step_of_one_group_is_measured_without_gradients_of_another() -> None:
    recipe = Recipe(batch_rows=4, tokens_per_microbatch=2048)
    objective, examples = (
        create_objective(_loaded(Family.CAUSAL), recipe),
        _examples(Family.CAUSAL, 60),
    )
    assert len(estimates._groups(objective, recipe, examples, []).fullest) == 1


def test_the_longest_row_is_found_beyond_the_steps_that_are_searched(monkeypatch) -> None:
    monkeypatch.setattr(estimates, "_MOST_SEARCHED_STEPS", 1)
    recipe = Recipe(batch_rows=4, tokens_per_microbatch=64)
    objective, examples = (
        create_objective(_loaded(Family.CAUSAL), recipe),
        _examples(Family.CAUSAL, 40),
    )
    groups = estimates._groups(objective, recipe, examples, [])
    assert max(map(objective.size, groups.fullest)) >= 120


@pytest.fixture
def kept(tmp_path: Path) -> Callable[..., tuple[Checkpoints, Optimizer]]:
    def make(name: str, **options: bool) -> tuple[Checkpoints, Optimizer]:
        return Checkpoints(tmp_path / name, **options), Optimizer(_loaded(Family.CLASSIFIER).model, Recipe())

    return make


def test_the_best_weights_are_kept_in_one_copy(kept) -> None:
    checkpoints, optimizer = kept("checkpoints")
    checkpoints.keep_best(optimizer)
    places = {name: weight.data_ptr() for name, weight in checkpoints.best.items()}
    with torch.no_grad():
        for weight in optimizer.weights.values():
            weight += 1
    assert not any(weight.equal(checkpoints.best[name]) for name, weight in optimizer.weights.items())
    checkpoints.keep_best(optimizer)
    assert all(weight.equal(checkpoints.best[name]) for name, weight in optimizer.weights.items())
    assert {name: weight.data_ptr() for name, weight in checkpoints.best.items()} == places


def test_no_best_weights_are_copied_where_the_last_ones_are_the_result(kept) -> None:
    state = TrainingState(step=2, best_step=1, best=Validation(loss=1.0))
    with_best, optimizer = kept("with")
    with_best.keep_best(optimizer)
    earlier = with_best.save(state, optimizer)
    assert (earlier / "best.safetensors").exists()
    without, optimizer = kept("without", keeps_best=False)
    without.keep_best(optimizer)
    assert without.best is None
    assert not (without.save(state, optimizer) / "best.safetensors").exists()
    # Also where an earlier release left them in the checkpoint.
    assert without.load(earlier, optimizer) == state
    assert without.best is None


def test_a_checkpoint_is_read_whole_and_not_mapped(kept) -> None:
    checkpoints, optimizer = kept("checkpoints")
    checkpoints.keep_best(optimizer)
    state = TrainingState(step=2, best_step=1, best=Validation(loss=1.0))
    for weight in optimizer.weights.values():
        weight.grad = torch.ones_like(weight)
    optimizer.step(0.1)
    folder = checkpoints.save(state, optimizer)
    again, fresh = kept("again")
    assert again.load(folder, fresh) == state
    assert str(folder) not in Path("/proc/self/maps").read_text()
    for name, weight in optimizer.weights.items():
        assert weight.equal(fresh.weights[name])
        assert again.best[name].equal(checkpoints.best[name])
        assert not again.best[name].equal(weight)
    for name, moment in optimizer.moments().items():
        assert moment.equal(fresh.moments()[name])
