"""Hosts, cookies, headers and the content security policy."""

from urllib.parse import urlsplit

from csp.constants import NONCE, NONE, SELF
from django.http.request import split_domain_port

from studio.settings.environment import env

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
CSRF_FAILURE_VIEW = "apps.core.csrf.refused_form"
SETUP_TOKEN = env.str("SETUP_TOKEN", "")

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = _HTTPS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
# A browser takes such names only over https, for this host alone: no sub-domain can plant one.
COOKIE_PREFIX = "__Host-" if _HTTPS else ""
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}sessionid", f"{COOKIE_PREFIX}csrftoken"
DEVICE_COOKIE_NAME = f"{COOKIE_PREFIX}device"
SESSION_SERIALIZER = "django.contrib.sessions.serializers.JSONSerializer"
BEHIND_PROXY = env.bool("BEHIND_PROXY", False)
# The proxies whose word for a visitor's address uvicorn takes, which reads it itself; here only a check looks at it.
FORWARDED_ALLOW_IPS = env.list("FORWARDED_ALLOW_IPS", [])
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
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
