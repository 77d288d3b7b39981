"""Serializers of sweeps and their trials."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.api.rest.serializers.fields import ObjectField
from apps.core.models import longest
from apps.training.models import MOST_TRIALS, Sweep, SweepEnding, SweepMetric, Trial
from apps.training.sweeps.messages import ending_words
from apps.training.sweeps.trials import best_of, trials_of


class SweepRequestSerializer(serializers.Serializer[Any]):
    """A budget is a number of trials, a number of minutes, or both."""

    preflight = serializers.UUIDField(help_text="One that has succeeded.")
    space = ObjectField(
        help_text="The recipe settings to vary, by name: {low, high} for a number, {values} for a choice."
    )
    trials = serializers.IntegerField(
        required=False, allow_null=True, default=None, help_text=f"From 2 to {MOST_TRIALS}."
    )
    minutes = serializers.FloatField(
        required=False, allow_null=True, default=None, help_text="Training time of all trials together."
    )
    metric = serializers.ChoiceField(
        choices=SweepMetric.choices,
        required=False,
        allow_blank=True,
        default="",
        help_text="Default: accuracy for data with labels, loss for other data.",
    )
    prunes = serializers.BooleanField(
        default=True, help_text="Whether trials that are worse than the median are stopped early."
    )
    name = serializers.CharField(
        required=False, default="", max_length=longest(Sweep, "name"), allow_blank=True
    )


class TrialSerializer(serializers.ModelSerializer[Trial]):
    values = ObjectField(read_only=True)
    value = serializers.FloatField(
        allow_null=True, help_text="Of the metric; null until the run has left it."
    )
    state = serializers.CharField(source="run.job.state")
    is_complete = serializers.BooleanField(help_text="False for trials that ended early or failed.")
    is_pruned = serializers.BooleanField()

    class Meta:
        model = Trial
        fields = ["number", "run", "values", "value", "state", "is_complete", "is_pruned"]


class SweepSerializer(serializers.ModelSerializer[Sweep]):
    space = ObjectField(read_only=True)
    importances = ObjectField(
        read_only=True, help_text="Share of each setting; empty until four trials are complete."
    )
    ending = serializers.ChoiceField(
        choices=["", *SweepEnding.values], help_text="Empty while it is under way."
    )
    ending_text = serializers.SerializerMethodField()

    class Meta:
        model = Sweep
        fields = [
            "id", "number", "name", "preflight", "space", "metric", "most_trials", "max_minutes", "prunes", "seed",
            "importances", "ending", "ending_text", "ended_at", "created_at",
        ]  # fmt: skip

    def get_ending_text(self, sweep: Sweep) -> str:
        return ending_words(sweep)


class SweepDetailSerializer(SweepSerializer):
    """With the trials in their order, and the number of the best one."""

    trials = serializers.SerializerMethodField()
    best = serializers.SerializerMethodField(help_text="Number of the best complete trial; null without one.")

    class Meta(SweepSerializer.Meta):
        fields = [*SweepSerializer.Meta.fields, "best", "trials"]

    @extend_schema_field(TrialSerializer(many=True))
    def get_trials(self, sweep: Sweep) -> Any:
        return TrialSerializer(trials_of(sweep), many=True).data

    def get_best(self, sweep: Sweep) -> int | None:
        best = best_of(trials_of(sweep), maximizes=sweep.maximizes)
        return best.number if best else None
