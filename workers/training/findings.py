"""What pre-flight has to say about the rows and the recipe, before anything is started."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from workers.contracts.job_kinds.preflight import Finding
from workers.contracts.recipes import Recipe
from workers.contracts.specs import Split
from workers.contracts.texts import Text
from workers.models.loading import LoadedModel
from workers.models.prompts import Example
from workers.training.automatic import TokenCounts, batch_rows, is_far_rate, usual_rate
from workers.training.data import Row
from workers.training.encoding import Encoded
from workers.training.objectives import objective_for

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
        message = Text("training.too_few_rows", rows=rows, least=FEWEST_ROWS)
        findings.append(Finding(blocks=True, message=message))
    findings += _unlearnable(rows, counted.train.unlearnable, longer)
    texts = counted.uncut.inputs.total()
    if objective_for(loaded, recipe).fills_rows:
        message = Text("training.documents_packed", documents=texts, blocks=rows, tokens=recipe.max_length)
        findings.append(Finding(blocks=False, message=message))
    elif texts < rows:
        limit = recipe.max_length or 0
        longer_than = sum(count for length, count in counted.uncut.inputs.items() if length > limit)
        message = Text(
            "training.texts_divided", longer=longer_than, texts=texts, tokens=recipe.max_length, windows=rows
        )
        findings.append(Finding(blocks=False, message=message))
    if counted.train.cut:
        message = Text("training.rows_cut", cut=counted.train.cut, rows=rows, tokens=recipe.max_length)
        findings.append(Finding(blocks=False, message=message, fix=longer))
    echoes = sum(map(_repeats_its_question, splits["train"]))
    if echoes and echoes >= _ECHO_SHARE * len(splits["train"]):
        message = Text("training.answers_repeat_questions", count=echoes, rows=len(splits["train"]))
        findings.append(Finding(blocks=False, message=message))
    if not splits["validation"]:
        message = Text("training.no_validation_rows")
        findings.append(Finding(blocks=False, message=message))
    return findings


def _unlearnable(rows: int, unlearnable: int, longer: dict[str, int]) -> list[Finding]:
    """Rows that teach nothing are left out; only when no other row remains does that stop the run."""
    if not unlearnable:
        return []
    advice = Text("training.advice_longest_row") if longer else Text("training.advice_shorten_rows")
    if unlearnable == rows:
        message = Text("training.nothing_learnable", rows=rows, advice=advice)
        return [Finding(blocks=True, message=message, fix=longer)]
    message = Text("training.rows_unlearnable", count=unlearnable, rows=rows, advice=advice)
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
            message = Text("training.rate_high", rate=rate, times=rate / usual, usual=usual)
        else:
            message = Text("training.rate_low", rate=rate, times=usual / rate, usual=usual)
        findings.append(Finding(blocks=False, message=message, fix={"learning_rate": usual}))
    rows = len(counted.train.examples)
    if given.batch_rows and rows >= FEWEST_ROWS and given.batch_rows >= rows:
        message = Text("training.one_step_per_epoch", batch_rows=given.batch_rows, rows=rows)
        findings.append(Finding(blocks=False, message=message, fix={"batch_rows": batch_rows(rows)}))
    return findings
