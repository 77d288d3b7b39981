import uuid

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import apps.core.texts


class Migration(migrations.Migration):
    dependencies = [
        ("jobs", "0007_stored_texts"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="NotificationSettings",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created")),
                ("by_email", models.BooleanField(default=False, verbose_name="by e-mail")),
                ("webhook_encrypted", models.TextField(blank=True, editable=False)),
                ("webhook_secret_encrypted", models.TextField(blank=True, editable=False)),
                (
                    "webhook_outcome",
                    apps.core.texts.StoredTextField(blank=True, verbose_name="last delivery"),
                ),
                (
                    "webhook_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="last delivery at"),
                ),
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notification_settings",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "notification settings",
                "verbose_name_plural": "notification settings",
            },
        ),
        migrations.CreateModel(
            name="WaitingWebhook",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created")),
                ("sealed", models.TextField(editable=False)),
                ("tries", models.PositiveIntegerField(default=0, verbose_name="tries")),
                (
                    "try_at",
                    models.DateTimeField(
                        db_index=True, default=django.utils.timezone.now, verbose_name="next try"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={"verbose_name": "waiting webhook", "verbose_name_plural": "waiting webhooks"},
        ),
    ]
