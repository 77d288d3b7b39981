"""Addresses of apps.jobs."""

from django.urls import path

from apps.jobs import views
from apps.jobs.consumers import JobConsumer

app_name = "jobs"
urlpatterns = [
    path("notices/", views.notices, name="notices"),
    path("notifications/", views.notification_settings, name="notifications"),
    path("notifications/test/", views.test_webhook, name="test_webhook"),
    path("notifications/secret/", views.renew_webhook_secret, name="renew_webhook_secret"),
    path("<uuid:job_id>/status/", views.status, name="status"),
    path("<uuid:job_id>/log/", views.log, name="log"),
    path("<uuid:job_id>/stop/", views.stop, name="stop"),
    path("<uuid:job_id>/retry/", views.retry, name="retry"),
    path("<uuid:job_id>/pause/", views.pause, name="pause"),
    path("<uuid:job_id>/unpause/", views.unpause, name="unpause"),
    path("<uuid:job_id>/priority/", views.set_priority, name="priority"),
]
websocket_urlpatterns = [path("ws/jobs/<uuid:job_id>/", JobConsumer.as_asgi())]
