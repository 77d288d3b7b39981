"""Addresses of apps.jobs."""

from django.urls import URLPattern

app_name = "jobs"
urlpatterns: list[URLPattern] = []
websocket_urlpatterns: list[URLPattern] = []
