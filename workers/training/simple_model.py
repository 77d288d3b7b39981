"""Compares a trained classifier with TF-IDF and logistic regression, on the validation rows of its run."""

import time
from collections.abc import Collection, Sequence

from scipy.special import bdtr

from workers.contracts.families import Family
from workers.contracts.recipes import Recipe
from workers.contracts.simple_model import SimpleModelComparison
from workers.models.generation import classify
from workers.models.linear import LONGEST_TEXT, classify_linearly
from workers.models.loading import LoadedModel
from workers.training.data import Row, evenly_spaced
from workers.training.objectives import objective_for

_MOST_ROWS, _FEWEST_ROWS = 5_000, 2_000
_MOST_LABEL_ROWS = 200_000
"""Rows times labels."""
_MOST_CHARACTERS = 5_000_000
"""With the two above, what bounds the seconds: 3 to 4 on one core, measured with 77 labels and with 5,000 rows."""


def compare_with_simple_model(
    loaded: LoadedModel, recipe: Recipe, train: Collection[Row], validation: Sequence[Row]
) -> SimpleModelComparison | None:
    """Let both models answer the validation rows. None where the model is no classifier, or nothing can be compared.

    `loaded` is the model as its validation rounds saw it. `train` are the rows that it learned from: the simple model is
    fitted on as many of them as take a few seconds.
    """
    if loaded.family is not Family.CLASSIFIER or not validation:
        return None
    begun = time.monotonic()
    right = _right_answers(loaded, recipe, validation)
    asked = [row for row in validation if row.row_id in right]
    if not asked:
        return None
    known = evenly_spaced(train, _rows_for(train, len(loaded.manifest.labels)))
    answers = classify_linearly(
        [row.input for row in known], [row.target for row in known], [row.input for row in asked]
    )
    pairs = [(right[row.row_id], answer == row.target) for row, answer in zip(asked, answers, strict=True)]
    return SimpleModelComparison(
        rows=len(pairs),
        right=sum(mine for mine, _ in pairs),
        simple_right=sum(simple for _, simple in pairs),
        p_value=exact_paired_p(pairs.count((True, False)), pairs.count((False, True))),
        fitted_rows=len(known),
        training_rows=len(train),
        seconds=time.monotonic() - begun,
    )


def exact_paired_p(only_first: int, only_second: int) -> float:
    """Return the two-sided p-value of McNemar's exact test, from the rows that only one of two models gets right.

    Where both are equally good, each such row is one or the other with probability one half (McNemar 1947; Fagerland, Lydersen
    and Laake 2013, "The McNemar test for binary matched-pairs data").
    """
    differing = only_first + only_second
    return min(1.0, 2 * float(bdtr(min(only_first, only_second), differing, 0.5))) if differing else 1.0


def _right_answers(loaded: LoadedModel, recipe: Recipe, rows: Sequence[Row]) -> dict[str, bool]:
    """Whether the model labels each row correctly, by row id. Rows that it cannot read are left out, as in validation."""
    objective = objective_for(loaded, recipe)
    encoded = objective.encode(rows, loaded, max_length=recipe.max_length, max_target_length=None)
    found = [(row, example) for row, example in zip(rows, encoded, strict=True) if objective.teaches(example)]
    loaded.model.eval()
    read = [example.input_ids for _, example in found]
    answers = classify(loaded, read, batch_tokens=recipe.tokens_per_microbatch or 2048)
    return {
        row.row_id: max(range(len(shares)), key=shares.__getitem__) == example.label_ids[0]
        for (row, example), shares in zip(found, answers, strict=True)
    }


def _rows_for(train: Collection[Row], labels: int) -> int:
    """How many rows the simple model is fitted on."""
    most = min(_MOST_ROWS, max(_FEWEST_ROWS, _MOST_LABEL_ROWS // max(1, labels)))
    characters = sum(min(LONGEST_TEXT, len(row.input)) for row in train)
    return max(1, min(most, len(train) * _MOST_CHARACTERS // max(1, characters)))
