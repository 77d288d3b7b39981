"""Base models, pre-flights, runs and model versions."""

from typing import Any

from django.http import StreamingHttpResponse
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from pydantic import ValidationError
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.rest import serializers
from apps.api.rest.base import VisibleViewSet, asks, find, person_of, workspace_of
from apps.catalog import services as catalog
from apps.catalog.models import BaseModel, Export, ModelVersion
from apps.core.downloads import read_chunks
from apps.core.errors import UserError
from apps.core.storage import storage
from apps.core.validation_messages import problem_message
from apps.datasets.models import DatasetVersion
from apps.jobs import stopping
from apps.jobs.views import sequence_number
from apps.training import services
from apps.training.bases import choices_for, find_choice
from apps.training.continuation import More, continue_run
from apps.training.export.folder import send_folder
from apps.training.files import send_run_file
from apps.training.models import Preflight, Run
from apps.training.querysets import metric_points
from apps.workspaces.access import Action
from apps.workspaces.access.downloads import send_file
from apps.workspaces.access.rules import EDIT, MAKER, VIEW
from workers.contracts.recipes import Length, Recipe


class BaseModelViewSet(VisibleViewSet):
    kind = "base_model"
    queryset = BaseModel.objects.all()
    serializer_class = serializers.BaseModelSerializer
    related = ()

    @extend_schema(request=serializers.BaseModelSerializer, responses={201: serializers.BaseModelSerializer})
    @asks(EDIT)
    def create(self, request: Request) -> Response:
        """Add a base model from the Hub or from a folder."""
        data = self.read(serializers.BaseModelSerializer)
        made = catalog.add_base_model(actor=person_of(self.request), workspace=workspace_of(request), **data)
        return Response(serializers.BaseModelSerializer(made).data, status=status.HTTP_201_CREATED)


class PreflightViewSet(VisibleViewSet):
    kind = "preflight"
    queryset = Preflight.objects.all()
    serializer_class = serializers.PreflightSerializer

    @extend_schema(
        request=serializers.PreflightRequestSerializer, responses={201: serializers.PreflightSerializer}
    )
    @asks(EDIT, names={"data": "dataset_version"})
    def create(self, request: Request) -> Response:
        """Ask what a run would do: rows, tokens, steps, minutes, memory, and what stands in its way."""
        data = self.read(serializers.PreflightRequestSerializer)
        versions = DatasetVersion.objects.select_related("dataset")
        version = find(request, versions, Action.EDIT, field="data", pk=data["data"])
        user: Any = request.user
        base = find_choice(user, version, data["base"]) if data["base"] else choices_for(user, version)[0]
        recipe = _recipe(data["recipe"])
        try:
            made = services.request_preflight(
                actor=user,
                dataset_version=version,
                base=base,
                length=Length(data["length"]),
                recipe=recipe,
            )
        except UserError as error:
            if error.field == "objective":
                error.field = "recipe.objective"
            raise
        return Response(serializers.PreflightSerializer(made).data, status=status.HTTP_201_CREATED)


def _recipe(data: dict[str, Any]) -> Recipe:
    try:
        return Recipe.model_validate(data)
    except ValidationError as error:
        problem = error.errors()[0]
        name = ".".join(["recipe", *map(str, problem["loc"])])
        raise UserError(problem_message(problem, name), field=name) from error


class RunViewSet(VisibleViewSet):
    kind = "run"
    queryset = Run.objects.all()
    serializer_class = serializers.RunSerializer

    @extend_schema(request=serializers.RunRequestSerializer, responses={201: serializers.RunSerializer})
    @asks(EDIT, names={"preflight": "preflight"})
    def create(self, request: Request) -> Response:
        """Start the run that a pre-flight described."""
        data = self.read(serializers.RunRequestSerializer)
        preflights = Preflight.objects.select_related("job", "dataset_version__dataset", "base_version")
        preflight = find(request, preflights, Action.EDIT, field="preflight", pk=data["preflight"])
        limit = services.TimeLimit(data["max_minutes"]) if "max_minutes" in data else None
        user: Any = request.user
        run = services.start_run(actor=user, preflight=preflight, name=data["name"], time_limit=limit)
        return Response(serializers.RunSerializer(run).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=None, responses=serializers.RunSerializer, filters=False)
    @action(detail=True, methods=["post"])
    @asks(EDIT)
    def stop(self, request: Request, pk: Any = None) -> Response:
        """End the run with the best it has."""
        run: Run = self.opened
        stopping.request_stop(actor=person_of(self.request), job=run.job)
        run.job.refresh_from_db()
        return Response(serializers.RunSerializer(run).data)

    @extend_schema(
        request=serializers.ContinueRequestSerializer,
        responses={201: serializers.RunSerializer},
        filters=False,
    )
    @action(detail=True, methods=["post"], url_path="continue", url_name="continue")
    @asks(EDIT)
    def continue_training(self, request: Request, pk: Any = None) -> Response:
        """Train on from where this run ended, for more epochs or minutes: a follow-up run with a model of its own."""
        run: Run = self.opened
        data = self.read(serializers.ContinueRequestSerializer)
        more = More(epochs=data["epochs"], minutes=data["minutes"])
        made = continue_run(actor=person_of(self.request), run=run, more=more, name=data["name"])
        return Response(serializers.RunSerializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(
        parameters=[OpenApiParameter("after", int, description="Only points after this sequence number.")],
        responses=OpenApiTypes.OBJECT,
        filters=False,
    )
    @action(detail=True, methods=["get"], pagination_class=None)
    @asks(VIEW)
    def metrics(self, request: Request, pk: Any = None) -> Response:
        """The points of the run's chart: {"last", "points": [[step, epoch, {name: value}]]}."""
        after = sequence_number(request.query_params.get("after", ""))
        run: Run = self.opened
        return Response(metric_points(run.job, after=after))

    @extend_schema(responses={(200, "application/octet-stream"): OpenApiTypes.BINARY}, filters=False)
    @action(detail=True, methods=["get"], url_path="files/<str:name>")
    @asks(VIEW, values="run_file")
    def file(self, request: Request, pk: Any = None, name: str = "") -> StreamingHttpResponse:
        """The figures of every step as a file: `metrics.csv`, or `events.out.tfevents` for TensorBoard.

        A run in progress sends what it has so far.
        """
        return send_run_file(request, self.opened, name)

    @extend_schema(responses={(200, "application/zip"): OpenApiTypes.BINARY}, filters=False)
    @action(detail=True, methods=["get"])
    @asks(VIEW)
    def folder(self, request: Request, pk: Any = None) -> StreamingHttpResponse:
        """The run as a zip file that trains without the studio: spec, rows and base model, a README with the commands, and
        recipes for LLaMA-Factory, Axolotl and NVIDIA NeMo AutoModel."""
        return send_folder(request, self.opened)


class ModelVersionViewSet(VisibleViewSet):
    kind = "model"
    queryset = ModelVersion.objects.all()
    serializer_class = serializers.ModelVersionSerializer
    related = ("run",)

    @extend_schema(responses={204: None})
    @asks(MAKER)
    def destroy(self, request: Request, pk: Any = None) -> Response:
        """Delete the model's files; what was measured of it stays. Refused while an app, a run or an evaluation needs them."""
        catalog.delete_version_files(actor=person_of(self.request), version=self.opened)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=None, responses={201: serializers.ExportSerializer}, filters=False)
    @action(detail=True, methods=["post"])
    @asks(VIEW)
    def export(self, request: Request, pk: Any = None) -> Response:
        """Pack the model for download; read the export until it has succeeded."""
        made = catalog.start_export(actor=person_of(self.request), version=self.opened)
        return Response(serializers.ExportSerializer(made).data, status=status.HTTP_201_CREATED)


class ExportViewSet(VisibleViewSet):
    kind = "export"
    queryset = Export.objects.all()
    serializer_class = serializers.ExportSerializer

    @extend_schema(responses={(200, "application/zip"): OpenApiTypes.BINARY}, filters=False)
    @action(detail=True, methods=["get"])
    @asks(VIEW)
    def file(self, request: Request, pk: Any = None) -> StreamingHttpResponse:
        """The packed model."""
        export: Export = self.opened
        if not export.result:
            raise UserError(_("The export has not succeeded yet."), code="not_ready")
        name = export.result["filename"]
        stream = storage().open(export.file_key)
        return send_file(
            request,
            read_chunks(stream),
            workspace=export.workspace,
            filename=name,
            content_type="application/zip",
            size=export.result["bytes"],
        )
