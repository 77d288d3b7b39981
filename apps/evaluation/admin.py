"""Evaluations and comparisons, to look at."""

from django.contrib import admin

from apps.core.admin import ReadOnlyAdmin
from apps.evaluation.models import ComparedEvaluation, Comparison, Evaluation


@admin.register(Evaluation)
class EvaluationAdmin(ReadOnlyAdmin):
    list_display = ["__str__", "number", "workspace", "split", "job", "created_at"]
    list_filter = ["workspace", "split"]
    search_fields = ["id", "model_version__name", "dataset_version__dataset__name"]
    list_select_related = ["workspace", "job", "model_version", "dataset_version__dataset"]


class ComparedInline(admin.TabularInline):  # type: ignore[type-arg]
    model = ComparedEvaluation
    extra = 0


@admin.register(Comparison)
class ComparisonAdmin(ReadOnlyAdmin):
    list_display = ["name", "number", "workspace", "dataset_version", "job", "created_at"]
    list_filter = ["workspace"]
    search_fields = ["id", "name", "dataset_version__dataset__name"]
    list_select_related = ["workspace", "job", "dataset_version__dataset"]
    inlines = [ComparedInline]
