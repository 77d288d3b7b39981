"""Empties a deleted workspace for good: the rows of the models that the apps registered here, and their files."""

from __future__ import annotations

from functools import partial
from graphlib import TopologicalSorter
from typing import Any, NamedTuple

from django.db import models, transaction

from apps.core.disk_space import free_disk
from apps.workspaces.models import Workspace


class _Contents(NamedTuple):
    path: str
    folder: str


_contents: dict[type[models.Model], _Contents] = {}


def register_contents(model: type[models.Model], *, path: str = "workspace", folder: str = "") -> None:
    """Have the rows of `model` deleted when their workspace is purged. For the `apps.py` of the app that owns the model.

    `path` leads from a row to its workspace, as in a filter. The files at a row's `storage_key` are deleted too, and
    those in `<folder>/<id>` where a folder is named.
    """
    _contents[model] = _Contents(path, folder)


def purge_order() -> list[type[models.Model]]:
    """The registered models, each before those that its rows refer to."""
    referred_to = {model: _referred_to(model) & _contents.keys() - {model} for model in _contents}
    return [*TopologicalSorter(referred_to).static_order()][::-1]


def _referred_to(model: type[models.Model]) -> set[Any]:
    """Models whose rows these protect, or go with. A reference that becomes NULL asks for no order."""
    return {
        field.related_model
        for field in model._meta.fields
        if isinstance(field, models.ForeignKey) and field.remote_field.on_delete is not models.SET_NULL
    }


def delete_contents(workspace: Workspace) -> None:
    """Delete every registered row of the workspace, and its files once the transaction is committed."""
    keys: list[str] = []
    order = purge_order()
    for model in order:
        keys += _storage_keys(model, workspace)
    for model in order:
        _rows(model, workspace).delete()
    transaction.on_commit(partial(free_disk, keys))


def _rows(model: type[models.Model], workspace: Workspace) -> models.QuerySet[models.Model]:
    return model._default_manager.filter(**{_contents[model].path: workspace})


def _storage_keys(model: type[models.Model], workspace: Workspace) -> list[str]:
    rows, folder = _rows(model, workspace), _contents[model].folder
    keys = [f"{folder}/{pk}" for pk in rows.values_list("pk", flat=True)] if folder else []
    if any(field.name == "storage_key" for field in model._meta.fields):
        keys += rows.values_list("storage_key", flat=True)
    return keys
