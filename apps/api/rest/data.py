"""Datasets, imports and versions."""

from typing import Any

from django.db.models import Prefetch
from django.http import StreamingHttpResponse
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.parsers import BaseParser, JSONParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.rest import serializers
from apps.api.rest.base import RuledViewSet, VisibleViewSet, asks, chunks_of, find, person_of, workspace_of
from apps.core.errors import NotVisible, UserError
from apps.datasets import services
from apps.datasets.files import send_import_file, send_version_file
from apps.datasets.models import Dataset, DatasetVersion, Import
from apps.training.bases import choices_for
from apps.workspaces.access import Action
from apps.workspaces.access.rules import EDIT, MAKER, VIEW

NEWEST_LISTED = 50
"""Of a dataset's versions and imports: `versions/` and `imports/` list all of them, in pages."""


class PartParser(BaseParser):
    """The bytes as they are, and one more than a part may have."""

    media_type = "application/octet-stream"

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        return stream.read(services.PART_BYTES + 1)


class UploadViewSet(RuledViewSet):
    """A large file in parts: what has arrived is not sent twice. An upload is whose key began it."""

    values = "upload"

    serializer_class = serializers.PartsSerializer
    lookup_field = "upload"
    lookup_value_converter = "slug"
    pagination_class = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if self.action is not None and "upload" in kwargs and not services.is_upload_id(kwargs["upload"]):
            raise NotVisible

    @extend_schema(request=None, responses={201: serializers.PartsSerializer})
    @asks(EDIT)
    def create(self, request: Request) -> Response:
        """Begin a file that comes in parts. Send the parts, then `POST datasets/` with `upload`, `parts` and `filename`."""
        return self._told(request, services.new_upload_id(), status.HTTP_201_CREATED)

    @extend_schema(responses={200: serializers.PartsSerializer})
    @asks(EDIT)
    def retrieve(self, request: Request, upload: str) -> Response:
        """Which parts are here, so that it goes on where it broke off."""
        return self._told(request, upload, status.HTTP_200_OK)

    @extend_schema(
        request={"application/octet-stream": OpenApiTypes.BINARY}, responses={204: None}, filters=False
    )
    @action(detail=True, methods=["post"], url_path="parts/<int:number>", parser_classes=[PartParser])
    @asks(EDIT, values="number")
    def part(self, request: Request, upload: str, number: int) -> Response:
        """One part, numbered from 0: the next `part_bytes` of the file; the last one may be shorter. The same one may be sent again."""
        content: Any = request.data
        if not content:
            raise UserError(_("Send the bytes of the part as the body."), code="empty")
        services.store_part(
            actor=person_of(self.request),
            workspace=workspace_of(request),
            upload_id=upload,
            number=number,
            content=content,
        )
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _told(self, request: Request, upload: str, code: int) -> Response:
        here = services.stored_parts(actor=person_of(self.request), upload_id=upload)
        told = {"id": upload, "part_bytes": services.PART_BYTES, "parts": here}
        return Response(serializers.PartsSerializer(told).data, status=code)


class DatasetViewSet(VisibleViewSet):
    kind = "dataset"
    queryset = Dataset.objects.prefetch_related(
        # With names of their own: what Django puts in the place of `versions` cannot be cut.
        Prefetch("versions", DatasetVersion.objects.order_by("-number")[:NEWEST_LISTED], "newest_versions"),
        Prefetch("imports", Import.objects.order_by("-created_at")[:NEWEST_LISTED], "newest_imports"),
    )
    serializer_class = serializers.DatasetSerializer
    parser_classes = [MultiPartParser, JSONParser]
    related = ()

    @extend_schema(request=serializers.UploadSerializer, responses={201: serializers.ImportSerializer})
    @asks(EDIT, names={"dataset": "dataset"})
    def create(self, request: Request) -> Response:
        """Upload a file, a text or the parts of an upload, or name an address to fetch one from. It is parsed by a job; read the import until it has succeeded, then confirm it."""
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
            made = services.start_import(**into, filename=filename, chunks=chunks_of(request.user, data))
        if "upload" in data:
            services.discard_parts(actor=person_of(self.request), upload_id=data["upload"])
        return Response(serializers.ImportSerializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(responses={204: None})
    @asks(MAKER)
    def destroy(self, request: Request, pk: Any = None) -> Response:
        """Delete the dataset with all its rows. Where runs or evaluations rest on it, they and its name stay, its rows do not."""
        services.delete_dataset(actor=person_of(self.request), dataset=self.opened)
        return Response(status=status.HTTP_204_NO_CONTENT)


class ImportViewSet(VisibleViewSet):
    kind = "import"
    queryset = Import.objects.all()
    serializer_class = serializers.ImportSerializer

    @extend_schema(
        request=serializers.ConfirmSerializer,
        responses={201: serializers.DatasetVersionSerializer},
        filters=False,
    )
    @action(detail=True, methods=["post"])
    @asks(EDIT)
    def confirm(self, request: Request, pk: Any = None) -> Response:
        """Freeze a dataset version, with the proposed task type and roles or with other ones."""
        found: Import = self.opened
        data = self.read(serializers.ConfirmSerializer)
        if not found.result:
            raise UserError(_("The import has not succeeded yet."), code="not_ready")
        proposal = found.result["proposal"]
        task_type = data.get("task_type") or proposal["task_type"]
        if not task_type:
            raise UserError(
                _("The task cannot be determined from the data. Send a task_type."), field="task_type"
            )
        version = services.confirm_import(
            actor=person_of(self.request),
            import_=found,
            task_type=task_type,
            roles=data.get("roles") or _proposed_roles(proposal, task_type),
            test_only=data["test_only"],
            merge_label_case=data["merge_label_case"],
        )
        return Response(serializers.DatasetVersionSerializer(version).data, status=status.HTTP_201_CREATED)

    @extend_schema(
        request=serializers.RereadSerializer, responses={200: serializers.ImportSerializer}, filters=False
    )
    @action(detail=True, methods=["post"])
    @asks(EDIT)
    def reread(self, request: Request, pk: Any = None) -> Response:
        """Read the stored file again: another sheet of a workbook, another file of an archive, or in another encoding."""
        found: Import = self.opened
        data = self.read(serializers.RereadSerializer)
        made = services.reread_import(actor=person_of(self.request), import_=found, **data)
        return Response(serializers.ImportSerializer(made).data)

    @extend_schema(responses={(200, "application/octet-stream"): OpenApiTypes.BINARY}, filters=False)
    @action(detail=True, methods=["get"], url_path="files/<str:name>")
    @asks(VIEW, values="import_file")
    def file(self, request: Request, pk: Any = None, name: str = "") -> StreamingHttpResponse:
        """Rows that could not be read: `rejected.csv` or `rejected.parquet`, once the import has succeeded."""
        return send_import_file(request, self.opened, name)


def _proposed_roles(proposal: dict[str, Any], task_type: str) -> dict[str, str]:
    """The roles that choosing the task gives, as on the import's page."""
    if task_type == proposal["task_type"]:
        return proposal["roles"]
    return proposal.get("by_task", {}).get(task_type) or proposal["roles"]


class DatasetVersionViewSet(VisibleViewSet):
    kind = "dataset_version"
    queryset = DatasetVersion.objects.all()
    serializer_class = serializers.DatasetVersionSerializer
    related = ("job", "dataset")

    @extend_schema(responses=serializers.BaseChoiceSerializer(many=True), filters=False)
    @action(detail=True, methods=["get"], pagination_class=None)
    @asks(VIEW)
    def bases(self, request: Request, pk: Any = None) -> Response:
        """What a run on this data can start from, the default first."""
        choices = choices_for(person_of(self.request), self.opened)
        return Response(serializers.BaseChoiceSerializer(choices, many=True).data)

    @extend_schema(responses={(200, "application/octet-stream"): OpenApiTypes.BINARY}, filters=False)
    @action(detail=True, methods=["get"], url_path="files/<str:name>")
    @asks(VIEW, values="version_file")
    def file(self, request: Request, pk: Any = None, name: str = "") -> StreamingHttpResponse:
        """Rows as a file: `kept.csv`, `kept.parquet`, `rejected.csv` or `rejected.parquet`, once they are frozen."""
        return send_version_file(request, self.opened, name)
