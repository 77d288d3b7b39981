"""The serializers of the REST API, by area. Settings and results keep the shape of their contracts."""

from apps.api.rest.serializers.data import (
    BaseChoiceSerializer,
    ConfirmSerializer,
    DatasetSerializer,
    DatasetVersionSerializer,
    ImportSerializer,
    PartsSerializer,
    RereadSerializer,
    UploadSerializer,
)
from apps.api.rest.serializers.evaluation import (
    ComparisonRequestSerializer,
    ComparisonSerializer,
    EvaluationRequestSerializer,
    EvaluationSerializer,
)
from apps.api.rest.serializers.jobs import JobSerializer, PriorityRequestSerializer
from apps.api.rest.serializers.models import BaseModelSerializer, ExportSerializer, ModelVersionSerializer
from apps.api.rest.serializers.publishing import (
    AppKeySerializer,
    AppRequestSerializer,
    AppSerializer,
    LinkChangeSerializer,
    LinkSerializer,
    NewAppKeySerializer,
)
from apps.api.rest.serializers.sweeps import (
    SweepDetailSerializer,
    SweepRequestSerializer,
    SweepSerializer,
)
from apps.api.rest.serializers.training import (
    ContinueRequestSerializer,
    PreflightRequestSerializer,
    PreflightSerializer,
    RunRequestSerializer,
    RunSerializer,
)

__all__ = [
    "AppKeySerializer",
    "AppRequestSerializer",
    "AppSerializer",
    "BaseChoiceSerializer",
    "BaseModelSerializer",
    "ComparisonRequestSerializer",
    "ComparisonSerializer",
    "ConfirmSerializer",
    "ContinueRequestSerializer",
    "DatasetSerializer",
    "DatasetVersionSerializer",
    "EvaluationRequestSerializer",
    "EvaluationSerializer",
    "ExportSerializer",
    "ImportSerializer",
    "JobSerializer",
    "LinkChangeSerializer",
    "LinkSerializer",
    "ModelVersionSerializer",
    "NewAppKeySerializer",
    "PartsSerializer",
    "PreflightRequestSerializer",
    "PreflightSerializer",
    "PriorityRequestSerializer",
    "RereadSerializer",
    "RunRequestSerializer",
    "RunSerializer",
    "SweepDetailSerializer",
    "SweepRequestSerializer",
    "SweepSerializer",
    "UploadSerializer",
]
