"""Evaluations, comparisons, apps and jobs."""

from typing import Any

from django.db import transaction
from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.rest import serializers
from apps.api.rest.base import ArrayPages, VisibleViewSet, asks, find, person_of
from apps.catalog.models import ModelVersion
from apps.datasets.models import DatasetVersion
from apps.evaluation import services as evaluation
from apps.evaluation.files import send_comparison_file, send_evaluation_file
from apps.evaluation.models import Comparison, Evaluation
from apps.jobs import pausing, stopping
from apps.jobs import services as jobs
from apps.jobs.models import Job
from apps.publishing.defaults import settings_for
from apps.publishing.kinds import AppSettings
from apps.publishing.models import App, ShareLink
from apps.publishing.services import apps, links
from apps.workspaces import access
from apps.workspaces.access import Action
from apps.workspaces.access.api_keys import create_api_key, revoke_api_key
from apps.workspaces.access.rules import EDIT, MAKER, PUBLISH, VIEW
from apps.workspaces.models import ApiKey

_NEWEST_FIRST = ("-created_at", "pk")


class EvaluationViewSet(VisibleViewSet):
    kind = "evaluation"
    queryset = Evaluation.objects.all()
    serializer_class = serializers.EvaluationSerializer
    related = ("workspace", "job", "model_version", "dataset_version__dataset")

    @extend_schema(
        request=serializers.EvaluationRequestSerializer, responses={201: serializers.EvaluationSerializer}
    )
    @asks(EDIT, names={"data": "dataset_version", "model": "model", "training_data": "dataset_version"})
    def create(self, request: Request) -> Response:
        """Let a model, or a simple baseline, answer a split or all rows of a dataset version."""
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
        learned = None
        if data["training_data"]:
            learned = find(
                request,
                DatasetVersion.objects.select_related("dataset"),
                Action.EDIT,
                field="training_data",
                pk=data["training_data"],
            )
        made = evaluation.evaluate(
            actor=person_of(self.request),
            dataset_version=version,
            model_version=model,
            max_rows=data["max_rows"],
            split=data["split"],
            training_data=learned,
            baseline=data["baseline"],
        )
        return Response(serializers.EvaluationSerializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(responses={204: None})
    @asks(EDIT)
    def destroy(self, request: Request, pk: Any = None) -> Response:
        """Delete the evaluation with its outputs. Refused while a comparison needs it."""
        evaluation.delete_evaluation(actor=person_of(self.request), evaluation=self.opened)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(responses={(200, "application/octet-stream"): OpenApiTypes.BINARY}, filters=False)
    @action(detail=True, methods=["get"], url_path="files/<str:name>")
    @asks(VIEW, values="evaluation_file")
    def file(self, request: Request, pk: Any = None, name: str = "") -> StreamingHttpResponse:
        """Every output as a file: `outputs.csv` or `outputs.parquet`, once the evaluation has succeeded."""
        return send_evaluation_file(request, self.opened, name)


class ComparisonViewSet(VisibleViewSet):
    kind = "comparison"
    queryset = Comparison.objects.prefetch_related("compared")
    serializer_class = serializers.ComparisonSerializer

    @extend_schema(
        request=serializers.ComparisonRequestSerializer, responses={201: serializers.ComparisonSerializer}
    )
    @asks(EDIT, names={"evaluations": "evaluation", "model": "model"})
    def create(self, request: Request) -> Response:
        """Compare evaluations of one test set, or a tuned model with its base and the simple baselines.

        With `model`, a large test split is sampled unless `all_rows` is true."""
        data = self.read(serializers.ComparisonRequestSerializer)
        user: Any = request.user
        if data.get("model"):
            models = ModelVersion.objects.select_related("dataset_version__dataset", "parent")
            model = find(request, models, Action.EDIT, field="model", pk=data["model"])
            made = evaluation.compare_with_base(actor=user, model_version=model, all_rows=data["all_rows"])
        else:
            related = Evaluation.objects.select_related("job", "model_version", "dataset_version__dataset")
            chosen = [
                find(request, related, Action.EDIT, field="evaluations", pk=pk) for pk in data["evaluations"]
            ]
            made = evaluation.compare(actor=user, evaluations=chosen, name=data["name"])
        return Response(serializers.ComparisonSerializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(responses={204: None})
    @asks(EDIT)
    def destroy(self, request: Request, pk: Any = None) -> Response:
        """Delete the comparison; its evaluations stay."""
        evaluation.delete_comparison(actor=person_of(self.request), comparison=self.opened)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(responses={(200, "application/octet-stream"): OpenApiTypes.BINARY}, filters=False)
    @action(detail=True, methods=["get"], url_path="files/<str:name>")
    @asks(VIEW, values="comparison_file")
    def file(self, request: Request, pk: Any = None, name: str = "") -> StreamingHttpResponse:
        """Every row with all outputs as a file: `rows.csv` or `rows.parquet`, once the comparison has succeeded."""
        return send_comparison_file(request, self.opened, name)


def _chosen_settings(model: ModelVersion, given: dict[str, Any]) -> AppSettings:
    """The settings of a new app, changed as the request says."""
    usual = settings_for(model).model_dump()
    return settings_for(model).__class__(
        **usual | {name: given[name] for name in usual.keys() & given.keys()}
    )


class AppViewSet(VisibleViewSet):
    kind = "app"
    queryset = App.objects.all()
    serializer_class = serializers.AppSerializer
    related = ("live_version__parity_job", "live_version__app")

    @extend_schema(request=serializers.AppRequestSerializer, responses={201: serializers.AppSerializer})
    @asks(EDIT, names={"model": "model"})
    def create(self, request: Request) -> Response:
        """Create an app from a model and, unless told otherwise, publish it."""
        data = self.read(serializers.AppRequestSerializer)
        user: Any = request.user
        model = find(request, ModelVersion.objects.all(), Action.EDIT, field="model", pk=data.pop("model"))
        name, publish, confirmed = data.pop("name"), data.pop("publish"), data.pop("confirm_verdict")
        with transaction.atomic():
            app = apps.create_app(
                actor=user,
                workspace=model.workspace,
                model_version=model,
                name=name,
                app_settings=_chosen_settings(model, data),
            )
            if publish:
                apps.publish(actor=user, app=app, version=app.versions.get(), verdict_is_confirmed=confirmed)
        return Response(serializers.AppSerializer(app).data, status=status.HTTP_201_CREATED)

    @extend_schema(responses={204: None})
    @asks(MAKER)
    def destroy(self, request: Request, pk: Any = None) -> Response:
        """Delete the app with its links, keys and conversations. Open pages are disconnected."""
        apps.delete_app(actor=person_of(self.request), app=self.opened)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(responses=serializers.LinkSerializer(many=True), filters=False)
    @action(detail=True, methods=["get"], pagination_class=ArrayPages)
    @asks(VIEW)
    def links(self, request: Request, pk: Any = None) -> Response:
        """The links that are open, the newest first. The header Link leads to the next page."""
        found = self.paginate_queryset(self.opened.links.live().order_by(*_NEWEST_FIRST)) or []
        data = serializers.LinkSerializer(map(_link, found), many=True).data
        return self.get_paginated_response(data)

    @extend_schema(request=serializers.LinkSerializer, responses={201: serializers.LinkSerializer})
    @links.mapping.post
    @asks(PUBLISH)
    def make_link(self, request: Request, pk: Any = None) -> Response:
        """Create a share link. Anyone with its address may use the app."""
        app: App = self.opened
        data = self.read(serializers.LinkSerializer)
        link, _token = links.create_share_link(actor=person_of(self.request), app=app, **data)
        return Response(serializers.LinkSerializer(_link(link)).data, status=status.HTTP_201_CREATED)

    @extend_schema(
        request=serializers.LinkChangeSerializer, responses=serializers.LinkSerializer, filters=False
    )
    @action(detail=True, methods=["patch"], url_path="links/<uuid:link>", url_name="link")
    @asks(PUBLISH, inner="share_link")
    def change_link(self, request: Request, pk: Any = None, link: Any = None) -> Response:
        """Change name, password or limits of a link, pause or resume it. It applies at once, also to open pages."""
        app: App = self.opened
        found = access.get_inner(app.links.live(), link)
        links.update_share_link(
            actor=person_of(self.request), link=found, **self.read(serializers.LinkChangeSerializer)
        )
        found.refresh_from_db()
        return Response(serializers.LinkSerializer(_link(found)).data)

    @extend_schema(responses={204: None}, filters=False)
    @change_link.mapping.delete
    @asks(PUBLISH, inner="share_link")
    def close_link(self, request: Request, pk: Any = None, link: Any = None) -> Response:
        """Close a share link at once. Open pages are disconnected."""
        app: App = self.opened
        found = access.get_inner(app.links.all(), link)
        links.revoke_share_link(actor=person_of(self.request), link=found)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(responses=serializers.AppKeySerializer(many=True), filters=False)
    @action(detail=True, methods=["get"], pagination_class=ArrayPages)
    @asks(VIEW)
    def keys(self, request: Request, pk: Any = None) -> Response:
        """The live keys of this app, without their secrets, the newest first. The header Link leads to the next page."""
        found = ApiKey.objects.of_members().filter(app_id=self.opened.pk)
        page = self.paginate_queryset(
            found.select_related("created_by", "made_with").order_by(*_NEWEST_FIRST)
        )
        return self.get_paginated_response(serializers.AppKeySerializer(page, many=True).data)

    @extend_schema(request=serializers.NewAppKeySerializer, responses={201: serializers.NewAppKeySerializer})
    @keys.mapping.post
    @asks(EDIT)
    def make_key(self, request: Request, pk: Any = None) -> Response:
        """Create a key that opens this app at /v1, for 90 days unless told otherwise.

        It expires no later than the key that this call is made with, and is revoked with it: `expires_at` says when.
        """
        app: App = self.opened
        data = self.read(serializers.NewAppKeySerializer)
        key, secret = create_api_key(
            actor=person_of(self.request),
            workspace=app.workspace,
            name=data["name"],
            app=app,
            can_write=data["can_write"],
            days=data["days"],
        )
        key.secret = secret  # type: ignore[attr-defined]
        return Response(serializers.NewAppKeySerializer(key).data, status=status.HTTP_201_CREATED)

    @extend_schema(responses={204: None}, filters=False)
    @action(detail=True, methods=["delete"], url_path="keys/<uuid:key>", url_name="key")
    @asks(MAKER, inner="app_key")
    def revoke_key(self, request: Request, pk: Any = None, key: Any = None) -> Response:
        """Revoke a key of this app. Programs that use it stop working at once."""
        app: App = self.opened
        found = access.get_inner(ApiKey.objects.filter(app_id=app.pk), key)
        revoke_api_key(actor=person_of(self.request), key=found)
        return Response(status=status.HTTP_204_NO_CONTENT)


def _link(link: ShareLink) -> ShareLink:
    """The link with its address, which is decrypted for each answer."""
    link.url = links.address_of(link)  # type: ignore[attr-defined]
    return link


class JobViewSet(VisibleViewSet):
    kind = "job"
    queryset = Job.objects.all()
    serializer_class = serializers.JobSerializer
    related = ()

    @extend_schema(request=None, responses=serializers.JobSerializer, filters=False)
    @action(detail=True, methods=["post"])
    @asks(EDIT)
    def stop(self, request: Request, pk: Any = None) -> Response:
        """Ask a job to end."""
        job: Job = self.opened
        stopping.request_stop(actor=person_of(self.request), job=job)
        job.refresh_from_db()
        return Response(serializers.JobSerializer(job).data)

    @extend_schema(request=None, responses=serializers.JobSerializer, filters=False)
    @action(detail=True, methods=["post"])
    @asks(EDIT)
    def pause(self, request: Request, pk: Any = None) -> Response:
        """Let a run write a checkpoint and wait until it is resumed. Other kinds of jobs cannot be paused."""
        job: Job = self.opened
        pausing.pause(actor=person_of(self.request), job=job)
        job.refresh_from_db()
        return Response(serializers.JobSerializer(job).data)

    @extend_schema(request=None, responses=serializers.JobSerializer, filters=False)
    @action(detail=True, methods=["post"])
    @asks(EDIT)
    def unpause(self, request: Request, pk: Any = None) -> Response:
        """Queue a paused run again. It goes on from its checkpoint."""
        job: Job = self.opened
        pausing.unpause(actor=person_of(self.request), job=job)
        job.refresh_from_db()
        return Response(serializers.JobSerializer(job).data)

    @extend_schema(
        request=serializers.PriorityRequestSerializer, responses=serializers.JobSerializer, filters=False
    )
    @action(detail=True, methods=["post"])
    @asks(EDIT)
    def priority(self, request: Request, pk: Any = None) -> Response:
        """Let a queued job come before or after the other jobs of its workspace."""
        data = self.read(serializers.PriorityRequestSerializer)
        job: Job = self.opened
        pausing.set_priority(actor=person_of(self.request), job=job, priority=data["priority"])
        job.refresh_from_db()
        return Response(serializers.JobSerializer(job).data)

    @extend_schema(request=None, responses=serializers.JobSerializer, filters=False)
    @action(detail=True, methods=["post"])
    @asks(EDIT)
    def retry(self, request: Request, pk: Any = None) -> Response:
        """Queue a job that ended without a result again."""
        job: Job = self.opened
        jobs.retry(actor=person_of(self.request), job=job)
        job.refresh_from_db()
        return Response(serializers.JobSerializer(job).data)
