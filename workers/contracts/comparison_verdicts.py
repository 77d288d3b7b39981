"""What a comparison says in words: the same sentences on pages, in the API and in logs."""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from workers.contracts.i18n import gettext_noop as _
from workers.contracts.job_kinds.comparison import ComparedMetric
from workers.contracts.metrics import METRICS, Direction

_WINNER = _(
    "“%(winner)s” is significantly better than “%(next)s” by %(metric)s: %(value)s against %(other)s on %(rows)s rows."
)
_NO_WINNER = _("On %(rows)s rows, the difference in %(metric)s is not significant: %(names)s.")
_BASELINE_WINS = _("No model beats this simple baseline. Train longer, or add more and more varied rows.")
_BASELINE_TIES = _(
    "“%(baseline)s”, a simple baseline, does as well as the best model. A trained model adds nothing measurable here."
)
_MORE_ROWS = _("More test rows are needed to find out which is better.")


class Subject(NamedTuple):
    """A compared evaluation; `kind` is base, tuned or trivial."""

    label: str
    kind: str


def _listed(names: Iterable[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


def verdict(
    decided: ComparedMetric,
    subjects: Mapping[str, Subject],
    rows: int,
    *,
    translate: Callable[[str], str] = str,
    listed: Callable[[Iterable[str]], str] = _listed,
) -> str:
    """Say who is best by the deciding metric and whether a simple baseline does as well, in one or two sentences.

    `subjects` by key; `rows` where the comparison does not say how many each evaluation answered.
    """
    info = METRICS[decided.metric]
    sign = 1 if info.direction is Direction.LOWER else -1
    ranked = sorted(decided.values, key=lambda key: sign * decided.values[key].value)
    values = {key: f"{value.value:.{info.decimals}f}" for key, value in decided.values.items()}
    tied = decided.best or ranked
    named = tied if len(tied) > 1 else ranked[:2]
    common = min((decided.rows.get(key, rows) for key in named), default=rows)
    facts = {"metric": translate(info.label), "rows": f"{common:,}"}
    if len(tied) == 1:
        best, second = tied[0], next(key for key in ranked if key != tied[0])
        facts |= {"winner": subjects[best].label, "next": subjects[second].label}
        facts |= {"value": values[best], "other": values[second]}
        sentences = [_WINNER] + [_BASELINE_WINS] * (subjects[best].kind == "trivial")
    else:
        facts["names"] = listed(f"“{subjects[key].label}” ({values[key]})" for key in tied)
        baseline = next((subjects[key].label for key in tied if subjects[key].kind == "trivial"), "")
        facts["baseline"] = baseline
        sentences = [_NO_WINNER, _BASELINE_TIES if baseline else _MORE_ROWS]
    return " ".join(translate(sentence) % facts for sentence in sentences)
