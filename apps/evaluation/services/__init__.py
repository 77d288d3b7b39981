"""Every write to evaluations and comparisons."""

from apps.evaluation.services.comparing import (
    MOST_COMPARED,
    SAMPLE_ROWS,
    compare,
    compare_with_base,
    evaluate_together,
    in_order,
)
from apps.evaluation.services.deleting import delete_comparison, delete_evaluation
from apps.evaluation.services.evaluating import MOST_ROWS, STARTER_ROWS, evaluate, rows_to_answer
from apps.evaluation.services.results import take_comparison, take_evaluation

__all__ = [
    "MOST_COMPARED",
    "MOST_ROWS",
    "SAMPLE_ROWS",
    "STARTER_ROWS",
    "compare",
    "compare_with_base",
    "delete_comparison",
    "delete_evaluation",
    "evaluate",
    "evaluate_together",
    "in_order",
    "rows_to_answer",
    "take_comparison",
    "take_evaluation",
]
