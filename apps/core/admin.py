"""Bases of the admin pages: what must be written through a service is read-only here. And e-mails that wait."""

from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from apps.core.models import WaitingMail

admin.site.site_header = admin.site.site_title = _("Maquette administration")


MOST_IN_A_FILTER = 50


class FewRowsFilter(admin.RelatedFieldListFilter):
    """A filter by something that people add: it goes when there are too many to list, and the search finds them by name."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> Any:
        if field.remote_field.model._default_manager.count() > MOST_IN_A_FILTER:
            return []
        return super().field_choices(field, request, model_admin)


class RuledAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Admin pages that state what an administrator may do to the rows besides looking at them, and enforce it."""

    may = ""
    """Of "add change delete"."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return "add" in self.may.split() and super().has_add_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return "change" in self.may.split() and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return "delete" in self.may.split() and super().has_delete_permission(request, obj)


class ReadOnlyAdmin(RuledAdmin):
    """Search, filter, look; change nothing.

    Times are filters: `date_hierarchy` reads every row to find the days that there are.
    """

    list_per_page = 50
    show_full_result_count = False

    def get_list_filter(self, request: HttpRequest) -> Any:
        return [
            ("workspace", FewRowsFilter) if one == "workspace" else one
            for one in super().get_list_filter(request)
        ]


@admin.register(WaitingMail)
class WaitingMailAdmin(ReadOnlyAdmin):
    """Shows how many there are and since when, without recipients and texts."""

    list_display = ["id", "created_at", "tries", "try_at"]
    list_filter = ["created_at"]
    search_fields = ["id"]
