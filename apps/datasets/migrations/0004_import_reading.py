from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("datasets", "0003_files_deleted")]

    operations = [
        migrations.AddField(
            model_name="import",
            name="reading",
            field=models.JSONField(blank=True, default=dict, verbose_name="reading"),
        ),
    ]
