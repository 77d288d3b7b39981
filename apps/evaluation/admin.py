"""Evaluations and comparisons, to look at."""

from django.contrib import admin

from apps.core.admin import FewRowsFilter, ReadOnlyAdmin
from apps.evaluation.models import ComparedEvaluation, Comparison, Evaluation


@admin.register(Evaluation)
class EvaluationAdmin(ReadOnlyAdmin):
    list_display = ["__str__", "number", "workspace", "split", "job", "created_at"]
    list_filter = ["workspace", "split"]
    search_fields = ["id", "model_version__name", "dataset_version__dataset__name"]
    list_select_related = ["workspace", "job", "model_version", "dataset_version__dataset"]


@admin.register(ComparedEvaluation)
class ComparedEvaluationAdmin(ReadOnlyAdmin):
    list_display = ["comparison", "position", "evaluation"]
    list_filter = [("comparison__workspace", FewRowsFilter)]
    search_fields = ["comparison__name", "evaluation__model_version__name"]
    list_select_related = [
        "comparison",
        "evaluation__model_version",
        "evaluation__dataset_version__dataset",
    ]


@admin.register(Comparison)
class ComparisonAdmin(ReadOnlyAdmin):
    list_display = ["name", "number", "workspace", "dataset_version", "job", "created_at"]
    list_filter = ["workspace"]
    search_fields = ["id", "name", "dataset_version__dataset__name"]
    list_select_related = ["workspace", "job", "dataset_version__dataset"]
