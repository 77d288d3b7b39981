"""Addresses of apps.jobs."""

from django.urls import path

from apps.jobs import views
from apps.jobs.consumers import JobConsumer
from apps.workspaces.access.rules import VIEW, access_rule, declare_rules

app_name = "jobs"
urlpatterns = [
    path("notices/", views.notices, name="notices"),
    path("<uuid:job_id>/status/", views.status, name="status"),
    path("<uuid:job_id>/log/", views.log, name="log"),
    path("<uuid:job_id>/stop/", views.stop, name="stop"),
    path("<uuid:job_id>/retry/", views.retry, name="retry"),
]
websocket_urlpatterns = [path("ws/jobs/<uuid:job_id>/", JobConsumer.as_asgi())]

declare_rules(
    {
        "ws/jobs/<uuid:job_id>/": access_rule(opening=VIEW, of="job"),
    }
)
