"""Workspaces, memberships, limits, keys and the audit trail. What members do to members goes through services."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.models import Group
from django.db import models, transaction
from django.http import HttpRequest
from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _

from apps.core.admin import FewRowsFilter, ReadOnlyAdmin, RuledAdmin
from apps.workspaces import audit, usage
from apps.workspaces.audit.words import action_words
from apps.workspaces.models import (
    ApiKey,
    AuditEntry,
    Counter,
    Invitation,
    Membership,
    Quota,
    Reservation,
    UsageEntry,
    UsageTotal,
    Workspace,
    WorkspaceSecret,
)
from apps.workspaces.team import members

admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(RuledAdmin, DjangoGroupAdmin):
    """What administrators who are no superusers may do here, said by superusers; recorded as everything that they write."""

    may = "add change delete"

    filter_horizontal = ()
    """As in UserAdmin (apps.accounts)."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and request.user.is_superuser

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return super().has_change_permission(request, obj) and request.user.is_superuser

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return super().has_delete_permission(request, obj) and request.user.is_superuser

    def save_model(self, request: HttpRequest, obj: Group, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        audit.record(request.user, "group.changed" if change else "group.created", obj)

    def delete_model(self, request: HttpRequest, obj: Group) -> None:
        audit.record(request.user, "group.deleted", obj)
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        for group in queryset:
            self.delete_model(request, group)


@admin.register(Workspace)
class WorkspaceAdmin(RuledAdmin):
    may = "add change"
    list_display = ["name", "created_at", "deleted_at", "purged_at"]
    list_filter = ["created_at", ("deleted_at", admin.EmptyFieldListFilter)]
    readonly_fields = ["deleted_at", "purged_at"]
    search_fields = ["id", "name"]

    def save_model(self, request: HttpRequest, obj: Workspace, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        audit.record(request.user, "workspace.changed" if change else "workspace.created", obj, workspace=obj)


@admin.register(Membership)
class MembershipAdmin(RuledAdmin):
    """For a workspace whose owners are gone: an administrator adds a member or takes one out, never the last owner."""

    may = "add delete"

    list_display = ["user", "workspace", "role", "created_at"]
    list_filter = ["role", ("workspace", FewRowsFilter)]
    list_per_page = 50
    autocomplete_fields = ["user", "workspace"]
    search_fields = ["user__email", "user__name", "workspace__name"]
    list_select_related = ["user", "workspace"]
    actions = None

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        is_last = isinstance(obj, Membership) and members.is_last_owner(obj)
        return super().has_delete_permission(request, obj) and not is_last

    def save_model(self, request: HttpRequest, obj: Membership, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        audit.record(request.user, "membership.set", obj, role=obj.role)

    @transaction.atomic
    def delete_model(self, request: HttpRequest, obj: Membership) -> None:
        members.remove_by_administrator(actor=request.user, membership=obj)  # type: ignore[arg-type]


@admin.register(Quota)
class QuotaAdmin(RuledAdmin):
    may = "add change delete"
    list_display = [
        "workspace",
        "is_unlimited",
        "storage_gb",
        "runs",
        "accelerator_hours",
        "tokens_per_day",
        "members",
    ]
    list_filter = ["is_unlimited"]
    autocomplete_fields = ["workspace"]
    search_fields = ["workspace__id", "workspace__name"]
    list_select_related = ["workspace"]
    actions = None

    def get_form(
        self, request: HttpRequest, obj: Quota | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """With what an empty field means beside each limit."""
        studio = {
            name: _("no limit")
            if limit is None
            else number_format(int(limit) if limit == int(limit) else limit)
            for name, limit in settings.QUOTAS.items()
        }
        said = _("Leave empty to use the studio's default (%(limit)s). Enter 0 to allow none.")
        kwargs["help_texts"] = {name: said % {"limit": limit} for name, limit in studio.items()}
        return super().get_form(request, obj, change, **kwargs)

    def save_model(self, request: HttpRequest, obj: Quota, form: Any, change: bool) -> None:
        usage.set_quota(actor=request.user, quota=obj)  # type: ignore[arg-type]

    def delete_model(self, request: HttpRequest, obj: Quota) -> None:
        audit.record(request.user, "quota.removed", obj)
        super().delete_model(request, obj)


@admin.register(Invitation)
class InvitationAdmin(ReadOnlyAdmin):
    list_display = ["email", "workspace", "role", "created_by", "expires_at", "accepted_by", "revoked_at"]
    list_filter = ["role", "workspace"]
    search_fields = ["email", "workspace__name", "created_by__email"]
    list_select_related = ["workspace", "created_by", "accepted_by"]


@admin.register(UsageEntry)
class UsageEntryAdmin(ReadOnlyAdmin):
    list_display = ["at", "workspace", "kind", "amount", "unit", "object_type", "object_id"]
    list_filter = ["kind", "workspace", "at"]
    search_fields = ["workspace__name", "object_id"]
    list_select_related = ["workspace"]


@admin.register(UsageTotal)
class UsageTotalAdmin(ReadOnlyAdmin):
    list_display = ["workspace", "kind", "period", "used", "reserved"]
    list_filter = ["kind", "workspace"]
    search_fields = ["workspace__name"]
    list_select_related = ["workspace"]


@admin.register(Reservation)
class ReservationAdmin(ReadOnlyAdmin):
    list_display = ["key", "total", "amount", "created_at"]
    list_filter = ["total__kind"]
    search_fields = ["key", "object_id"]
    list_select_related = ["total"]


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    list_display = ["name", "prefix", "workspace", "created_by", "can_write", "last_used_at", "revoked_at"]
    list_filter = ["workspace", "can_write"]
    search_fields = ["name", "prefix", "created_by__email"]
    list_select_related = ["workspace", "created_by"]


@admin.register(WorkspaceSecret)
class WorkspaceSecretAdmin(ReadOnlyAdmin):
    list_display = ["kind", "workspace", "hint", "created_by", "changed_at"]
    list_filter = ["kind"]
    search_fields = ["workspace__name"]
    list_select_related = ["workspace", "created_by"]


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ["at", "actor", "address", "done", "action", "object_label", "workspace"]
    list_filter = ["action", "workspace", "at"]
    search_fields = ["actor__email", "object_label", "object_id"]
    list_select_related = ["actor", "workspace"]

    @admin.display(description=_("what"), ordering="action")
    def done(self, entry: AuditEntry) -> str:
        return action_words(entry.action)


@admin.register(Counter)
class CounterAdmin(ReadOnlyAdmin):
    list_display = ["workspace", "kind", "value"]
    list_filter = ["kind"]
    search_fields = ["workspace__name"]
    list_select_related = ["workspace"]
