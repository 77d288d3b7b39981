"""Rows of outputs and comparisons: how their lists can be searched, filtered and sorted."""

from functools import partial
from typing import Any

from django.utils.translation import gettext as _

from apps.core.listing import Filter, Listing, Sort
from apps.core.parquet import ParquetRows, local_file
from workers.contracts.tasks import Task

OUTPUTS_NAME, ROWS_NAME = "outputs.parquet", "rows.parquet"
ROWS_A_PAGE = 10
_IN_ORDER = ("line", "row_id")
_TEXTS = ("input", "target")
_SAME = " = ".join(
    rf"regexp_replace(trim(nfc_normalize({column})), '\s+', ' ', 'g')" for column in ("output", "target")
)
"""As exact match compares: white space and Unicode's normal form make no difference."""


def output_rows(key: str) -> ParquetRows:
    """An evaluation's outputs."""
    return ParquetRows(local_file(key, OUTPUTS_NAME))


def compared_rows(key: str) -> ParquetRows:
    """A comparison's rows."""
    return ParquetRows(local_file(key, ROWS_NAME))


def outputs_listing(task: Task, labels: list[str]) -> Listing:
    """The list of an evaluation's outputs; `labels` are those of a classifier."""
    kinds = (
        {"wrong": (_("wrong"), "output <> target"), "right": (_("right"), "output = target")}
        if task.has_labels
        else {
            "different": (_("different from the reference"), f"NOT ({_SAME})"),
            "same": (_("same as the reference"), _SAME),
            "cut": (_("cut at the length limit"), "finish_reason = 'length'"),
        }
    )
    filters = [_by_condition(kinds)]
    if task.has_labels:
        filters += [_by_label("expected", _("Expected"), "target", labels)]
        filters += [_by_label("predicted", _("Predicted"), "output", labels)]
    return Listing(
        searches=(*_TEXTS, "output"),
        sorts=(
            Sort("line", _("Order of the data"), _IN_ORDER),
            Sort("longest", _("Longest input first"), ("length(input) DESC", *_IN_ORDER)),
        ),
        filters=tuple(filters),
        page_size=ROWS_A_PAGE,
    )


def compared_listing(task: Task, labels: list[str], names: list[str]) -> Listing:
    """The list of a comparison's rows; `names` are those of what is compared, the first being what others are better than."""
    outputs = [f'"output.e{place}"' for place in range(len(names))]
    scores = [f'"score.e{place}"' for place in range(len(names))]
    kinds: dict[str, tuple[str, str]] = {}
    if len(names) > 1:
        unequal = " OR ".join(f"{one} IS DISTINCT FROM {outputs[0]}" for one in outputs[1:])
        kinds["unequal"] = _("different outputs"), unequal
    if task.has_labels:
        for place, name in enumerate(names):
            kinds[f"wrong:e{place}"] = (
                _("“%(name)s” is wrong") % {"name": name},
                f"{outputs[place]} <> target",
            )
    for place in range(1, len(names)):
        pair = {"name": names[place], "other": names[0]}
        kinds[f"better:e{place}"] = (
            _("“%(name)s” is better than “%(other)s”") % pair,
            f"{scores[place]} > {scores[0]}",
        )
        kinds[f"worse:e{place}"] = (
            _("“%(name)s” is worse than “%(other)s”") % pair,
            f"{scores[place]} < {scores[0]}",
        )
    filters = [_by_condition(kinds)]
    if task.has_labels:
        filters.append(_by_label("expected", _("Expected"), "target", labels))
    worst_first = (
        Sort(
            f"worst:e{place}",
            _("Worst results of “%(name)s” first") % {"name": name},
            (scores[place], *_IN_ORDER),
        )
        for place, name in enumerate(names)
    )
    return Listing(
        searches=(*_TEXTS, *outputs),
        sorts=(
            Sort("disagreement", _("Largest disagreement first"), ("disagreement DESC", *_IN_ORDER)),
            Sort("line", _("Order of the data"), _IN_ORDER),
            *worst_first,
        ),
        filters=tuple(filters),
        page_size=ROWS_A_PAGE,
    )


def _by_condition(kinds: dict[str, tuple[str, str]]) -> Filter:
    """A choice between conditions: a name in the address to its label and its SQL."""
    choices = [(value, label) for value, (label, _condition) in kinds.items()]
    return Filter("show", _("Show"), choices, lambda rows, value: rows.where(kinds[value][1]))


def _by_label(name: str, title: Any, column: str, labels: list[str]) -> Filter:
    return Filter(name, title, [(label, label) for label in labels], partial(_with_value, f"{column} = ?"))


def _with_value(condition: str, rows: ParquetRows, value: str) -> ParquetRows:
    return rows.where(condition, value)
