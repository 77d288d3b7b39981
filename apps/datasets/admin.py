"""Datasets in Django's admin: to look, search and filter."""

from django.contrib import admin

from apps.core.admin import ReadOnlyAdmin
from apps.datasets.models import Dataset, DatasetVersion, Import


@admin.register(Dataset)
class DatasetAdmin(ReadOnlyAdmin):
    list_display = ["name", "number", "workspace", "created_by", "created_at", "archived_at"]
    list_filter = ["archived_at", "created_at", "workspace"]
    list_select_related = ["workspace", "created_by"]
    search_fields = ["name", "description", "workspace__name"]


@admin.register(Import)
class ImportAdmin(ReadOnlyAdmin):
    exclude = ["address_encrypted"]
    list_display = ["filename", "dataset", "workspace", "state", "source_bytes", "created_by", "created_at"]
    list_filter = ["job__state", "created_at", "workspace"]
    list_select_related = ["dataset", "workspace", "created_by", "job"]
    search_fields = ["filename", "dataset__name", "source_sha256"]

    @admin.display(ordering="job__state")
    def state(self, obj: Import) -> str:
        return obj.job.get_state_display()


@admin.register(DatasetVersion)
class DatasetVersionAdmin(ReadOnlyAdmin):
    list_display = [
        "__str__",
        "task_type",
        "workspace",
        "state",
        "rows_train",
        "rows_test",
        "bytes",
        "created_at",
    ]
    list_filter = ["task_type", "job__state", "created_at", "workspace"]
    list_select_related = ["dataset", "workspace", "job"]
    search_fields = ["dataset__name", "storage_key"]

    @admin.display(ordering="job__state")
    def state(self, obj: DatasetVersion) -> str:
        return obj.job.get_state_display()
