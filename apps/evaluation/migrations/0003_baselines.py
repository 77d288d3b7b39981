from typing import Any

from django.db import migrations, models

_BY_TASK = {"classification": "linear", "generation": "bytes"}


def name_baselines(apps: Any, schema_editor: Any) -> None:
    """An evaluation without a model was that of the only baseline of its task. Earlier results that do not name theirs
    were computed in another way, and stay without a name."""
    Evaluation = apps.get_model("evaluation", "Evaluation")
    for evaluation in Evaluation.objects.filter(model_version=None).select_related("dataset_version").iterator():
        usual = _BY_TASK.get(evaluation.dataset_version.task_type, "nearest")
        evaluation.baseline = (evaluation.result.get("baseline_kind") or "") if evaluation.result else usual
        evaluation.save(update_fields=["baseline"])


class Migration(migrations.Migration):

    dependencies = [
        ('evaluation', '0002_rows_and_training_data'),
    ]

    operations = [
        migrations.AddField(
            model_name='evaluation',
            name='baseline',
            field=models.CharField(blank=True, max_length=50, verbose_name='simple baseline'),
        ),
        migrations.RunPython(name_baselines, migrations.RunPython.noop),
    ]
