"""Evaluations, comparisons, apps and jobs."""

from dataclasses import replace
from typing import Any

from django.db import transaction
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.rest import serializers
from apps.api.rest.base import VisibleViewSet, find
from apps.catalog.models import ModelVersion
from apps.datasets.models import DatasetVersion
from apps.evaluation import services as evaluation
from apps.evaluation.models import Comparison, Evaluation
from apps.jobs import services as jobs
from apps.jobs import stopping
from apps.jobs.models import Job
from apps.publishing.defaults import settings_for
from apps.publishing.models import App
from apps.publishing.services import apps, links
from apps.workspaces.access import Action
from apps.workspaces.services import create_api_key


class EvaluationViewSet(VisibleViewSet):
    queryset = Evaluation.objects.all()
    serializer_class = serializers.EvaluationSerializer

    @extend_schema(
        request=serializers.EvaluationRequestSerializer, responses={201: serializers.EvaluationSerializer}
    )
    def create(self, request: Request) -> Response:
        """Let a model, or the trivial baseline, answer the test split of a dataset version."""
        data = self.read(serializers.EvaluationRequestSerializer)
        version = find(
            request,
            DatasetVersion.objects.select_related("dataset"),
            Action.EDIT,
            field="data",
            pk=data["data"],
        )
        model = None
        if data["model"]:
            model = find(request, ModelVersion.objects.all(), Action.EDIT, field="model", pk=data["model"])
        made = evaluation.evaluate(
            actor=request.user,  # type: ignore[arg-type]
            dataset_version=version,
            model_version=model,
            max_rows=data["max_rows"],
        )
        return Response(serializers.EvaluationSerializer(made).data, status=status.HTTP_201_CREATED)


class ComparisonViewSet(VisibleViewSet):
    queryset = Comparison.objects.prefetch_related("compared")
    serializer_class = serializers.ComparisonSerializer

    @extend_schema(
        request=serializers.ComparisonRequestSerializer, responses={201: serializers.ComparisonSerializer}
    )
    def create(self, request: Request) -> Response:
        """Compare evaluations of one test set, or a tuned model with its base and the trivial baseline."""
        data = self.read(serializers.ComparisonRequestSerializer)
        user: Any = request.user
        if data.get("model"):
            models = ModelVersion.objects.select_related("dataset_version__dataset", "parent")
            model = find(request, models, Action.EDIT, field="model", pk=data["model"])
            made = evaluation.compare_with_base(actor=user, model_version=model)
        else:
            related = Evaluation.objects.select_related("job", "model_version", "dataset_version__dataset")
            chosen = [
                find(request, related, Action.EDIT, field="evaluations", pk=pk) for pk in data["evaluations"]
            ]
            made = evaluation.compare(actor=user, evaluations=chosen, name=data["name"])
        return Response(serializers.ComparisonSerializer(made).data, status=status.HTTP_201_CREATED)


class AppViewSet(VisibleViewSet):
    queryset = App.objects.all()
    serializer_class = serializers.AppSerializer
    related = ("live_version__parity_job",)

    @extend_schema(request=serializers.AppRequestSerializer, responses={201: serializers.AppSerializer})
    def create(self, request: Request) -> Response:
        """Make an app of a model and, unless told otherwise, publish it."""
        data = self.read(serializers.AppRequestSerializer)
        user: Any = request.user
        model = find(request, ModelVersion.objects.all(), Action.EDIT, field="model", pk=data.pop("model"))
        name, publish = data.pop("name"), data.pop("publish")
        with transaction.atomic():
            app = apps.create_app(
                actor=user,
                workspace=model.workspace,
                model_version=model,
                name=name,
                app_settings=replace(settings_for(model), **data),
            )
            if publish:
                apps.publish(actor=user, app=app, version=app.versions.get())
        return Response(serializers.AppSerializer(app).data, status=status.HTTP_201_CREATED)

    @extend_schema(
        request=serializers.LinkSerializer, responses={201: serializers.LinkSerializer}, filters=False
    )
    @action(detail=True, methods=["post"])
    def links(self, request: Request, pk: Any = None) -> Response:
        """Make a share link; whoever has its address may use the app."""
        app: App = self.own(Action.PUBLISH)
        data = self.read(serializers.LinkSerializer)
        link, _token = links.create_share_link(
            actor=request.user,  # type: ignore[arg-type]
            app=app,
            name=data["name"],
            password=data["password"],
        )
        made = {"id": link.pk, "name": link.name, "url": links.address_of(link)}
        return Response(serializers.LinkSerializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(
        request=serializers.AppKeySerializer, responses={201: serializers.AppKeySerializer}, filters=False
    )
    @action(detail=True, methods=["post"])
    def keys(self, request: Request, pk: Any = None) -> Response:
        """Make a key that opens this app at /v1, for 90 days unless told otherwise."""
        app: App = self.own()
        data = self.read(serializers.AppKeySerializer)
        key, secret = create_api_key(
            actor=request.user,  # type: ignore[arg-type]
            workspace=app.workspace,
            name=data["name"],
            app=app,
            can_write=data["can_write"],
            days=data["days"],
        )
        made = {
            "id": key.pk,
            "name": key.name,
            "can_write": key.can_write,
            "expires_at": key.expires_at,
            "secret": secret,
        }
        return Response(serializers.AppKeySerializer(made).data, status=status.HTTP_201_CREATED)


class JobViewSet(VisibleViewSet):
    queryset = Job.objects.all()
    serializer_class = serializers.JobSerializer
    related = ()

    @extend_schema(request=None, responses=serializers.JobSerializer, filters=False)
    @action(detail=True, methods=["post"])
    def stop(self, request: Request, pk: Any = None) -> Response:
        """Ask a job to end."""
        job: Job = self.own()
        stopping.request_stop(actor=request.user, job=job)  # type: ignore[arg-type]
        job.refresh_from_db()
        return Response(serializers.JobSerializer(job).data)

    @extend_schema(request=None, responses=serializers.JobSerializer, filters=False)
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, pk: Any = None) -> Response:
        """Queue a job that ended without a result again."""
        job: Job = self.own()
        jobs.retry(actor=request.user, job=job)  # type: ignore[arg-type]
        job.refresh_from_db()
        return Response(serializers.JobSerializer(job).data)
