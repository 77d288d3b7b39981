"""Datasets, imports and versions."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.parsers import JSONParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.rest import serializers
from apps.api.rest.base import VisibleViewSet, chunks_of, find, workspace_of
from apps.core.errors import UserError
from apps.datasets import services
from apps.datasets.models import Dataset, DatasetVersion, Import
from apps.training.bases import choices_for
from apps.workspaces.access import Action


class DatasetViewSet(VisibleViewSet):
    queryset = Dataset.objects.prefetch_related("versions", "imports")
    serializer_class = serializers.DatasetSerializer
    parser_classes = [MultiPartParser, JSONParser]
    related = ()

    @extend_schema(request=serializers.UploadSerializer, responses={201: serializers.ImportSerializer})
    def create(self, request: Request) -> Response:
        """Upload a file or a text, or name an address to fetch one from. It is parsed by a job; read the import until it has succeeded, then confirm it."""
        data = self.read(serializers.UploadSerializer)
        dataset = None
        if data.get("dataset"):
            dataset = find(request, Dataset.objects.all(), Action.EDIT, field="dataset", pk=data["dataset"])
        into: dict[str, Any] = {
            "actor": request.user,
            "workspace": dataset.workspace if dataset else workspace_of(request),
            "dataset": dataset,
            "name": data["name"],
        }
        if "address" in data:
            made = services.import_from_address(**into, address=data["address"])
        else:
            filename = data["file"].name if "file" in data else data["filename"]
            made = services.start_import(**into, filename=filename, chunks=chunks_of(data))
        return Response(serializers.ImportSerializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: Any = None) -> Response:
        """Delete the dataset with all its rows. Refused while runs or evaluations need it."""
        services.delete_dataset(actor=request.user, dataset=self.own())  # type: ignore[arg-type]
        return Response(status=status.HTTP_204_NO_CONTENT)


class ImportViewSet(VisibleViewSet):
    queryset = Import.objects.all()
    serializer_class = serializers.ImportSerializer

    @extend_schema(
        request=serializers.ConfirmSerializer,
        responses={201: serializers.DatasetVersionSerializer},
        filters=False,
    )
    @action(detail=True, methods=["post"])
    def confirm(self, request: Request, pk: Any = None) -> Response:
        """Freeze a dataset version, with the proposed task type and roles or with other ones."""
        found: Import = self.own()
        data = self.read(serializers.ConfirmSerializer)
        if not found.result:
            raise UserError("The import has not succeeded yet.", code="not_ready")
        proposal = found.result["proposal"]
        task_type = data.get("task_type") or proposal["task_type"]
        if not task_type:
            raise UserError("The data does not say what it teaches. Send a task_type.", field="task_type")
        version = services.confirm_import(
            actor=request.user,  # type: ignore[arg-type]
            import_=found,
            task_type=task_type,
            roles=data.get("roles") or proposal["roles"],
        )
        return Response(serializers.DatasetVersionSerializer(version).data, status=status.HTTP_201_CREATED)


class DatasetVersionViewSet(VisibleViewSet):
    queryset = DatasetVersion.objects.all()
    serializer_class = serializers.DatasetVersionSerializer
    related = ("job", "dataset")

    @extend_schema(responses=serializers.BaseChoiceSerializer(many=True), filters=False)
    @action(detail=True, methods=["get"], pagination_class=None)
    def bases(self, request: Request, pk: Any = None) -> Response:
        """What a run on this data can start from, the default first."""
        choices = choices_for(request.user, self.own(Action.VIEW))  # type: ignore[arg-type]
        return Response(serializers.BaseChoiceSerializer(choices, many=True).data)
