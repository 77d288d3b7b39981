"""The settings of an app version become one JSON column, read by the settings model of the app's kind."""

from django.db import migrations, models

from apps.publishing.kinds import kind_choices

BATCH = 500
SETTINGS = {
    "description": "",
    "icon": "message-circle",
    "welcome": "",
    "suggestions": [],
    "system_prompt": "",
    "source_label": "",
    "target_label": "",
    "max_tokens": 256,
    "temperature": 0.0,
    "top_p": 1.0,
    "repetition_penalty": 1.0,
}
"""The columns that were there, with their defaults. Rows keep all of them; a kind reads those that it has."""


def pack(apps, schema_editor):
    versions = apps.get_model("publishing", "AppVersion").objects
    batch = []
    for version in versions.only("pk", *SETTINGS).order_by("pk").iterator(chunk_size=BATCH):
        version.stored_settings = {name: getattr(version, name) for name in SETTINGS}
        batch.append(version)
        if len(batch) >= BATCH:
            versions.bulk_update(batch, ["stored_settings"])
            batch = []
    if batch:
        versions.bulk_update(batch, ["stored_settings"])


def unpack(apps, schema_editor):
    versions = apps.get_model("publishing", "AppVersion").objects
    for version in versions.only("pk", "stored_settings").order_by("pk").iterator(chunk_size=BATCH):
        versions.filter(pk=version.pk).update(
            **{name: version.stored_settings.get(name, default) for name, default in SETTINGS.items()}
        )


class Migration(migrations.Migration):
    dependencies = [("publishing", "0003_message_parent")]

    operations = [
        migrations.AlterField(
            model_name="app",
            name="app_type",
            field=models.CharField(choices=kind_choices, max_length=20, verbose_name="type"),
        ),
        migrations.AddField(
            model_name="appversion",
            name="stored_settings",
            field=models.JSONField(blank=True, default=dict, verbose_name="settings"),
        ),
        migrations.RunPython(pack, unpack),
        *(migrations.RemoveField(model_name="appversion", name=name) for name in SETTINGS),
    ]
