"""Addresses of apps.training."""

from django.urls import path

from apps.training import views
from apps.training.sweeps import views as sweeps

app_name = "training"
urlpatterns = [
    path("", views.run_list, name="list"),
    path("compare/", views.compare, name="compare"),
    path("new/", views.new, name="new"),
    path("preflights/<uuid:preflight_id>/", views.preflight, name="preflight"),
    path("preflights/<uuid:preflight_id>/start/", views.start, name="start"),
    path("preflights/<uuid:preflight_id>/sweep/", sweeps.new_sweep, name="sweep_new"),
    path("sweeps/<uuid:sweep_id>/", sweeps.detail, name="sweep"),
    path("sweeps/<uuid:sweep_id>/stop/", sweeps.stop, name="sweep_stop"),
    path("sweeps/<uuid:sweep_id>/keep-best/", sweeps.keep_best, name="sweep_keep_best"),
    path("sweeps/<uuid:sweep_id>/train/", sweeps.train_best, name="sweep_train"),
    path("<uuid:run_id>/", views.detail, name="detail"),
    path("<uuid:run_id>/rename/", views.rename, name="rename"),
    path("<uuid:run_id>/again/", views.again, name="again"),
    path("<uuid:run_id>/fix/", views.apply_fix, name="fix"),
    path("<uuid:run_id>/continue/", views.continue_training, name="continue"),
    path("<uuid:run_id>/metrics/", views.metrics, name="metrics"),
    path("<uuid:run_id>/files/<str:name>", views.file, name="file"),
    path("<uuid:run_id>/folder/", views.folder, name="folder"),
    path("<uuid:run_id>/samples/", views.samples, name="samples"),
]
