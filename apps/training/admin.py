"""Pre-flights and runs, to look at."""

from django.contrib import admin

from apps.core.admin import ReadOnlyAdmin
from apps.training.models import Preflight, Run, Sweep, Trial


@admin.register(Preflight)
class PreflightAdmin(ReadOnlyAdmin):
    list_display = ["__str__", "workspace", "length", "job", "created_at"]
    list_filter = ["length", "workspace"]
    search_fields = ["id", "base_label", "dataset_version__dataset__name"]
    list_select_related = ["workspace", "job", "dataset_version__dataset"]


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin):
    list_display = ["name", "number", "workspace", "dataset_version", "base_version", "job", "created_at"]
    list_filter = ["workspace", "job__state"]
    search_fields = ["id", "name", "dataset_version__dataset__name"]
    list_select_related = ["workspace", "job", "dataset_version__dataset", "base_version"]


@admin.register(Sweep)
class SweepAdmin(ReadOnlyAdmin):
    list_display = [
        "name",
        "number",
        "workspace",
        "metric",
        "most_trials",
        "ending",
        "created_at",
        "ended_at",
    ]
    list_filter = ["ending", "metric", "workspace"]
    search_fields = ["id", "name", "preflight__dataset_version__dataset__name"]
    list_select_related = ["workspace"]


@admin.register(Trial)
class TrialAdmin(ReadOnlyAdmin):
    list_display = ["__str__", "run", "created_at"]
    list_filter = ["run__job__state"]
    search_fields = ["id", "sweep__name", "run__name"]
    list_select_related = ["sweep", "run__job"]
