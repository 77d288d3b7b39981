"""Addresses of apps.datasets."""

from django.urls import path

from apps.datasets.views import browsing, downloads, importing, keeping

app_name = "datasets"
urlpatterns = [
    path("", browsing.dataset_list, name="list"),
    path("new/", importing.new, name="new"),
    path("uploads/<slug:upload_id>/", importing.parts, name="parts"),
    path("uploads/<slug:upload_id>/<int:number>/", importing.part, name="part"),
    path("<uuid:pk>/", browsing.detail, name="detail"),
    path("<uuid:pk>/upload/", importing.upload, name="upload"),
    path("<uuid:pk>/edit/", keeping.edit, name="edit"),
    path("<uuid:pk>/archive/", keeping.archive, name="archive"),
    path("<uuid:pk>/delete/", keeping.delete, name="delete"),
    path("imports/<uuid:pk>/", importing.import_page, name="import"),
    path("imports/<uuid:pk>/reread/", importing.reread, name="reread"),
    path("imports/<uuid:pk>/discard/", importing.discard, name="discard"),
    path("imports/<uuid:pk>/source/", downloads.source, name="source"),
    path("imports/<uuid:pk>/files/<str:name>", downloads.import_file, name="import_file"),
    path("versions/<uuid:pk>/files/<str:name>", downloads.version_file, name="version_file"),
]
