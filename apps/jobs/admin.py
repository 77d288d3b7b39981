"""Jobs and their events, to look at; the console stops and retries them."""

from django.contrib import admin

from apps.core.admin import ReadOnlyAdmin
from apps.jobs.models import Job, JobEvent, NotificationSettings, WaitingWebhook


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    list_display = [
        "title",
        "kind",
        "state",
        "queue",
        "workspace",
        "attempt",
        "worker",
        "created_at",
        "ended_at",
    ]
    list_filter = ["state", "kind", "queue", "workspace", "created_at"]
    search_fields = ["id", "title", "error_message", "worker"]
    list_select_related = ["workspace"]


@admin.register(JobEvent)
class JobEventAdmin(ReadOnlyAdmin):
    list_display = ["job", "seq", "kind", "step", "at"]
    list_filter = ["kind"]
    search_fields = ["job__id", "job__title"]
    list_select_related = ["job"]


@admin.register(NotificationSettings)
class NotificationSettingsAdmin(ReadOnlyAdmin):
    list_display = ["user", "by_email", "webhook_outcome", "webhook_at"]
    list_filter = ["by_email"]
    search_fields = ["user__email"]
    list_select_related = ["user"]


@admin.register(WaitingWebhook)
class WaitingWebhookAdmin(ReadOnlyAdmin):
    list_display = ["id", "user", "tries", "try_at", "created_at"]
    list_filter = ["tries"]
    search_fields = ["user__email"]
    list_select_related = ["user"]
