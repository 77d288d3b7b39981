"""Addresses of apps.console."""

from django.urls import path

from apps.console import views

app_name = "console"
urlpatterns = [
    path("", views.console, name="console"),
    path("jobs/<uuid:job_id>/retry/", views.retry, name="retry"),
    path("jobs/<uuid:job_id>/stop/", views.stop, name="stop"),
]
