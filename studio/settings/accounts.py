"""People: passwords, e-mail, sign-up, two-step verification and an OpenID Connect provider."""

from typing import Any
from urllib.parse import unquote, urlsplit

from environs import validate

from studio.settings.environment import env

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["apps.accounts.backends.PasswordBackend"]
_VALIDATORS: dict[str, dict[str, Any]] = {
    "UserAttributeSimilarityValidator": {"user_attributes": ["email", "name"]},
    "MinimumLengthValidator": {"min_length": 12},
    "CommonPasswordValidator": {},
}
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
    for name, options in _VALIDATORS.items()
]
PASSWORD_HASHERS = ["apps.core.passwords.NormalizingHasher"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
PASSWORD_RESET_TIMEOUT = 3600
EMAIL_URL = env.str("EMAIL_URL", "")
EMAIL_TIMEOUT = 10
EMAIL_BACKEND = _PRINTED = "apps.core.mail.PrintedBackend"
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


# The launcher says "console:": the person who started the studio reads its e-mails in the terminal. Unset, they are
# printed too, but pages do not promise them.
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
# A person who signs up verifies the address: only so can a sign-up with a taken address look like any other. Without a mail server
# the person who invites vouches for the address (workspaces.joining), unless sign-up is open.
ACCOUNT_EMAIL_VERIFICATION = "mandatory" if EMAIL_BACKEND != _PRINTED or SIGN_UP == "open" else "none"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = "Maquette: "
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
# A classroom of forty is one address and begins at once, some of it mistyping; allauth's own limits are for one household.
# What holds for one account stays: five wrong passwords in five minutes.
ACCOUNT_RATE_LIMITS: dict[str, str] = {
    "login": "120/m/ip",
    "login_failed": "40/m/ip,5/300s/key",
    "signup": "60/m/ip",
}

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
