"""Serializers of apps, their versions, share links and keys."""

from typing import Any

from rest_framework import serializers

from apps.api.rest.serializers.fields import ObjectField
from apps.api.rest.serializers.jobs import JobSerializer
from apps.core.models import longest
from apps.core.settings_fields import api_field
from apps.publishing.kinds import settings_fields
from apps.publishing.limits import (
    LEAST_PASSWORD_CHARACTERS,
    MOST_EMBED_SITES,
    MOST_PASSWORD_CHARACTERS,
    MOST_TOKENS,
    MOST_USES,
)
from apps.publishing.models import App, AppVersion, ShareLink
from apps.workspaces.access.api_keys import DAYS, MOST_DAYS
from apps.workspaces.models import ApiKey


def _settings_fields() -> dict[str, Any]:
    return {name: api_field(field) for name, field in settings_fields().items()}


class AppVersionSerializer(serializers.ModelSerializer[AppVersion]):
    parity_job = JobSerializer(read_only=True, allow_null=True)
    parity = ObjectField(read_only=True, allow_null=True)

    class Meta:
        model = AppVersion
        fields = ["id", "number", "model_version", "parity", "parity_job", "created_at"]

    def get_fields(self) -> dict[str, Any]:
        """The fields of the row, and the settings that the kinds of apps have; an app shows those of its own kind."""
        return super().get_fields() | _settings_fields()

    def to_representation(self, version: AppVersion) -> dict[str, Any]:
        # The settings are no attributes of the row: DRF leaves them out, as they are not required.
        return super().to_representation(version) | version.settings.model_dump()


class AppSerializer(serializers.ModelSerializer[App]):
    live_version = AppVersionSerializer(read_only=True, allow_null=True)

    class Meta:
        model = App
        fields = ["id", "number", "name", "slug", "app_type", "live_version", "archived_at", "created_at"]


class AppRequestSerializer(serializers.Serializer[Any]):
    """What is left out gets the default that fits the model. Settings that the app's kind does not have are ignored."""

    model = serializers.UUIDField()
    name = serializers.CharField(max_length=longest(App, "name"))
    publish = serializers.BooleanField(required=False, default=True)
    confirm_verdict = serializers.BooleanField(
        required=False,
        default=False,
        help_text="Publishes a model although its run's verdict is a warning (result.verdict of the run).",
    )

    def get_fields(self) -> dict[str, Any]:
        return super().get_fields() | _settings_fields()


def _limit(most: int, help_text: str) -> serializers.IntegerField:
    return serializers.IntegerField(
        required=False, allow_null=True, min_value=1, max_value=most, help_text=f"{help_text} Null: no limit."
    )


class LinkSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField(read_only=True)
    name = serializers.CharField(
        required=False, default="", max_length=longest(ShareLink, "name"), allow_blank=True
    )
    password = serializers.CharField(
        required=False,
        default="",
        min_length=LEAST_PASSWORD_CHARACTERS,
        max_length=MOST_PASSWORD_CHARACTERS,
        write_only=True,
        trim_whitespace=False,
        help_text="What visitors are asked for; left out, the address alone opens the app.",
    )
    expires_at = serializers.DateTimeField(
        required=False, allow_null=True, help_text="When the link stops working. Null: never."
    )
    members_only = serializers.BooleanField(
        required=False, help_text="Whether visitors must be signed in as members of the workspace."
    )
    max_uses_per_day = _limit(MOST_USES, "Questions per day of all visitors.")
    max_uses_per_visitor = _limit(MOST_USES, "Questions per day of one visitor, who is a browser.")
    max_uses = _limit(MOST_USES, "Questions in all.")
    token_budget = _limit(MOST_TOKENS, "Tokens of all questions and answers.")
    embed_sites = serializers.ListField(
        child=serializers.CharField(max_length=300),
        max_length=MOST_EMBED_SITES,
        required=False,
        help_text="The sites that may show the app in a frame, as `https://www.example.org`. Empty: none.",
    )
    url = serializers.CharField(read_only=True)
    paused_at = serializers.DateTimeField(
        read_only=True, allow_null=True, help_text="Since when the link is paused; null: it is not."
    )
    uses_today = serializers.IntegerField(read_only=True)
    uses = serializers.IntegerField(read_only=True, help_text="Questions so far.")
    tokens = serializers.IntegerField(read_only=True, help_text="Tokens of the answers that have ended.")
    last_used_at = serializers.DateTimeField(read_only=True, allow_null=True)


class LinkChangeSerializer(LinkSerializer):
    """Fields that are left out stay as they are."""

    name = serializers.CharField(required=False, max_length=longest(ShareLink, "name"), allow_blank=True)
    password = serializers.CharField(
        required=False,
        allow_blank=True,
        min_length=LEAST_PASSWORD_CHARACTERS,
        max_length=MOST_PASSWORD_CHARACTERS,
        write_only=True,
        trim_whitespace=False,
        help_text="What visitors are asked for from now on. Empty: the address alone opens the app.",
    )
    is_paused = serializers.BooleanField(
        required=False, write_only=True, help_text="Pauses the link, or resumes it."
    )


class AppKeySerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField(read_only=True)
    name = serializers.CharField(max_length=longest(ApiKey, "name"))
    prefix = serializers.CharField(read_only=True, help_text="How the secret begins.")
    can_write = serializers.BooleanField(
        required=False,
        default=True,
        help_text="Whether the key may send requests to the app. Otherwise it may only list the app.",
    )
    days = serializers.IntegerField(
        required=False,
        allow_null=True,
        default=DAYS,
        min_value=1,
        max_value=MOST_DAYS,
        write_only=True,
        help_text="Days until it expires. Null: it doesn't expire. A key that is made with another key expires no later than that one, regardless of this value: see `expires_at`.",
    )
    expires_at = serializers.DateTimeField(
        read_only=True, allow_null=True, help_text="When it stops working; null: never."
    )
    made_by = serializers.CharField(
        read_only=True, help_text="The person, and the key that a script made it with, which revokes it."
    )
    last_used_at = serializers.DateTimeField(read_only=True, allow_null=True)


class NewAppKeySerializer(AppKeySerializer):
    secret = serializers.CharField(read_only=True, help_text="Shown now and never again.")
