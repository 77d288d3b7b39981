"""Sweeps."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.rest import serializers
from apps.api.rest.base import VisibleViewSet, asks, find, person_of
from apps.training.models import Preflight, Sweep
from apps.training.sweeps.services import Budget, start_sweep, stop_sweep
from apps.workspaces.access import Action
from apps.workspaces.access.rules import EDIT


class SweepViewSet(VisibleViewSet):
    kind = "sweep"
    queryset = Sweep.objects.all()
    serializer_class = serializers.SweepSerializer
    related = ("preflight",)

    def get_serializer_class(self) -> Any:
        return serializers.SweepDetailSerializer if self.detail else serializers.SweepSerializer

    @extend_schema(
        request=serializers.SweepRequestSerializer, responses={201: serializers.SweepDetailSerializer}
    )
    @asks(EDIT, names={"preflight": "preflight"})
    def create(self, request: Request) -> Response:
        """Start a series of runs of a pre-flight's plan that differ in some settings, to find the best ones."""
        data = self.read(serializers.SweepRequestSerializer)
        preflights = Preflight.objects.select_related("job", "dataset_version__dataset", "base_version")
        preflight = find(request, preflights, Action.EDIT, field="preflight", pk=data["preflight"])
        sweep = start_sweep(
            actor=person_of(request),
            preflight=preflight,
            budget=Budget(trials=data["trials"], minutes=data["minutes"]),
            **{name: data[name] for name in ("space", "metric", "prunes", "name")},
        )
        return Response(serializers.SweepDetailSerializer(sweep).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=None, responses=serializers.SweepDetailSerializer, filters=False)
    @action(detail=True, methods=["post"])
    @asks(EDIT)
    def stop(self, request: Request, pk: Any = None) -> Response:
        """Start no more trials, and stop those that wait or train."""
        stop_sweep(actor=person_of(request), sweep=self.opened)
        self.opened.refresh_from_db()
        return Response(serializers.SweepDetailSerializer(self.opened).data)
