"""Addresses below /api/v1."""

from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.routers import DefaultRouter

from apps.api.rest import data, models, results, sweeps
from apps.workspaces.access.rules import ANYONE, access_rule, declare_rules

router = DefaultRouter(use_regex_path=False)
router.include_root_view = False
router.include_format_suffixes = False
router.register("uploads", data.UploadViewSet, basename="upload")
router.register("datasets", data.DatasetViewSet)
router.register("imports", data.ImportViewSet)
router.register("dataset-versions", data.DatasetVersionViewSet)
router.register("base-models", models.BaseModelViewSet)
router.register("preflights", models.PreflightViewSet)
router.register("runs", models.RunViewSet)
router.register("sweeps", sweeps.SweepViewSet)
router.register("models", models.ModelVersionViewSet)
router.register("exports", models.ExportViewSet)
router.register("evaluations", results.EvaluationViewSet)
router.register("comparisons", results.ComparisonViewSet)
router.register("apps", results.AppViewSet)
router.register("jobs", results.JobViewSet)

urlpatterns = [
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", SpectacularSwaggerSplitView.as_view(url_name="api:schema"), name="docs"),
    path("", include(router.urls)),
]

declare_rules({"api:schema": access_rule(get=ANYONE), "api:docs": access_rule(get=ANYONE)})
