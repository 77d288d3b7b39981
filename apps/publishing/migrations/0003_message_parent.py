"""Each message names the one that it follows."""

import django.db.models.deletion
from django.db import migrations, models

BATCH = 1000


def find_parents(apps, schema_editor):
    """What counts follows what counted before it; what was replaced, the nearest earlier message of the other role."""
    Message = apps.get_model("publishing", "Message")
    changed = []
    conversation, current, nearest = None, None, {}
    rows = Message.objects.order_by("conversation_id", "position").only("pk", "conversation_id", "role", "superseded")
    for message in rows.iterator(chunk_size=BATCH):
        if message.conversation_id != conversation:
            conversation, current, nearest = message.conversation_id, None, {}
        other = "user" if message.role == "assistant" else "assistant"
        message.parent_id = nearest.get(other) if message.superseded or message.role == "assistant" else current
        if not message.superseded:
            if message.role == "assistant" and current is not None:
                message.parent_id = current
            current = message.pk
        nearest[message.role] = message.pk
        if message.parent_id is not None:
            changed.append(message)
        if len(changed) >= BATCH:
            Message.objects.bulk_update(changed, ["parent"])
            changed = []
    if changed:
        Message.objects.bulk_update(changed, ["parent"])


class Migration(migrations.Migration):
    dependencies = [("publishing", "0002_share_link_password")]

    operations = [
        migrations.AddField(
            model_name="message",
            name="parent",
            field=models.ForeignKey(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="followers",
                to="publishing.message",
            ),
        ),
        migrations.RunPython(find_parents, migrations.RunPython.noop),
    ]
