"""Addresses of apps.publishing."""

from django.urls import URLPattern, path

from apps.publishing.consumers import AppSocket, TrialSocket

app_name = "publishing"
urlpatterns: list[URLPattern] = []
websocket_urlpatterns = [
    path("ws/a/<str:token>/", AppSocket.as_asgi()),
    path("ws/apps/<uuid:app_id>/", AppSocket.as_asgi()),
    path("ws/try/", TrialSocket.as_asgi()),
]
