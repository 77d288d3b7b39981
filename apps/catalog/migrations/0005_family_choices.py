import apps.catalog.models
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('catalog', '0004_task_choices'),
    ]

    operations = [
        migrations.AlterField(
            model_name='basemodel',
            name='family',
            field=models.CharField(choices=apps.catalog.models.family_choices, max_length=20, verbose_name='family'),
        ),
        migrations.AlterField(
            model_name='modelversion',
            name='family',
            field=models.CharField(choices=apps.catalog.models.family_choices, max_length=20, verbose_name='family'),
        ),
    ]
