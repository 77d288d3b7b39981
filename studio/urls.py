"""Every address of the site, by app."""

from django.contrib import admin
from django.urls import include, path

from apps.accounts.language import choose_language
from apps.core.views import healthz
from apps.jobs.urls import websocket_urlpatterns as jobs_sockets
from apps.publishing.urls import websocket_urlpatterns as publishing_sockets

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("language/", choose_language, name="set_language"),
    path("admin/", admin.site.urls),
    path("accounts/", include("apps.accounts.urls")),
    path("workspace/", include("apps.workspaces.urls")),
    path("jobs/", include("apps.jobs.urls")),
    path("data/", include("apps.datasets.urls")),
    path("models/", include("apps.catalog.urls")),
    path("runs/", include("apps.training.urls")),
    path("evaluations/", include("apps.evaluation.urls")),
    path("console/", include("apps.console.urls")),
    path("", include("apps.api.urls")),
    path("", include("apps.publishing.urls")),
    path("", include("apps.home.urls")),
]

handler404 = "apps.api.errors.page_not_found"
handler500 = "apps.api.errors.server_error"

websocket_urlpatterns = [*jobs_sockets, *publishing_sockets]
