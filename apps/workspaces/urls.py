"""Addresses of apps.workspaces."""

from django.urls import path

from apps.workspaces import views

app_name = "workspaces"
urlpatterns = [
    path("", views.detail, name="detail"),
    path("keys/", views.keys, name="keys"),
    path("keys/<uuid:key_id>/revoke/", views.revoke_key, name="revoke_key"),
]
