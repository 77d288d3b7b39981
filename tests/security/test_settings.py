"""What the settings of a team deployment switch on, and that nothing on the way reads pickle."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tools.check import TEAM_DEPLOYMENT

ROOT = Path(__file__).resolve().parents[2]
_PRINT_SETTINGS = """
import json
from studio import settings
print(json.dumps({name: getattr(settings, name, None) for name in %r}))
"""
COOKIES = [
    f"{name}_COOKIE_{flag}"
    for name in ("SESSION", "CSRF", "LANGUAGE")
    for flag in ("SECURE", "HTTPONLY", "SAMESITE")
]


def settings_under(names: list[str], **environment: str) -> dict[str, Any]:
    """Values of settings in a fresh process, told nothing but `environment`."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    command = [sys.executable, "-c", _PRINT_SETTINGS % names]
    done = subprocess.run(
        command, cwd=ROOT, env={**kept, **environment}, capture_output=True, text=True, check=True
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def run_deployment_check(**changes: str) -> subprocess.CompletedProcess[str]:
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    return subprocess.run(
        command,
        cwd=ROOT,
        env={**environment, **TEAM_DEPLOYMENT, **changes},
        capture_output=True,
        text=True,
    )


def test_the_team_settings_pass_every_deployment_check() -> None:
    done = run_deployment_check()
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "complaints",
    [
        {
            "security.W010": {"SITE_URL": "http://studio.example.com"},
            "security.W009": {"SECRET_KEY": "change-me"},
            "core.W001": {"ALLOWED_HOSTS": "*"},
            "core.W002": {"FORWARDED_ALLOW_IPS": ""},
        },
        {"security.W018": {"DEBUG": "true"}, "core.W003": {"FORWARDED_ALLOW_IPS": "*"}},
    ],
)
def test_a_weaker_setting_fails_the_check(complaints: dict[str, dict[str, str]]) -> None:
    """Each has a complaint of its own, and any complaint fails the check: several are tried at a time."""
    done = run_deployment_check(**{name: value for one in complaints.values() for name, value in one.items()})
    assert done.returncode == 1
    for complaint in complaints:
        assert complaint in done.stderr


def test_under_https_every_cookie_is_secure_hidden_from_scripts_and_of_this_host_alone() -> None:
    names = [*COOKIES, "SESSION_COOKIE_NAME", "CSRF_COOKIE_NAME", "DEVICE_COOKIE_NAME"]
    found = settings_under(names, SITE_URL="https://studio.example.com")
    assert [found[name] for name in COOKIES] == [True, True, "Lax"] * 3
    assert found["SESSION_COOKIE_NAME"] == "__Host-sessionid"
    assert found["CSRF_COOKIE_NAME"] == "__Host-csrftoken"
    assert found["DEVICE_COOKIE_NAME"] == "__Host-device"


def test_without_https_a_cookie_can_still_be_set() -> None:
    found = settings_under([*COOKIES, "SESSION_COOKIE_NAME", "SECURE_HSTS_SECONDS"])
    assert [found[name] for name in COOKIES] == [False, True, "Lax"] * 3
    assert found["SESSION_COOKIE_NAME"] == "sessionid"
    assert found["SECURE_HSTS_SECONDS"] == 0


def test_https_is_asked_for_and_remembered() -> None:
    names = ["SECURE_HSTS_SECONDS", "SECURE_HSTS_INCLUDE_SUBDOMAINS", "SECURE_SSL_REDIRECT"]
    found = settings_under(names, SITE_URL="https://studio.example.com")
    assert list(found.values()) == [31_536_000, True, True]


def test_the_cache_holds_json_and_refuses_what_is_none(redis_server: str) -> None:
    import redis
    from django.core.cache import cache

    cache.set("told", {"at": [1, 2.5, None, "é"], "yes": True}, 30)
    assert cache.get("told") == {"at": [1, 2.5, None, "é"], "yes": True}
    assert json.loads(redis.Redis.from_url(redis_server).get(cache.make_key("told")))["yes"] is True
    cache.set("count", 1, 30)
    assert cache.incr("count") == 2
    with pytest.raises(TypeError):
        cache.set("object", object(), 30)


def test_a_pickle_that_somebody_put_into_the_cache_is_not_opened(redis_server: str, tmp_path: Path) -> None:
    import pickle

    import redis
    from django.core.cache import cache

    touched = tmp_path / "touched"

    class Harm:
        def __reduce__(self) -> Any:
            return touched.touch, ()

    redis.Redis.from_url(redis_server).set(cache.make_key("planted"), pickle.dumps(Harm()))
    with pytest.raises(ValueError):
        cache.get("planted")
    assert not touched.exists()


def test_sessions_are_json(settings: Any) -> None:
    from django.contrib.sessions.serializers import JSONSerializer
    from django.utils.module_loading import import_string

    assert import_string(settings.SESSION_SERIALIZER) is JSONSerializer


def test_beat_remembers_in_json(tmp_path: Path) -> None:
    from studio.beat import JsonScheduler
    from studio.celery import app

    file = tmp_path / "beat-schedule"
    file.write_bytes(b"\x80\x05 an older shelf")
    plan = {"reap": {"task": "jobs.reap", "schedule": 15.0}}
    before = app.conf.beat_schedule
    app.conf.beat_schedule = plan
    try:
        first = JsonScheduler(app, schedule_filename=str(file))
        at = datetime.now(UTC) - timedelta(seconds=40)
        first.schedule["reap"].last_run_at = at
        first.sync()
        assert json.loads(file.read_text())["reap"] == at.isoformat()
        assert JsonScheduler(app, schedule_filename=str(file)).schedule["reap"].last_run_at == at
    finally:
        app.conf.beat_schedule = before
