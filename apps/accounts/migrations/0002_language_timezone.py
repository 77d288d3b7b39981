"""Language and time zone of a person."""

from django.db import migrations, models

import apps.accounts.models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="language",
            field=models.CharField(
                blank=True,
                max_length=20,
                validators=[apps.accounts.models.check_language],
                verbose_name="language",
                default="",
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="user",
            name="timezone",
            field=models.CharField(
                blank=True,
                max_length=64,
                validators=[apps.accounts.models.check_timezone],
                verbose_name="time zone",
                default="",
            ),
            preserve_default=False,
        ),
    ]
