"""Addresses of apps.catalog."""

from django.urls import path

from apps.catalog.views import bases, versions

app_name = "catalog"
urlpatterns = [
    path("", versions.model_list, name="list"),
    path("bases/new/", bases.add, name="base_new"),
    path("bases/recommended/", bases.recommended, name="base_recommended"),
    path("bases/upload/", bases.upload, name="base_upload"),
    path("bases/hub/", bases.hub_model, name="hub_model"),
    path("bases/<uuid:pk>/archive/", bases.archive, name="base_archive"),
    path("bases/<uuid:pk>/delete/", bases.delete, name="base_delete"),
    path("<uuid:pk>/", versions.detail, name="detail"),
    path("<uuid:pk>/edit/", versions.edit, name="edit"),
    path("<uuid:pk>/archive/", versions.archive, name="archive"),
    path("<uuid:pk>/delete/", versions.delete_files, name="delete"),
    path("<uuid:pk>/export/", versions.export, name="export"),
    path("exports/<uuid:pk>/", versions.download, name="download"),
]
