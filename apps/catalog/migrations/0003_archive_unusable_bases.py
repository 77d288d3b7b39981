"""Archives base models whose Hub id or revision cannot exist ("..", "a//b"): the form took them before it checked."""

from typing import Any

from django.db import migrations
from django.utils.timezone import now

from workers.contracts.recipes import is_hub_id, is_revision


def archive(apps: Any, schema_editor: Any) -> None:
    bases = apps.get_model("catalog", "BaseModel").objects.filter(kind="hub", archived_at=None)
    for base in bases.only("location", "revision").iterator():
        if not (is_hub_id(base.location) and is_revision(base.revision or "main")):
            bases.filter(pk=base.pk).update(archived_at=now())


class Migration(migrations.Migration):
    dependencies = [("catalog", "0002_count_stored")]
    operations = [migrations.RunPython(archive, migrations.RunPython.noop)]
