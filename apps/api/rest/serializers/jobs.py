"""Serializers of jobs."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from pydantic import TypeAdapter
from rest_framework import serializers

from apps.api.rest.serializers.fields import ObjectField
from apps.jobs.models import Job
from apps.jobs.queue_order import Queues
from apps.jobs.states import Priority
from workers.contracts.texts import Text

TEXT_SCHEMA: dict[str, Any] = TypeAdapter(Text).json_schema()
"""The code, the parameters and the English of a stored text."""


class PriorityRequestSerializer(serializers.Serializer[Any]):
    priority = serializers.ChoiceField(
        choices=[priority.name.lower() for priority in Priority], help_text="Among the jobs of the workspace."
    )


class JobSerializer(serializers.ModelSerializer[Job]):
    error_fix = ObjectField(read_only=True, allow_null=True)
    fraction = serializers.FloatField(
        source="share_done", read_only=True, allow_null=True, help_text="0 to 1."
    )
    seconds_left = serializers.FloatField(
        source="seconds_until_end",
        read_only=True,
        allow_null=True,
        help_text="Until the work is done, or the training hours of the workspace are used up.",
    )
    priority = serializers.SerializerMethodField(help_text="low, normal or high.")
    jobs_ahead = serializers.SerializerMethodField(help_text="While queued: how many come before it.")
    texts = serializers.SerializerMethodField(
        help_text="`title`, `phase` and `error_message` by code and parameters, for programs that show another language."
    )

    class Meta:
        model = Job
        fields = [
            "id", "kind", "title", "state", "phase", "fraction", "seconds_left", "priority", "jobs_ahead", "device", "attempt",
            "texts", "error_code", "error_message", "error_field", "error_fix", "created_at", "started_at", "ended_at",
        ]  # fmt: skip

    @extend_schema_field({"type": "object", "additionalProperties": TEXT_SCHEMA})
    def get_texts(self, job: Job) -> dict[str, Any]:
        said = {"title": job.title, "phase": job.phase, "error_message": job.error_message}
        return {name: Text.parse(text).dump() for name, text in said.items()}

    def get_priority(self, job: Job) -> str:
        return Priority(job.priority).name.lower()

    def get_jobs_ahead(self, job: Job) -> int | None:
        shared: Any = self.context
        queues: Queues = shared.setdefault("queues", Queues())
        return queues.ahead_of(job)
