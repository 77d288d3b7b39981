"""A run is trained again through the wizard, with its answers: nothing ever wrote or read this column."""

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ("training", "0001_initial"),
    ]

    operations = [
        migrations.RemoveField(
            model_name="run",
            name="again_of",
        ),
    ]
