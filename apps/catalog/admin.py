"""Models in Django's admin: to look, search and filter."""

from django.contrib import admin

from apps.catalog.models import BaseModel, Export, ModelVersion
from apps.core.admin import ReadOnlyAdmin


@admin.register(BaseModel)
class BaseModelAdmin(ReadOnlyAdmin):
    list_display = ["name", "kind", "family", "location", "workspace", "created_by", "bytes", "archived_at"]
    list_filter = ["kind", "family", "archived_at", "workspace"]
    list_select_related = ["workspace", "created_by"]
    search_fields = ["name", "location"]


@admin.register(ModelVersion)
class ModelVersionAdmin(ReadOnlyAdmin):
    list_display = [
        "name",
        "number",
        "kind",
        "family",
        "task_type",
        "workspace",
        "parameters",
        "bytes",
        "created_at",
    ]
    list_filter = ["kind", "family", "task_type", "archived_at", "created_at", "workspace"]
    list_select_related = ["workspace"]
    search_fields = ["name", "origin_label", "notes", "storage_key"]


@admin.register(Export)
class ExportAdmin(ReadOnlyAdmin):
    list_display = ["model_version", "workspace", "state", "created_by", "created_at"]
    list_filter = ["job__state", "created_at", "workspace"]
    list_select_related = ["model_version", "workspace", "created_by", "job"]
    search_fields = ["model_version__name"]

    @admin.display(ordering="job__state")
    def state(self, obj: Export) -> str:
        return obj.job.get_state_display()
