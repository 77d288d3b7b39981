"""Which models a purge deletes, and in which order."""

from django.apps import apps
from django.db import models

from apps.workspaces.models import AuditEntry, UsageEntry, UsageTotal, Workspace
from apps.workspaces.team.purging import purge_order

KEPT = {AuditEntry, UsageEntry, UsageTotal}
"""Records of what happened; they name no content."""


def _references(model: type[models.Model]) -> list[models.ForeignKey]:
    return [field for field in model._meta.get_fields() if isinstance(field, models.ForeignKey)]


def test_every_model_of_a_workspace_is_deleted_or_kept() -> None:
    of_workspaces = {
        model for model in apps.get_models() if any(f.related_model is Workspace for f in _references(model))
    }
    assert of_workspaces - set(purge_order()) == KEPT


def test_no_row_is_deleted_before_one_that_protects_it() -> None:
    order = purge_order()
    for model in order:
        for field in _references(model):
            if (
                field.remote_field.on_delete in (models.PROTECT, models.RESTRICT)
                and field.related_model in order
            ):
                assert order.index(model) < order.index(field.related_model)
