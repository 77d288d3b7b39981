from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('catalog', '0005_family_choices'),
    ]

    operations = [
        migrations.AddField(
            model_name='basemodel',
            name='model_type',
            field=models.CharField(blank=True, max_length=60, verbose_name='model type'),
        ),
    ]
