"""Lists of runs show a small loss curve. Runs that have ended get theirs here, as later ones do when they end."""

from typing import Any

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

ENDED = ("succeeded", "failed", "errored", "cancelled", "lost")
POINTS = 40


def curve_of(events: Any) -> list[float]:
    """A few losses of a run, of evenly spaced events."""
    found = list(events.order_by("seq").values_list("pk", flat=True))
    # Odd, because figures of training and of validation may alternate.
    kept = found[:: 1 + len(found) // (2 * POINTS) * 2]
    points: list[tuple[int, float]] = []
    for data in events.filter(pk__in=kept).order_by("seq").values_list("data", flat=True):
        loss = data["values"].get("train_loss")
        if loss is None:
            continue
        # A later attempt repeated these steps.
        while points and points[-1][0] >= data["step"]:
            points.pop()
        points.append((data["step"], loss))
    return [loss for _step, loss in points]


def fill(apps: Apps, _editor: BaseDatabaseSchemaEditor) -> None:
    runs, events = apps.get_model("training", "Run"), apps.get_model("jobs", "JobEvent")
    for pk, job in runs.objects.filter(job__state__in=ENDED).values_list("pk", "job"):
        runs.objects.filter(pk=pk).update(loss_curve=curve_of(events.objects.filter(job=job, kind="metric")))


class Migration(migrations.Migration):
    dependencies = [("training", "0004_objective_of_recipes"), ("jobs", "0007_stored_texts")]

    operations = [
        migrations.AddField(
            model_name="run",
            name="loss_curve",
            field=models.JSONField(blank=True, null=True, verbose_name="loss curve"),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
