"""One set of settings for every deployment; what differs is read from the environment."""

from pathlib import Path
from typing import Any

from studio.settings.accounts import *
from studio.settings.celery import *
from studio.settings.environment import *
from studio.settings.environment import BASE_DIR, env
from studio.settings.security import *
from studio.settings.security import DEBUG
from studio.settings.stores import *

# Apps

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.forms",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.usersessions",
    "channels",
    "csp",
    "django_htmx",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "rest_framework",
    "template_partials",
    "apps.core",
    "apps.accounts",
    "apps.workspaces",
    "apps.jobs",
    "apps.datasets",
    "apps.catalog",
    "apps.training",
    "apps.evaluation",
    "apps.serving",
    "apps.publishing",
    "apps.api",
    "apps.home",
    "apps.console",
]

MIDDLEWARE = [
    # The first ones set headers, also on what those below refuse or redirect.
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "apps.core.headers.HeadersMiddleware",
    "apps.workspaces.audit.origin.OriginMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "apps.core.hosts.HostMiddleware",
    "apps.api.middleware.ProgramsMiddleware",
    "apps.core.staticfiles.StaticFilesMiddleware",
    "apps.core.middleware.HeadMiddleware",
    "apps.accounts.middleware.CookieSessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "apps.core.middleware.SlashMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "apps.accounts.middleware.ReaderMiddleware",
    "apps.accounts.middleware.LastUseMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "apps.core.middleware.WholePageMiddleware",
    "apps.core.middleware.FormAddressMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "apps.core.middleware.UserErrorMiddleware",
    "apps.workspaces.access.middleware.WorkspaceMiddleware",
]

ROOT_URLCONF = "studio.urls"
ASGI_APPLICATION = "studio.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "apps.core.context_processors.host",
                "apps.workspaces.context_processors.workspace",
            ],
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.static",
                "apps.core.templatetags.ui",
                "apps.workspaces.templatetags.form_workspace",
            ],
        },
    },
]

FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# Workspaces: days in which a deleted one can be brought back, whether only administrators make new ones, and limits

WORKSPACE_GRACE_DAYS = env.int("WORKSPACE_GRACE_DAYS", 14)
WORKSPACES_BY_ADMINISTRATORS = env.bool("WORKSPACES_BY_ADMINISTRATORS", False)


def _limit(text: str) -> float | None:
    return float(text) if text.strip() else None


QUOTAS = {
    "storage_gb": _limit(env.str("QUOTA_STORAGE_GB", "")),
    "runs": _limit(env.str("QUOTA_RUNS", "")),
    "accelerator_hours": _limit(env.str("QUOTA_ACCELERATOR_HOURS", "")),
    "tokens_per_day": _limit(env.str("QUOTA_TOKENS_PER_DAY", "")),
    "members": _limit(env.str("QUOTA_MEMBERS", "")),
}

# Language and time

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]  # each in its own words
LANGUAGE_COOKIE_AGE = 31_536_000
FORMAT_MODULE_PATH = ["studio.formats"]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = env.str("TIME_ZONE", "UTC")
USE_TZ = True

# Static files: ours, and the browser libraries that the set-up collected from the npm lock

STATIC_URL = "static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", str(BASE_DIR / "staticfiles")))
VENDOR_DIR = BASE_DIR / ".build" / "vendor"
STATICFILES_DIRS: list[Any] = [
    BASE_DIR / "static",
    *([("vendor", VENDOR_DIR)] if VENDOR_DIR.is_dir() else []),
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "apps.core.staticfiles.ModuleManifestStorage"},
}
WHITENOISE_MAX_AGE = 0 if DEBUG else 60

# Only static files go through Django's file storage. In an image another account than the server's collects them.
FILE_UPLOAD_PERMISSIONS, FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o644, 0o755

# Uploads

UPLOAD_LIMIT_MB = env.int("UPLOAD_LIMIT_MB", 2048)
# How much of one file is read: a few kilobytes can stand for any number of rows, bytes and minutes.
IMPORT_MAX_ROWS = env.int("IMPORT_MAX_ROWS", 5_000_000)
IMPORT_MAX_MINUTES = env.float("IMPORT_MAX_MINUTES", 15)
IMPORT_MAX_UNPACKED_MB = env.int("IMPORT_MAX_UNPACKED_MB", 4096)
# Memory of all imports that run at once on one machine, together; 0: half of what the machine has, at most 4 GB each.
IMPORT_MEMORY_MB = env.int("IMPORT_MEMORY_MB", 0)
# As many as the threads of the worker of the queue `default`. Fewer run at once where the memory is too little for so many.
IMPORTS_AT_ONCE = env.int("IMPORTS_AT_ONCE", 2)
# What people's addresses may name beside public sites: networks (10.0.0.0/8) and hosts (files.internal:8080).
OUTGOING_ALLOW = env.list("OUTGOING_ALLOW", [])
DATA_UPLOAD_MAX_MEMORY_SIZE = 8 << 20
FILE_UPLOAD_MAX_MEMORY_SIZE = 1 << 20
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000

# Jobs

JOB_HEARTBEAT_SECONDS = env.float("JOB_HEARTBEAT_SECONDS", 10)
JOB_LOST_AFTER_SECONDS = env.float("JOB_LOST_AFTER_SECONDS", 45)
JOB_RESEND_AFTER_SECONDS = env.float("JOB_RESEND_AFTER_SECONDS", 60)
JOB_MOST_RESUMES = env.int("JOB_MOST_RESUMES", 3)
JOB_STOP_GRACE_SECONDS = env.float("JOB_STOP_GRACE_SECONDS", 30)
CHECKPOINT_DAYS = env.int("CHECKPOINT_DAYS", 14)
RUN_THREADS = env.int("RUN_THREADS", 0)
# Experiment trackers that get the settings and figures of every run: wandb, mlflow, trackio.
RUN_TRACKERS = env.list("RUN_TRACKERS", [])
# Folders that models may be read from, separated by commas: /srv/models,/mnt/models
MODEL_ROOTS = [str(Path(root.strip()).resolve()) for root in env.list("MODEL_ROOTS", []) if root.strip()]
HF_ENDPOINT = env.str("HF_ENDPOINT", "https://huggingface.co").rstrip("/")
HF_HUB_OFFLINE = env.bool("HF_HUB_OFFLINE", False)
HF_TOKEN = env.str("HF_TOKEN", "")

# Days that the audit trail is kept; 0 keeps it for good

AUDIT_DAYS = env.int("AUDIT_DAYS", 365)

# Limits, per minute: what one API key or signed-in person may ask, and one address without either; sockets it may open;
# questions through share links, however many visitors share it (a classroom does)

API_PER_MINUTE = env.int("API_PER_MINUTE", 3000)
API_ANONYMOUS_PER_MINUTE = env.int("API_ANONYMOUS_PER_MINUTE", 120)
SOCKETS_PER_MINUTE = env.int("SOCKETS_PER_MINUTE", 600)
QUESTIONS_PER_MINUTE = env.int("QUESTIONS_PER_MINUTE", 240)
APP_QUESTIONS_PER_MINUTE = env.int("APP_QUESTIONS_PER_MINUTE", 600)

# Serving

ENGINE_URL = env.str("ENGINE_URL", "http://127.0.0.1:8100").rstrip("/")
ENGINE_KEY = env.str("ENGINE_KEY", "")

# API

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "apps.api.authentication.KeyAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["apps.api.throttling.KnownCaller"],
    "DEFAULT_THROTTLE_CLASSES": ["apps.api.throttling.ApiThrottle"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "apps.api.negotiation.AnyAccept",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.LimitOffsetPagination",
    "EXCEPTION_HANDLER": "apps.api.errors.exception_handler",
    "PAGE_SIZE": 50,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Maquette",
    "DESCRIPTION": """Send a key as `Authorization: Bearer mq-…`. Keys of a workspace are made under Workspace, API keys;
they open `/api/v1`. Keys of one app are made on its page, or by `POST /api/v1/apps/{id}/keys/`; they open `/v1`, which
speaks OpenAI's protocol.

The main job, in order, below `/api/v1/`: `POST datasets/` with a file, `POST imports/{id}/confirm/`, `POST preflights/`
with the dataset version, `POST runs/` with the pre-flight, `POST comparisons/` with the run's `model_version`, `POST apps/`
with it, `POST apps/{id}/links/` for people and `POST apps/{id}/keys/` for programs. A large file may come in parts, and
go on where it broke off: `POST uploads/`.

What takes time carries a `job`: read the object again (for an import, `GET imports/{id}/`) until `job.state` is
`succeeded`. `failed`, `errored`, `cancelled` and `lost` are the other ends; `job.error_message` then says what to do. A
comparison has no job before its evaluations have succeeded.

Lists come in pages: follow `next`. An error is `{"error": {"code", "message", "field"}}`; with 429 and 503 comes
`Retry-After`.""",
    "VERSION": "1",
    "SWAGGER_UI_DIST": "SIDECAR",
    # Deep links would be links inside of buttons, which programs that read pages aloud cannot tell apart.
    "SWAGGER_UI_SETTINGS": {"deepLinking": False},
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "COMPONENT_SPLIT_REQUEST": True,
    "OAS_VERSION": "3.1.0",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "apps.api.rest.schema.complete",
    ],
}

# Logs

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(levelname)s %(name)s: %(message)s"}},
    "filters": {"addresses": {"()": "apps.core.logs.WithoutSecretAddresses"}},
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["addresses"]}
    },
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", "INFO")},
    "loggers": {"httpx": {"level": "WARNING"}, "uvicorn.access": {"level": "WARNING"}},
}
