"""The studio's settings under pytest: every path in a temporary folder, a Redis of the session's own.

DATABASE_URL is left as it is: `make test` runs the same tests on SQLite and on a real Postgres.
"""

import os
import socket
import tempfile
from pathlib import Path


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


TEST_ROOT = Path(tempfile.mkdtemp(prefix="maquette-test-"))
REDIS_PORT = _free_port()
REDIS_PASSWORD = "test"

os.environ.update(
    {
        "SECRET_KEY": "for tests only, long enough for the checks that Django makes of it",
        "DATA_DIR": str(TEST_ROOT / "data"),
        "STATIC_ROOT": str(TEST_ROOT / "static"),
        "REDIS_URL": f"redis://:{REDIS_PASSWORD}@127.0.0.1:{REDIS_PORT}/0",
        "SETUP_TOKEN": "the-set-up-token",
        "EMAIL_URL": "console:",
        "ENGINE_KEY": "engine-key",
        "ALLOWED_HOSTS": "testserver,localhost,127.0.0.1,studio.example",
        "TOKENIZERS_PARALLELISM": "false",
        "HF_HUB_OFFLINE": os.environ.get("HF_HUB_OFFLINE", "1"),
    }
)
for _name in ("STORAGE_URL", "WORK_DIR", "CACHE_DIR", "DEBUG", "SITE_URL", "ENGINE_URL"):
    os.environ.pop(_name, None)
(TEST_ROOT / "data").mkdir()

from studio.settings import *  # noqa: E402, F403
from studio.settings import DATABASES as _DATABASES  # noqa: E402
from studio.settings import STORAGES as _STORAGES  # noqa: E402

# In a file, as in production: tables of a database in memory are locked, not waited for, between threads.
if _DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    _DATABASES["default"]["TEST"] = {"NAME": TEST_ROOT / "test.sqlite3"}
# A mail server, whose e-mails Django keeps in mail.outbox.
EMAIL_URL = "smtp://mail.example.com"
# Hashing passwords slowly on purpose would only slow the tests.
PASSWORD_HASHERS = ["tests.fixtures.hasher.FastHasher"]
STORAGES = {
    **_STORAGES,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
JOB_HEARTBEAT_SECONDS = 0.5
JOB_STOP_GRACE_SECONDS = 5
ACCOUNT_RATE_LIMITS = False
# A walk over every address asks more often than a person may.
API_ANONYMOUS_PER_MINUTE = 100_000
