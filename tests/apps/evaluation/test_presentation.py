"""Verdicts in words, intervals on their axis."""

from types import SimpleNamespace

from apps.evaluation.presentation import (
    best_tuned,
    confusion_table,
    metric_row,
    training_won,
    verdict,
)


def value(middle: float) -> dict[str, float]:
    return {"value": middle, "low": middle - 1, "high": middle + 1}


def result(metric: str, values: dict[str, float], winner: str | None) -> dict:
    compared = {
        "metric": metric,
        "values": {key: value(middle) for key, middle in values.items()},
        "p": dict.fromkeys(values),
        "best": [winner] if winner else list(values),
    }
    return {"metrics": [compared], "deciding_metric": metric, "winner": winner, "rows": 40}


SUBJECTS = [SimpleNamespace(subject_label=name, kind=name) for name in ("base", "tuned", "trivial")]


def test_the_winner_is_named_beside_the_next_best() -> None:
    said = verdict(result("chrf", {"e0": 20, "e1": 60, "e2": 30}, "e1"), SUBJECTS)
    assert said.startswith(
        "“tuned” is significantly better than “trivial” by chrF: 60.0 against 30.0 on 40 rows."
    )


def test_where_lower_is_better_the_next_best_is_the_lowest_of_the_others() -> None:
    said = verdict(result("bits_per_byte", {"e0": 3.0, "e1": 1.0, "e2": 2.0}, "e1"), SUBJECTS)
    assert "better than “trivial” by Bits per byte: 1.000 against 2.000" in said


def test_a_tie_names_those_that_cannot_be_told_apart() -> None:
    said = verdict(result("chrf", {"e0": 20, "e1": 21}, None), SUBJECTS)
    assert "the difference in chrF is not significant: “base” (20.0), “tuned” (21.0)" in said


def kinds(*names: str) -> list[SimpleNamespace]:
    return [SimpleNamespace(kind=name) for name in names]


def test_of_several_tuned_models_the_best_is_offered() -> None:
    several = kinds("base", "tuned", "tuned", "trivial")
    assert best_tuned(result("chrf", {"e0": 20, "e1": 40, "e2": 60, "e3": 90}, None), several) == 2
    assert best_tuned(result("bits_per_byte", {"e0": 9, "e1": 2, "e2": 3, "e3": 1}, None), several) == 1
    assert best_tuned(result("chrf", {"e0": 20, "e1": 40}, None), kinds("base", "trivial")) is None


def test_training_has_won_when_only_tuned_models_are_among_the_best() -> None:
    def won(best: list[str]) -> bool:
        made = result("chrf", {"e0": 20, "e1": 60, "e2": 61}, None)
        made["metrics"][0]["best"] = best
        return training_won(made, kinds("base", "tuned", "tuned"))

    assert won(["e2"])
    assert won(["e2", "e1"])
    assert not won(["e2", "e0"])
    assert not won([])


def test_intervals_lie_on_the_axis() -> None:
    row = metric_row("chrf", [("base", "b", value(0)), ("tuned", "t", value(100))], {1: 0.04}, {1})
    assert (row.cells[0].left, row.cells[1].point) == (0, 100)
    assert all(0 <= cell.left <= cell.left + cell.width <= 101 for cell in row.cells)
    assert (row.cells[1].is_best, row.cells[1].is_significant, row.cells[0].is_significant) == (
        True,
        True,
        False,
    )
    lower = metric_row("perplexity", [("base", "b", value(0.0)), ("tuned", "t", value(0.0))], {}, set())
    assert lower.better == "Lower is better."


def test_the_confusion_matrix_is_shaded_by_row() -> None:
    table = confusion_table({"labels": ["a", "b"], "confusion": [[3, 1], [0, 0]]})
    drawn = [(label, [(c.count, c.tenth, c.is_right) for c in cells], total) for label, cells, total in table]
    assert drawn == [("a", [(3, 8, True), (1, 2, False)], 4), ("b", [(0, 0, False), (0, 0, True)], 0)]
    assert table[0][1][1].query == "expected=a&predicted=b"


def test_large_figures_are_shown_with_their_magnitude() -> None:
    row = metric_row("perplexity", [("base", "b", value(677.3)), ("tuned", "t", value(7.7e15))], {}, set())
    assert [cell.value for cell in row.cells] == ["677.30", "7.70e+15"]
    assert row.cells[1].interval == "7.70e+15 – 7.70e+15"
