"""What pre-flight has to say about the rows and the recipe, before anything is started."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from workers.contracts.job_kinds.preflight import Finding
from workers.contracts.recipes import Recipe
from workers.contracts.specs import Split
from workers.models.loading import LoadedModel
from workers.models.prompts import Example
from workers.training.automatic import TokenCounts, batch_rows, is_far_rate, usual_rate
from workers.training.data import Row
from workers.training.encoding import Encoded

FEWEST_ROWS = 8
_ECHO_SHARE = 0.05
"""Share of rows that only repeat their question from which the columns are questioned."""


@dataclass(frozen=True)
class Counted:
    """The training rows as they would be trained on, the `watched` validation rows, and the tokens of every training row,
    uncut."""

    train: Encoded
    watched: Sequence[Example]
    uncut: TokenCounts


def row_findings(
    loaded: LoadedModel, recipe: Recipe, counted: Counted, splits: Mapping[Split, Collection[Row]]
) -> list[Finding]:
    """Too few rows, rows that teach nothing or lose their end, answers that repeat the question, no validation rows."""
    rows = counted.train.rows
    longest = max(counted.uncut.inputs)
    fits = longest <= loaded.manifest.context_length
    longer = {"max_length": longest} if fits and longest > (recipe.max_length or 0) else {}
    findings = []
    if rows < FEWEST_ROWS:
        message = f"There are too few training rows ({rows}); at least {FEWEST_ROWS} are needed. Add rows to the dataset."
        findings.append(Finding(blocks=True, message=message))
    findings += _unlearnable(rows, counted.train.unlearnable, longer)
    texts = counted.uncut.inputs.total()
    if texts < rows:
        limit = recipe.max_length or 0
        longer_than = sum(count for length, count in counted.uncut.inputs.items() if length > limit)
        message = f"{longer_than} of {texts} texts are longer than {recipe.max_length} tokens. They are divided into windows of that length ({rows} in all), so that all of their text is learned."
        findings.append(Finding(blocks=False, message=message))
    if counted.train.cut:
        message = f"{counted.train.cut} of {rows} rows are longer than {recipe.max_length} tokens and will lose their end."
        findings.append(Finding(blocks=False, message=message, fix=longer))
    echoes = sum(map(_repeats_its_question, splits["train"]))
    if echoes and echoes >= _ECHO_SHARE * len(splits["train"]):
        message = f"In {echoes} of {len(splits['train'])} rows the answer repeats the question. Check which column is which."
        findings.append(Finding(blocks=False, message=message))
    if not splits["validation"]:
        message = (
            "There are no validation rows: early stopping and keeping the best model have nothing to go by."
        )
        findings.append(Finding(blocks=False, message=message))
    return findings


def _unlearnable(rows: int, unlearnable: int, longer: dict[str, int]) -> list[Finding]:
    """Rows that teach nothing are left out; only when no other row remains does that stop the run."""
    if not unlearnable:
        return []
    advice = "Raise the longest row." if longer else "Shorten these rows' inputs or fill in their answers."
    if unlearnable == rows:
        message = (
            f"None of the {rows} rows has anything to learn: their answers are empty or cut off. {advice}"
        )
        return [Finding(blocks=True, message=message, fix=longer)]
    message = f"{unlearnable} of {rows} rows are left out: their answers are empty or cut off, so nothing can be learned from them. {advice}"
    return [Finding(blocks=False, message=message, fix=longer)]


def _repeats_its_question(row: Row) -> bool:
    question = row.messages[-1].content.strip().casefold() if row.messages else ""
    return bool(question) and question == row.target.strip().casefold()


def recipe_findings(given: Recipe, recipe: Recipe, loaded: LoadedModel, counted: Counted) -> list[Finding]:
    """A learning rate far from the usual one, and a step as large as the data; of what was set by hand alone."""
    findings = []
    usual = usual_rate(loaded, recipe)
    rate = given.learning_rate
    if rate is not None and is_far_rate(rate, usual):
        if rate > usual:
            message = f"The learning rate {rate:g} is {rate / usual:.0f} times the usual one for this base ({usual:g}). Training may diverge."
        else:
            message = f"The learning rate {rate:g} is {usual / rate:.0f} times smaller than the usual one for this base ({usual:g}). The model may learn too little."
        findings.append(Finding(blocks=False, message=message, fix={"learning_rate": usual}))
    rows = len(counted.train.examples)
    if given.batch_rows and rows >= FEWEST_ROWS and given.batch_rows >= rows:
        message = f"One step reads {given.batch_rows} rows, and there are only {rows}: each epoch is a single step. Choose fewer rows per step."
        findings.append(Finding(blocks=False, message=message, fix={"batch_rows": batch_rows(rows)}))
    return findings
