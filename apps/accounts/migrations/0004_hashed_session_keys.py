"""Replaces the keys of stored sessions by their hashes; the cookies that browsers hold stay valid."""

import hashlib

from django.db import migrations


def hash_keys(apps, schema_editor):
    for app, model in (("sessions", "Session"), ("usersessions", "UserSession")):
        rows = apps.get_model(app, model).objects
        for key in list(rows.values_list("session_key", flat=True)):
            rows.filter(session_key=key).update(session_key=hashlib.sha256(key.encode()).hexdigest()[:40])


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_verified_addresses"),
        ("sessions", "0001_initial"),
        ("usersessions", "0001_initial"),
    ]

    operations = [migrations.RunPython(hash_keys, migrations.RunPython.noop, elidable=True)]
