"""Serializers of evaluations and comparisons."""

from typing import Any

from rest_framework import serializers

from apps.api.rest.serializers.fields import ObjectField
from apps.api.rest.serializers.jobs import JobSerializer
from apps.core.models import longest
from apps.evaluation.models import Comparison, Evaluation
from apps.evaluation.services import MOST_ROWS


class EvaluationRequestSerializer(serializers.Serializer[Any]):
    data = serializers.UUIDField(help_text="A dataset version.")  # type: ignore[assignment]
    model = serializers.UUIDField(
        required=False, allow_null=True, default=None, help_text="null: a simple baseline."
    )
    baseline = serializers.CharField(
        required=False,
        default="",
        allow_blank=True,
        max_length=longest(Evaluation, "baseline"),
        help_text="Without `model`: the name of a simple baseline of the task, for instance `linear`; empty: the usual one.",
    )
    split = serializers.ChoiceField(
        choices=["test", "validation", "train", "all"],
        required=False,
        default="test",
        help_text="Which rows of the data are answered.",
    )
    training_data = serializers.UUIDField(
        required=False,
        allow_null=True,
        default=None,
        help_text="What the baseline learns from, where `data` is for testing only.",
    )
    max_rows = serializers.IntegerField(
        required=False,
        allow_null=True,
        default=None,
        min_value=1,
        max_value=MOST_ROWS,
        help_text="Rows to sample; null: every row.",
    )


class EvaluationSerializer(serializers.ModelSerializer[Evaluation]):
    job = JobSerializer(read_only=True)
    result = ObjectField(read_only=True, allow_null=True)

    class Meta:
        model = Evaluation
        fields = [
            "id",
            "number",
            "dataset_version",
            "model_version",
            "baseline",
            "training_data",
            "split",
            "max_rows",
            "result",
            "job",
            "created_at",
        ]


class ComparisonRequestSerializer(serializers.Serializer[Any]):
    """Either evaluations of one test set, or a tuned model to be compared with its base and the simple baselines."""

    evaluations = serializers.ListField(child=serializers.UUIDField(), required=False, default=list)
    model = serializers.UUIDField(required=False)
    all_rows = serializers.BooleanField(
        required=False, default=False, help_text="With `model`: use every test row instead of a sample."
    )
    name = serializers.CharField(
        required=False, default="", max_length=longest(Comparison, "name"), allow_blank=True
    )


class ComparisonSerializer(serializers.ModelSerializer[Comparison]):
    job = JobSerializer(read_only=True, allow_null=True)
    evaluations = serializers.SerializerMethodField()
    result = ObjectField(read_only=True, allow_null=True)

    class Meta:
        model = Comparison
        fields = ["id", "number", "name", "dataset_version", "evaluations", "result", "job", "created_at"]

    def get_evaluations(self, comparison: Comparison) -> list[str]:
        """In order; the n-th is `en` in the result."""
        return [str(compared.evaluation_id) for compared in comparison.compared.all()]
