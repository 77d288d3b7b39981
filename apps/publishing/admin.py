"""Apps, the ways into them and what was said there, to look at."""

from django.contrib import admin

from apps.core.admin import FewRowsFilter, ReadOnlyAdmin
from apps.publishing.models import App, AppVersion, Conversation, Feedback, Message, ShareLink


@admin.register(App)
class AppAdmin(ReadOnlyAdmin):
    list_display = ["name", "number", "workspace", "app_type", "live_version", "archived_at", "created_at"]
    list_filter = ["app_type", "workspace"]
    search_fields = ["id", "name", "slug"]
    list_select_related = ["workspace", "live_version__app"]


@admin.register(AppVersion)
class AppVersionAdmin(ReadOnlyAdmin):
    list_display = ["__str__", "workspace", "model_version", "parity_job", "created_at"]
    list_filter = ["workspace"]
    search_fields = ["id", "app__name", "model_version__name"]
    list_select_related = ["workspace", "app", "model_version", "parity_job"]


@admin.register(ShareLink)
class ShareLinkAdmin(ReadOnlyAdmin):
    list_display = ["__str__", "app", "workspace", "created_by", "created_at", "revoked_at"]
    list_filter = ["workspace"]
    search_fields = ["id", "name", "app__name", "created_by__email"]
    list_select_related = ["app", "workspace", "created_by"]
    exclude = ["token_hash", "token_encrypted"]


@admin.register(Conversation)
class ConversationAdmin(ReadOnlyAdmin):
    list_display = ["id", "app", "link", "user", "created_at", "updated_at"]
    list_filter = [("app", FewRowsFilter), "created_at"]
    search_fields = ["id", "app__name", "title", "user__email"]
    list_select_related = ["app", "link__app", "user"]
    exclude = ["visitor_key"]


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    list_display = [
        "id",
        "conversation",
        "position",
        "role",
        "state",
        "output_tokens",
        "total_ms",
        "created_at",
    ]
    list_filter = ["state", "role"]
    search_fields = ["id", "conversation__id", "text"]
    list_select_related = ["conversation"]


@admin.register(Feedback)
class FeedbackAdmin(ReadOnlyAdmin):
    list_display = ["message", "helped", "comment", "created_at"]
    list_filter = ["helped"]
    search_fields = ["message__text", "comment"]
    list_select_related = ["message"]
