"""What was stored before there was a ledger gets its lines."""

from datetime import date

from django.db import migrations
from django.db.models import F

FOREVER = date(2000, 1, 1)


def count_stored(apps, schema_editor):
    entries = apps.get_model("workspaces", "UsageEntry")
    totals = apps.get_model("workspaces", "UsageTotal")
    stored = (("datasets", "Import", "source_bytes"), ("datasets", "DatasetVersion", "bytes"), ("catalog", "ModelVersion", "bytes"))
    for app, name, field in stored:
        for row in apps.get_model(app, name).objects.filter(**{f"{field}__gt": 0}).iterator():
            amount = getattr(row, field)
            entries.objects.create(
                workspace_id=row.workspace_id,
                kind="storage",
                amount=amount,
                unit="bytes",
                object_type=name.lower(),
                object_id=str(row.pk),
            )
            totals.objects.get_or_create(workspace_id=row.workspace_id, kind="storage", period=FOREVER)
            total = totals.objects.filter(workspace_id=row.workspace_id, kind="storage", period=FOREVER)
            total.update(used=F("used") + amount)


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0001_initial"),
        ("datasets", "0001_initial"),
        ("workspaces", "0002_invitations_usage"),
    ]
    operations = [migrations.RunPython(count_stored, migrations.RunPython.noop)]
