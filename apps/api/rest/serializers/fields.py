"""Fields with JSON in the shape of a contract."""

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.api.rest.schema import RECIPE_REF


@extend_schema_field({"type": ["object", "null"], "additionalProperties": True})
class ObjectField(serializers.JSONField):
    """A JSON object in the shape of a contract."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, dict):
            raise serializers.ValidationError(_("Send an object."))
        return super().to_internal_value(data)


@extend_schema_field(RECIPE_REF)
class RecipeField(ObjectField):
    """A Recipe; every field may be left out."""
