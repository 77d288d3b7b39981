"""Workspaces, memberships, keys and the audit trail. Members are changed here until people can be invited."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from apps.core.admin import ReadOnlyAdmin
from apps.workspaces import audit
from apps.workspaces.models import ApiKey, AuditEntry, Counter, Membership, Workspace


@admin.register(Workspace)
class WorkspaceAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["name", "created_at"]
    search_fields = ["id", "name"]

    def has_delete_permission(self, request: HttpRequest, obj: Workspace | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Workspace, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        audit.record(request.user, "workspace.changed" if change else "workspace.created", obj, workspace=obj)


@admin.register(Membership)
class MembershipAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["user", "workspace", "role", "created_at"]
    list_filter = ["role", "workspace"]
    search_fields = ["user__email", "user__name", "workspace__name"]
    list_select_related = ["user", "workspace"]
    autocomplete_fields = ["user", "workspace"]

    def save_model(self, request: HttpRequest, obj: Membership, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        audit.record(request.user, "membership.set", obj, role=obj.role)

    def delete_model(self, request: HttpRequest, obj: Membership) -> None:
        audit.record(request.user, "membership.removed", obj)
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        for membership in queryset:
            self.delete_model(request, membership)


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    list_display = ["name", "prefix", "workspace", "created_by", "can_write", "last_used_at", "revoked_at"]
    list_filter = ["workspace", "can_write"]
    search_fields = ["name", "prefix", "created_by__email"]
    list_select_related = ["workspace", "created_by"]


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ["at", "actor", "action", "object_label", "workspace"]
    list_filter = ["action", "workspace"]
    search_fields = ["actor__email", "object_label", "object_id"]
    list_select_related = ["actor", "workspace"]
    date_hierarchy = "at"


@admin.register(Counter)
class CounterAdmin(ReadOnlyAdmin):
    list_display = ["workspace", "kind", "value"]
    list_filter = ["kind"]
    search_fields = ["workspace__name"]
    list_select_related = ["workspace"]
