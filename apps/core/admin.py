"""Bases of the admin pages: what must be written through a service is read-only here. And e-mails that wait."""

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from apps.core.models import WaitingMail

admin.site.site_header = admin.site.site_title = _("Maquette administration")


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Search, filter, look; change nothing."""

    list_per_page = 50
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False


@admin.register(WaitingMail)
class WaitingMailAdmin(ReadOnlyAdmin):
    """How many there are and since when; to whom and what they say nobody reads here."""

    list_display = ["id", "created_at", "tries", "try_at"]
    list_filter = ["created_at"]
    search_fields = ["id"]
