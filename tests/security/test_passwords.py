"""How passwords are kept, and that nothing of one is cut off."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.contrib.auth.password_validation import validate_password
from django.test import Client

from apps.accounts.models import User

ROOT = Path(__file__).resolve().parents[2]
LONG = "Schlüssel 钥匙 🗝 and many more words: " * 3
_LEAST_ROUNDS = 600_000
"""Of PBKDF2 with SHA-256, as OWASP's Password Storage Cheat Sheet asks."""


def test_the_sites_own_settings_hash_them_slowly() -> None:
    """These tests have settings of their own, which hash quickly."""
    program = (
        "import django; django.setup()\n"
        "from django.contrib.auth.hashers import get_hasher\n"
        "hasher = get_hasher()\n"
        "print(hasher.algorithm, hasher.iterations)"
    )
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={**kept, "DJANGO_SETTINGS_MODULE": "studio.settings", "SECRET_KEY": "k" * 50},
        capture_output=True,
        text=True,
        check=True,
    )
    algorithm, rounds = done.stdout.split()
    assert algorithm == "pbkdf2_sha256"
    assert int(rounds) >= _LEAST_ROUNDS


@pytest.mark.django_db
def test_a_long_one_in_any_script_counts_to_its_last_character() -> None:
    assert len(LONG) > 64
    validate_password(LONG)
    User.objects.create_user("long@example.com", LONG)

    def signs_in(password: str) -> bool:
        answer = Client().post("/accounts/login/", {"login": "long@example.com", "password": password})
        return answer.status_code == 302

    assert not signs_in(LONG[:-2])
    assert not signs_in(LONG.lower())
    assert signs_in(LONG)
