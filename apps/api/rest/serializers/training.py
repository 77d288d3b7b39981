"""Serializers of pre-flights, runs and verdicts."""

from typing import Any, get_args

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.api.rest.serializers.fields import ObjectField, RecipeField
from apps.api.rest.serializers.jobs import JobSerializer
from apps.core.models import longest
from apps.core.verdicts import PlanText, VerdictText, verdict_text
from apps.training.models import Preflight, Run
from workers.contracts.recipes import Length
from workers.contracts.verdicts import RunEnding, VerdictCode


class PreflightRequestSerializer(serializers.Serializer[Any]):
    data = serializers.UUIDField(help_text="A dataset version.")  # type: ignore[assignment]
    base = serializers.CharField(
        required=False,
        allow_blank=True,
        default="",
        help_text="As listed under bases; the default when left out.",
    )
    length = serializers.ChoiceField(choices=[v.value for v in Length], default=Length.STANDARD.value)
    recipe = RecipeField(required=False, default=dict)


class PreflightSerializer(serializers.ModelSerializer[Preflight]):
    job = JobSerializer(read_only=True)
    result = ObjectField(read_only=True, allow_null=True)
    blocked = serializers.SerializerMethodField()

    class Meta:
        model = Preflight
        fields = [
            "id",
            "dataset_version",
            "base_label",
            "base_version",
            "length",
            "recipe",
            "result",
            "blocked",
            "job",
        ]

    def get_blocked(self, preflight: Preflight) -> bool:
        return bool(preflight.blocks)


class RunRequestSerializer(serializers.Serializer[Any]):
    preflight = serializers.UUIDField(help_text="One that has succeeded.")
    name = serializers.CharField(
        required=False, default="", max_length=longest(Run, "name"), allow_blank=True
    )
    max_minutes = serializers.FloatField(
        required=False,
        allow_null=True,
        help_text="Ends the run after this time; null lets it finish. Left out: as the pre-flight's recipe says.",
    )


class ContinueRequestSerializer(serializers.Serializer[Any]):
    """Either of the two."""

    epochs = serializers.FloatField(required=False, allow_null=True, default=None, help_text="More epochs.")
    minutes = serializers.FloatField(required=False, allow_null=True, default=None, help_text="More minutes.")
    name = serializers.CharField(
        required=False, default="", max_length=longest(Run, "name"), allow_blank=True
    )


class PlanSerializer(serializers.Serializer[PlanText]):
    """How much of its plan a run went through, and what ended it."""

    sentence = serializers.CharField()
    steps = serializers.IntegerField(source="progress.steps")
    planned_steps = serializers.IntegerField(
        source="progress.planned_steps", help_text="0 where it is unknown."
    )
    share = serializers.FloatField(
        source="progress.share",
        allow_null=True,
        help_text="Of the planned steps; null where the plan is unknown.",
    )
    ended_by = serializers.ChoiceField(source="progress.ending", choices=list(get_args(RunEnding)))


class VerdictSerializer(serializers.Serializer[VerdictText]):
    """What a run amounts to: `warns` where it diverged or learned nothing, although its job has succeeded."""

    code = serializers.ChoiceField(choices=[code.value for code in VerdictCode])
    warns = serializers.BooleanField(help_text="Whether publishing the model needs confirm_verdict.")
    headline = serializers.CharField()
    advice = serializers.CharField(help_text="Empty where nothing needs to be done.")
    plan = PlanSerializer(allow_null=True)


class RunSerializer(serializers.ModelSerializer[Run]):
    job = JobSerializer(read_only=True)
    recipe = RecipeField(read_only=True)
    result = ObjectField(read_only=True, allow_null=True)
    verdict = serializers.SerializerMethodField(help_text="Null until the run has ended.")

    class Meta:
        model = Run
        fields = [
            "id", "number", "name", "dataset_version", "preflight", "base_version", "model_version", "recipe", "result",
            "verdict", "planned_steps", "continues", "job", "created_at",
        ]  # fmt: skip

    @extend_schema_field(VerdictSerializer(allow_null=True))
    def get_verdict(self, run: Run) -> dict[str, Any] | None:
        return verdict_json(run.result)


def verdict_json(result: dict[str, Any] | None) -> dict[str, Any] | None:
    found = verdict_text(result)
    return VerdictSerializer(found).data if found else None
