"""One settings file for every deployment; what differs is read from the environment.

A secret may also be given as <NAME>_FILE, the path of a file that holds it.
"""

import os
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import redis
from csp.constants import NONCE, NONE, SELF
from django.http.request import split_domain_port
from environs import Env, validate
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import ExponentialBackoff
from redis.retry import Retry

from workers.contracts.cache import DEFAULT_DATA_DIR, DEFAULT_LIMIT_GB, default_cache_dir

BASE_DIR = Path(__file__).resolve().parent.parent

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

env = Env()

# Where things are

DATA_DIR = Path(env.str("DATA_DIR", str(DEFAULT_DATA_DIR))).resolve()
CACHE_DIR = Path(env.str("CACHE_DIR", str(default_cache_dir(DATA_DIR)))).resolve()
CACHE_LIMIT_GB = env.int("CACHE_LIMIT_GB", DEFAULT_LIMIT_GB)
WORK_DIR = Path(env.str("WORK_DIR", str(DATA_DIR / "work"))).resolve()
REDIS_URL = env.str("REDIS_URL", "redis://127.0.0.1:6379/0")
STORAGE_URL = env.str("STORAGE_URL", f"file://{DATA_DIR / 'storage'}")

# Security

DEBUG = env.bool("DEBUG", False)
SECRET_KEY = env.str("SECRET_KEY", "")
# What seals stored secrets: the first one seals, all of them open; without any, SECRET_KEY does both.
SECRETS_KEYS = env.list("SECRETS_KEYS", [])
SITE_URL = env.str("SITE_URL", "http://127.0.0.1:8000").rstrip("/")
_HTTPS = SITE_URL.startswith("https://")
# The launcher fills in what this machine is called; its own address a site answers to in any case.
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
ALLOWED_HOSTS += [
    host for host in [split_domain_port(urlsplit(SITE_URL).netloc)[0]] if host not in ALLOWED_HOSTS
]
CSRF_TRUSTED_ORIGINS = sorted({f"{urlsplit(SITE_URL).scheme}://{urlsplit(SITE_URL).netloc}"})
SETUP_TOKEN = env.str("SETUP_TOKEN", "")

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = _HTTPS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
# A browser takes such names only over https, for this host alone: no sub-domain can plant one.
COOKIE_PREFIX = "__Host-" if _HTTPS else ""
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}sessionid", f"{COOKIE_PREFIX}csrftoken"
DEVICE_COOKIE_NAME = f"{COOKIE_PREFIX}device"
SESSION_SERIALIZER = "django.contrib.sessions.serializers.JSONSerializer"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.bool("BEHIND_PROXY", False) else None
SECURE_HSTS_SECONDS = 31_536_000 if _HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = _HTTPS
SECURE_SSL_REDIRECT = _HTTPS and env.bool("REDIRECT_TO_HTTPS", True)
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
SECURE_REFERRER_POLICY = SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "object-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        # Charts and progress bars set widths through the style property, which no policy forbids; attributes are.
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "manifest-src": [SELF],
        "upgrade-insecure-requests": _HTTPS,
    }
}

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
    "apps.workspaces.origin.OriginMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "apps.core.hosts.HostMiddleware",
    "apps.core.staticfiles.StaticFilesMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "apps.accounts.middleware.ReaderMiddleware",
    "apps.accounts.middleware.LastUseMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "apps.core.middleware.UserErrorMiddleware",
    "apps.workspaces.middleware.WorkspaceMiddleware",
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
                "apps.workspaces.context_processors.workspace",
            ],
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.static",
                "apps.core.templatetags.ui",
            ],
        },
    },
]

FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# Data

# Closed with each request: under ASGI a request has a thread of its own, and nobody else would find its connection.
DATABASES: dict[str, Any] = {
    "default": env.dj_db_url("DATABASE_URL", f"sqlite:///{DATA_DIR / 'studio.sqlite3'}", conn_max_age=0)
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # One writer at a time that waits its turn: without IMMEDIATE a read that turns into a write fails at once.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA busy_timeout=20000;",
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# A connection that a restarted Redis has closed is opened again instead of failing whoever comes first.
_RETRIES, _MOST_WAIT_SECONDS = 6, 1
_AGAIN_AFTER = [redis.ConnectionError, redis.TimeoutError]
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "OPTIONS": {
            "serializer": "apps.core.cache.JsonSerializer",
            "retry": Retry(ExponentialBackoff(cap=_MOST_WAIT_SECONDS), _RETRIES),
            "retry_on_error": _AGAIN_AFTER,
        },
    }
}
SESSION_ENGINE = "django.contrib.sessions.backends.db"

CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        # redis-py 8 closes idle sockets after five seconds unless told otherwise.
        "CONFIG": {
            "hosts": [
                {
                    "address": REDIS_URL,
                    "socket_timeout": None,
                    "retry": AsyncRetry(ExponentialBackoff(cap=_MOST_WAIT_SECONDS), _RETRIES),
                    "retry_on_error": _AGAIN_AFTER,
                }
            ],
            "prefix": "maquette",
        },
    }
}

# People

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
_VALIDATORS: dict[str, dict[str, Any]] = {
    "UserAttributeSimilarityValidator": {"user_attributes": ["email", "name"]},
    "MinimumLengthValidator": {"min_length": 12},
    "CommonPasswordValidator": {},
}
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
    for name, options in _VALIDATORS.items()
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
PASSWORD_RESET_TIMEOUT = 3600
EMAIL_URL = env.str("EMAIL_URL", "")
EMAIL_TIMEOUT = 10
EMAIL_BACKEND = _PRINTED = "django.core.mail.backends.console.EmailBackend"
_MAIL_PORTS = {"smtp": 25, "smtp+tls": 587, "smtp+ssl": 465}


def _mail_server(url: str) -> dict[str, Any]:
    """smtp://, smtp+tls:// (STARTTLS) or smtp+ssl:// with user:password@ where the server asks for them."""
    parts = urlsplit(url)
    if parts.scheme not in _MAIL_PORTS or not parts.hostname:
        raise ValueError("EMAIL_URL begins with smtp://, smtp+tls:// or smtp+ssl://, and names a host")
    return {
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": parts.port or _MAIL_PORTS[parts.scheme],
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_TLS": parts.scheme == "smtp+tls",
        "EMAIL_USE_SSL": parts.scheme == "smtp+ssl",
    }


# The launcher says "console:": whoever started the studio reads its e-mails in the terminal. Without anything they are
# printed too, but nobody who waits for one is promised it.
if EMAIL_URL not in ("", "console:"):
    vars().update(_mail_server(EMAIL_URL))
    # Requests hand e-mails over, a worker delivers them.
    EMAIL_BACKEND = "apps.core.mail.QueuedBackend"
SIGN_UP = env.str("SIGN_UP", "closed", validate=validate.OneOf(["closed", "invitation", "open"]))

ACCOUNT_ADAPTER = "apps.accounts.adapter.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "apps.accounts.forms.SignInForm",
    "signup": "apps.accounts.forms.SignUpForm",
    "reset_password": "apps.accounts.forms.ForgottenPasswordForm",
    "reset_password_from_key": "apps.accounts.forms.NewPasswordForm",
    "change_password": "apps.accounts.forms.ChangePasswordForm",
    "set_password": "apps.accounts.forms.SetPasswordForm",
    "add_email": "apps.accounts.forms.ChangeEmailForm",
    "reauthenticate": "apps.accounts.forms.ConfirmPasswordForm",
}
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
# Whoever signs up proves the address; where nobody can and no mail goes out, an administrator vouches for it. Only so
# can a sign-up with a taken address look like any other.
ACCOUNT_EMAIL_VERIFICATION = "mandatory" if EMAIL_BACKEND != _PRINTED or SIGN_UP != "closed" else "none"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = "Maquette: "
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_LOGOUT_REDIRECT_URL = "/"

MFA_ADAPTER = "apps.accounts.adapter.TwoStepAdapter"
MFA_FORMS = {
    "authenticate": "apps.accounts.forms.CodeForm",
    "reauthenticate": "apps.accounts.forms.ConfirmCodeForm",
    "activate_totp": "apps.accounts.forms.ActivateAppForm",
    "add_webauthn": "apps.accounts.forms.AddPasskeyForm",
    "edit_webauthn": "apps.accounts.forms.RenamePasskeyForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Maquette"
# Phones' clocks are off by some seconds: the codes of 30 seconds before and after count too.
MFA_TOTP_TOLERANCE = 1
# An account whose address is unverified gets no session where addresses must be verified.
MFA_ALLOW_UNVERIFIED_EMAIL = True

OIDC_SERVER_URL = env.str("OIDC_SERVER_URL", "").rstrip("/")
SOCIALACCOUNT_ADAPTER = "apps.accounts.adapter.ProviderAdapter"
SOCIALACCOUNT_FORMS = {"signup": "apps.accounts.forms.ProviderSignUpForm"}
# An address that the operator's provider calls verified opens the account that has it; any other never does.
SOCIALACCOUNT_EMAIL_AUTHENTICATION = True
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
SOCIALACCOUNT_PROVIDERS: dict[str, Any] = {}
if OIDC_SERVER_URL:
    SOCIALACCOUNT_PROVIDERS["openid_connect"] = {
        "OAUTH_PKCE_ENABLED": True,
        "APPS": [
            {
                "provider_id": "provider",
                "name": env.str("OIDC_NAME", "") or urlsplit(OIDC_SERVER_URL).netloc,
                "client_id": env.str("OIDC_CLIENT_ID", ""),
                "secret": env.str("OIDC_SECRET", ""),
                "settings": {"server_url": OIDC_SERVER_URL},
            }
        ],
    }
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", "maquette@localhost")

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

# Uploads

UPLOAD_LIMIT_MB = env.int("UPLOAD_LIMIT_MB", 2048)
# What people's addresses may name beside public sites: networks (10.0.0.0/8) and hosts (files.internal:8080).
OUTGOING_ALLOW = env.list("OUTGOING_ALLOW", [])
DATA_UPLOAD_MAX_MEMORY_SIZE = 8 << 20
FILE_UPLOAD_MAX_MEMORY_SIZE = 1 << 20
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000

# Jobs

CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_ACCEPT_CONTENT = CELERY_RESULT_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = CELERY_RESULT_SERIALIZER = CELERY_EVENT_SERIALIZER = "json"
CELERY_BEAT_SCHEDULER = "workers.upkeep.schedule:JsonScheduler"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_timeout": None, "health_check_interval": 25}
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
JOB_HEARTBEAT_SECONDS = env.float("JOB_HEARTBEAT_SECONDS", 10)
JOB_LOST_AFTER_SECONDS = env.float("JOB_LOST_AFTER_SECONDS", 45)
JOB_RESEND_AFTER_SECONDS = env.float("JOB_RESEND_AFTER_SECONDS", 60)
JOB_REAP_EVERY_SECONDS = env.float("JOB_REAP_EVERY_SECONDS", 15)
JOB_MOST_RESUMES = env.int("JOB_MOST_RESUMES", 3)
JOB_STOP_GRACE_SECONDS = env.float("JOB_STOP_GRACE_SECONDS", 30)
CHECKPOINT_DAYS = env.int("CHECKPOINT_DAYS", 14)
RUN_THREADS = env.int("RUN_THREADS", 0)
MODEL_ROOTS = [str(Path(root).resolve()) for root in env.list("MODEL_ROOTS", [])]
HF_TOKEN = env.str("HF_TOKEN", "")

# Days that the audit trail is kept; 0 keeps it for good

AUDIT_DAYS = env.int("AUDIT_DAYS", 365)

# Limits, per minute: what one API key or signed-in person may ask, and one address without either; sockets it may open;
# questions through share links, however many visitors share it (a classroom does)

API_PER_MINUTE = env.int("API_PER_MINUTE", 3000)
API_ANONYMOUS_PER_MINUTE = env.int("API_ANONYMOUS_PER_MINUTE", 120)
SOCKETS_PER_MINUTE = env.int("SOCKETS_PER_MINUTE", 600)
QUESTIONS_PER_MINUTE = env.int("QUESTIONS_PER_MINUTE", 240)

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
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.LimitOffsetPagination",
    "EXCEPTION_HANDLER": "apps.api.errors.exception_handler",
    "PAGE_SIZE": 50,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Maquette",
    "VERSION": "1",
    "SWAGGER_UI_DIST": "SIDECAR",
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
