"""Pre-flights and runs, to look at."""

from django.contrib import admin

from apps.core.admin import ReadOnlyAdmin
from apps.training.models import Preflight, Run


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
