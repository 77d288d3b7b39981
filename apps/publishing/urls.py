"""Addresses of apps.publishing."""

from django.urls import URLPattern

app_name = "publishing"
urlpatterns: list[URLPattern] = []
websocket_urlpatterns: list[URLPattern] = []
