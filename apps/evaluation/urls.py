"""Addresses of apps.evaluation."""

from django.urls import path

from apps.evaluation import views

app_name = "evaluation"
urlpatterns = [
    path("", views.evaluation_list, name="list"),
    path("new/", views.new, name="new"),
    path("compare/", views.compare, name="compare"),
    path("compare/<uuid:model_id>/", views.compare_run, name="compare_run"),
    path("<uuid:evaluation_id>/", views.detail, name="detail"),
    path("<uuid:evaluation_id>/files/<str:name>", views.file, name="file"),
    path("<uuid:evaluation_id>/all-rows/", views.evaluate_all_rows, name="all_rows"),
    path("<uuid:evaluation_id>/delete/", views.delete, name="delete"),
    path("comparisons/<uuid:comparison_id>/", views.comparison, name="comparison"),
    path("comparisons/<uuid:comparison_id>/files/<str:name>", views.comparison_file, name="comparison_file"),
    path("comparisons/<uuid:comparison_id>/delete/", views.delete_comparison, name="delete_comparison"),
]
