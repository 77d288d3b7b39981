"""The filter by task that lists of data, runs, models and evaluations share."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from apps.core.listing import Filter
from apps.datasets.models import task_choices


def by_task(path: str = "dataset_version__task_type") -> Filter:
    """A filter by the task at the end of `path`."""

    def apply(rows: Any, value: str) -> Any:
        return rows.filter(**{path: value})

    return Filter("task", _("Task"), task_choices(), apply)
