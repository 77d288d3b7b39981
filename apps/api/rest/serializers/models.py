"""Serializers of base models, model versions and exports."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.api.rest.serializers.fields import ObjectField
from apps.api.rest.serializers.jobs import JobSerializer
from apps.api.rest.serializers.training import VerdictSerializer, verdict_json
from apps.catalog.models import BaseModel, Export, ModelVersion


class BaseModelSerializer(serializers.ModelSerializer[BaseModel]):
    class Meta:
        model = BaseModel
        fields = ["id", "kind", "name", "family", "location", "revision", "created_at"]


class ModelVersionSerializer(serializers.ModelSerializer[ModelVersion]):
    verdict = serializers.SerializerMethodField(
        help_text="Of the run that made it; null for any other model."
    )

    class Meta:
        model = ModelVersion
        fields = [
            "id", "number", "name", "kind", "family", "task_type", "origin", "origin_label", "parent", "dataset_version",
            "bytes", "parameters", "context_length", "labels", "precision", "notes", "verdict", "is_ready", "created_at",
        ]  # fmt: skip

    @extend_schema_field(VerdictSerializer(allow_null=True))
    def get_verdict(self, model: ModelVersion) -> dict[str, Any] | None:
        run = getattr(model, "run", None)
        return verdict_json(run.result) if run is not None else None


class ExportSerializer(serializers.ModelSerializer[Export]):
    job = JobSerializer(read_only=True)
    result = ObjectField(read_only=True, allow_null=True)

    class Meta:
        model = Export
        fields = ["id", "model_version", "result", "job"]
