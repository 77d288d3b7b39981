"""The longest answer becomes a setting of the sequence-to-sequence objective, the only one that had a use for it."""

from collections.abc import Callable
from typing import Any

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

Stored = dict[str, Any]
OLD = "max_target_length"


def with_objective(recipe: Stored, family: str) -> Stored:
    rest = {name: value for name, value in recipe.items() if name != OLD}
    longest = recipe.get(OLD)
    if longest is None or family != "seq2seq":
        return rest
    return {**rest, "objective": {"kind": "seq2seq", OLD: longest}}


def without_objective(recipe: Stored, _family: str) -> Stored:
    rest = {name: value for name, value in recipe.items() if name != "objective"}
    longest = (recipe.get("objective") or {}).get(OLD)
    return rest if longest is None else {**rest, OLD: longest}


def rewrite(apps: Apps, change: Callable[[Stored, str], Stored]) -> None:
    """Rewrite the recipes of all pre-flights and runs, and those in their results."""
    for name, relation in (("Preflight", None), ("Run", "preflight")):
        model = apps.get_model("training", name)
        rows = model.objects.select_related(relation) if relation else model.objects.all()
        for row in rows.iterator(chunk_size=500):
            family = (row.preflight if relation else row).base.get("family", "")
            row.recipe = change(row.recipe, family)
            if row.result and row.result.get("recipe"):
                row.result["recipe"] = change(row.result["recipe"], family)
            row.save(update_fields=["recipe", "result"])


def forwards(apps: Apps, _editor: BaseDatabaseSchemaEditor) -> None:
    rewrite(apps, with_objective)


def backwards(apps: Apps, _editor: BaseDatabaseSchemaEditor) -> None:
    rewrite(apps, without_objective)


class Migration(migrations.Migration):
    dependencies = [("training", "0003_continued_runs")]
    operations = [migrations.RunPython(forwards, backwards)]
