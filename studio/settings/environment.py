"""What is read from the environment before anything else: secrets, and where things are.

A secret may also be given as <NAME>_FILE, the path of a file that holds it.
"""

import os
from pathlib import Path

from environs import Env

from workers.shared.cache import DEFAULT_DATA_DIR, DEFAULT_LIMIT_GB, default_cache_dir
from workers.shared.private_files import create_files_privately

BASE_DIR = Path(__file__).resolve().parent.parent.parent

SECRETS = (
    *(
        "SECRET_KEY",
        "SECRETS_KEYS",
        "DATABASE_URL",
        "REDIS_URL",
        "STORAGE_URL",
        "EMAIL_URL",
        "SETUP_TOKEN",
        "ENGINE_KEY",
        "HF_TOKEN",
        "OIDC_SECRET",
    ),
    *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
)
for _name in SECRETS:
    if _name not in os.environ and f"{_name}_FILE" in os.environ:
        os.environ[_name] = Path(os.environ[f"{_name}_FILE"]).read_text().strip()

create_files_privately()

env = Env()

DATA_DIR = Path(env.str("DATA_DIR", str(DEFAULT_DATA_DIR))).resolve()
CACHE_DIR = Path(env.str("CACHE_DIR", str(default_cache_dir(DATA_DIR)))).resolve()
CACHE_LIMIT_GB = env.int("CACHE_LIMIT_GB", DEFAULT_LIMIT_GB)
WORK_DIR = Path(env.str("WORK_DIR", str(DATA_DIR / "work"))).resolve()
# Set by the launcher where administrators may open the studio to their local network (launcher.network).
NETWORK_FILE = os.environ.get("NETWORK_FILE", "")
REDIS_URL = env.str("REDIS_URL", "redis://127.0.0.1:6379/0")
STORAGE_URL = env.str("STORAGE_URL", (DATA_DIR / "storage").as_uri())
